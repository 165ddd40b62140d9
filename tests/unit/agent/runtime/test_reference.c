/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>

#include "agent/runtime/image.h"
#include "agent/runtime/registry_host.h"
#include "base/mem.h"
#include "base/str.h"

#define HEX "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"

static void short_names_mean_what_docker_means(void **state)
{
	static const char *const rows[][2] = {
		{ "busybox", "docker.io/library/busybox:latest" },
		{ "busybox:1.36", "docker.io/library/busybox:1.36" },
		{ "library/busybox", "docker.io/library/busybox:latest" },
		{ "user/app:v1", "docker.io/user/app:v1" },
		{ "index.docker.io/busybox", "docker.io/library/busybox:latest" },
		{ "registry.k8s.io/pause:3.10", "registry.k8s.io/pause:3.10" },
		{ "localhost/app", "localhost/app:latest" },
		{ "localhost:5000/app", "localhost:5000/app:latest" },
		{ "[::1]:5000/a/b/c:x", "[::1]:5000/a/b/c:x" },
		{ "host.example/a__b/c-d--e.f:T_1", "host.example/a__b/c-d--e.f:T_1" },
		{ "Host.example/a", "Host.example/a:latest" },
		{ "busybox@sha256:" HEX, "docker.io/library/busybox@sha256:" HEX },
		{ "busybox:1@sha256:" HEX, "docker.io/library/busybox@sha256:" HEX },
	};
	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		char *text = NULL;
		assert_int_equal(image_normalize(rows[i][0], &text, NULL), 0);
		assert_string_equal(text, rows[i][1]);
		free(text);
	}
}

static void what_is_no_reference_is_refused(void **state)
{
	static const char *const rows[] = {
		"",
		"UPPER",
		"a/UPPER",
		"busybox:",
		"busybox:a b",
		":1",
		"/busybox",
		"busybox/",
		"a//b",
		"a..b",
		"-a",
		"a-",
		"a___b",
		"busybox@",
		"busybox@sha256:abc",
		("busybox@md5:" HEX),
		"host:99999/a",
		"http://host/a",
		"[zz]:1/a",
		"a:-x",
		"a\nb",
		"../../etc/passwd",
		"host.example/../x",
	};
	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		auto_err err = { 0 };
		char *text = NULL;
		if (image_normalize(rows[i], &text, &err) == 0)
			fail_msg("\"%s\" was taken for %s", rows[i], text);
		assert_int_equal(err.reason, ERR_BAD_REQUEST);
	}
}

static void capitals_are_explained(void **state)
{
	auto_err err = { 0 };
	char *text = NULL;
	(void)state;
	assert_true(image_normalize("UPPER", &text, &err) < 0);
	assert_string_equal(err_text(&err), "couldn't parse image name \"UPPER\": invalid "
					    "reference format: repository name must be lowercase");
}

static void plain_http_is_for_this_machine_only(void **state)
{
	static const char *const rows[][2] = {
		{ "docker.io", "https://registry-1.docker.io" },
		{ "localhost:5000", "http://localhost:5000" },
		{ "127.0.0.1:5000", "http://127.0.0.1:5000" },
		{ "127.1.2.3", "http://127.1.2.3" },
		{ "[::1]:5000", "http://[::1]:5000" },
		{ "127.evil.example", "https://127.evil.example" },
		{ "localhost.evil.example", "https://localhost.evil.example" },
		{ "127.0.0.1.evil.example", "https://127.0.0.1.evil.example" },
	};
	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		char url[300];
		registry_base_url(rows[i][0], url, sizeof(url));
		assert_string_equal(url, rows[i][1]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(short_names_mean_what_docker_means),
		cmocka_unit_test(what_is_no_reference_is_refused),
		cmocka_unit_test(capitals_are_explained),
		cmocka_unit_test(plain_http_is_for_this_machine_only),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "agent/runtime/registries.h"
#include "base/buf.h"
#include "base/file.h"
#include "base/mem.h"

static char file[] = "/var/tmp/allinone-registries-XXXXXX";

static void write_file(const char *text)
{
	FILE *f = fopen(file, "w");
	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}

/* "URL PATH[ ns=…][ as USER:PASSWORD][ token=…][ ca=…][ insecure]" of each, one a line. */
static char *endpoints(const char *image, bool mirrors_only)
{
	struct registries_config c = { file, mirrors_only };
	struct registry_endpoint *list = NULL;
	struct image_ref ref;
	struct buf out = { 0 };
	auto_err err = { 0 };
	size_t n = 0;
	assert_int_equal(image_ref_parse(image, &ref, &err), 0);
	assert_int_equal(registries_endpoints(&c, &ref, &list, &n, &err), 0);
	for (size_t i = 0; i < n; i++) {
		const struct registry_endpoint *e = &list[i];
		buf_printf(&out, "%s %s", e->url, e->path);
		if (e->meant)
			buf_printf(&out, " ns=%s", e->meant);
		if (e->username)
			buf_printf(&out, " as %s:%s", e->username, e->password);
		if (e->identity_token)
			buf_printf(&out, " token=%s", e->identity_token);
		if (e->ca_file)
			buf_printf(&out, " ca=%s", e->ca_file);
		buf_puts(&out, e->insecure ? " insecure\n" : "\n");
	}
	registries_endpoints_free(list, n);
	return buf_take(&out);
}

static void asks(const char *image, const char *want)
{
	auto_free char *got = endpoints(image, false);
	assert_string_equal(got, want);
}

static void without_a_file_a_name_means_its_registry(void **state)
{
	(void)state;
	unlink(file);
	asks("busybox", "https://registry-1.docker.io/v2 library/busybox\n");
	asks("localhost:5000/a", "http://localhost:5000/v2 a\n");
	assert_int_equal(registries_check(file, NULL), 0);
	assert_int_equal(registries_check(NULL, NULL), 0);
}

static void mirrors_come_first_and_are_told_what_is_meant(void **state)
{
	(void)state;
	write_file("mirrors:\n"
		   "  docker.io:\n"
		   "    endpoint: [\"https://m1.example.com:5000\", m2.example.com, "
		   "\"http://m3.example.com/v2/hub\", \"localhost:5001\"]\n");
	asks("busybox", "https://m1.example.com:5000/v2 library/busybox ns=docker.io\n"
			"https://m2.example.com/v2 library/busybox ns=docker.io\n"
			"http://m3.example.com/v2/hub library/busybox ns=docker.io\n"
			"http://localhost:5001/v2 library/busybox ns=docker.io\n"
			"https://registry-1.docker.io/v2 library/busybox\n");
	asks("quay.io/a/b", "https://quay.io/v2 a/b\n");
	auto_free char *only = endpoints("quay.io/a/b", true);
	assert_string_equal(only, "https://quay.io/v2 a/b\n");
	auto_free char *mirrors = endpoints("busybox", true);
	assert_null(strstr(mirrors, "registry-1"));
}

static void a_star_is_for_registries_without_an_entry(void **state)
{
	(void)state;
	write_file("mirrors:\n"
		   "  \"*\": {endpoint: [\"https://all.example.com\"]}\n"
		   "  quay.io: {endpoint: [\"https://quay.io\"]}\n"
		   "configs: {\"*\": {tls: {insecure_skip_verify: true}}}\n");
	asks("gcr.io/a",
	     "https://all.example.com/v2 a ns=gcr.io insecure\nhttps://gcr.io/v2 a insecure\n");
	asks("quay.io/a", "https://quay.io/v2 a ns=quay.io insecure\n");
}

static void rewrites_are_for_mirrors(void **state)
{
	(void)state;
	write_file("mirrors:\n"
		   "  docker.io:\n"
		   "    endpoint: [\"https://m.example.com\"]\n"
		   "    rewrite:\n"
		   "      \"^library/(.*)\": \"hub/${1}/copy\"\n"
		   "      \"^rancher/(?P<name>.*)$\": \"mirror/$name\"\n");
	asks("busybox", "https://m.example.com/v2 hub/busybox/copy ns=docker.io\n"
			"https://registry-1.docker.io/v2 library/busybox\n");
	asks("rancher/k3s", "https://m.example.com/v2 mirror/k3s ns=docker.io\n"
			    "https://registry-1.docker.io/v2 rancher/k3s\n");
	asks("other/x", "https://m.example.com/v2 other/x ns=docker.io\n"
			"https://registry-1.docker.io/v2 other/x\n");
}

static void credentials_belong_to_a_host(void **state)
{
	(void)state;
	write_file("mirrors: {docker.io: {endpoint: [\"https://m.example.com:5000\"]}}\n"
		   "configs:\n"
		   "  \"m.example.com:5000\":\n"
		   "    auth: {username: jane, password: secret}\n"
		   "    tls: {ca_file: /ca.pem}\n"
		   "  registry-1.docker.io: {auth: {auth: \"YTpiOmM=\"}}\n"
		   "  ghcr.io: {auth: {identity_token: t}}\n");
	asks("busybox", "https://m.example.com:5000/v2 library/busybox ns=docker.io as jane:secret "
			"ca=/ca.pem\n"
			"https://registry-1.docker.io/v2 library/busybox as a:b:c\n");
	asks("ghcr.io/a", "https://ghcr.io/v2 a token=t\n");
}

static void what_can_not_be_meant_is_named(void **state)
{
	static const char *const rows[][2] = {
		{ "mirror: {}", "unknown field mirror" },
		{ "mirrors: []", "mirrors: has to be a map" },
		{ "mirrors: {a.io: {endpoints: []}}", "mirrors.\"a.io\": unknown field endpoints" },
		{ "mirrors: {a.io: {endpoint: x}}",
		  "mirrors.\"a.io\".endpoint: has to be a list of texts" },
		{ "mirrors: {a.io: {rewrite: {\"(\": x}}}",
		  "mirrors.\"a.io\".rewrite: error parsing regexp: missing closing ): `(`" },
		{ "configs: {a.io: {auth: {user: x}}}",
		  "configs.\"a.io\".auth: unknown field user" },
		{ "configs: {a.io: {tls: {insecure_skip_verify: 1}}}",
		  "configs.\"a.io\".tls.insecure_skip_verify: has to be true or false" },
		{ "configs: {a.io: {token: x}}", "configs.\"a.io\": unknown field token" },
	};
	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		auto_err err = { 0 };
		write_file(rows[i][0]);
		assert_int_equal(registries_check(file, &err), -ERR_INVALID);
		auto_free char *want = str_printf("%s: %s", file, rows[i][1]);
		assert_string_equal(err_text(&err), want);
	}
}

static int make(void **state)
{
	(void)state;
	int fd = mkstemp(file);
	return fd < 0 ? -1 : close(fd);
}

static int drop(void **state)
{
	(void)state;
	unlink(file);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(without_a_file_a_name_means_its_registry),
		cmocka_unit_test(mirrors_come_first_and_are_told_what_is_meant),
		cmocka_unit_test(a_star_is_for_registries_without_an_entry),
		cmocka_unit_test(rewrites_are_for_mirrors),
		cmocka_unit_test(credentials_belong_to_a_host),
		cmocka_unit_test(what_can_not_be_meant_is_named),
	};
	return cmocka_run_group_tests(tests, make, drop);
}

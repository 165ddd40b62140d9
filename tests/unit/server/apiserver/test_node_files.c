/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/unit.h"

#include <stdio.h>

#include "base/file.h"
#include "base/mem.h"
#include "server/apiserver/apiserver.h"
#include "server/apiserver/server.h"

#define NOW 1767225600ll
#define DAY 86400

static char dir[64];
static const char *const names[] = { "localhost", NULL };

static void count(void *ctx)
{
	++*(int *)ctx;
}

static int64_t serving_ends(const struct apiserver_node_files *paths)
{
	auto_buf pem = { 0 };
	struct cert_facts f;
	assert_int_equal(file_read(paths->serving_cert, 1u << 16, &pem, NULL), 0);
	assert_int_equal(cert_facts_of(buf_view(&pem), &f, NULL), 0);
	return f.not_after_s;
}

static void a_serving_certificate_is_renewed_while_running_and_its_owner_told(void **state)
{
	(void)state;
	int told = 0;
	struct clock_fake clock;
	struct apiserver s = { .data_dir = dir, .clock = &clock.clock };
	struct apiserver_node_files paths;
	const struct apiserver_node_renewal renewal = { count, &told };
	clock_fake_init(&clock, NOW * 1000000ll);
	assert_int_equal(pki_open(&s.pki, dir, names, NOW, NULL), 0);
	assert_int_equal(apiserver_issue_node(&s, "n1", &renewal, &paths, NULL), 0);
	assert_int_equal(serving_ends(&paths), NOW + 365 * DAY);
	clock_fake_init(&clock, (NOW + 100 * DAY) * 1000000ll);
	assert_int_equal(node_files_renew(&s, NULL), 0);
	assert_int_equal(told, 0);
	clock_fake_init(&clock, (NOW + 300 * DAY) * 1000000ll);
	assert_int_equal(node_files_renew(&s, NULL), 0);
	assert_int_equal(told, 1);
	assert_int_equal(serving_ends(&paths), NOW + (300 + 365) * DAY);
	assert_int_equal(node_files_renew(&s, NULL), 0);
	assert_int_equal(told, 1);
	node_files_free(s.node_files);
	pki_close(&s.pki);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_serving_certificate_is_renewed_while_running_and_its_owner_told),
	};
	snprintf(dir, sizeof(dir), "/tmp/allinone-node-files-XXXXXX");
	if (!mkdtemp(dir))
		return 1;
	int r = cmocka_run_group_tests(tests, NULL, NULL);
	dir_remove(dir, NULL);
	return r;
}

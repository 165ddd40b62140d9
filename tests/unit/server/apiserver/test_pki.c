/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/unit.h"

#include <stdio.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/mem.h"
#include "server/apiserver/pki/kubeconfig.h"
#include "server/apiserver/pki/layout.h"

#define NOW 1767225600
#define DAY 86400

static char dir[64];
static const char *const names[] = { "localhost", "10.0.0.1", "::1", NULL };

static int make_dir(void **state)
{
	(void)state;
	snprintf(dir, sizeof(dir), "/tmp/allinone-pki-XXXXXX");
	return mkdtemp(dir) ? 0 : -1;
}

static int drop_dir(void **state)
{
	(void)state;
	return dir_remove(dir, NULL);
}

static void open_at(struct pki *p, const char *const *wanted, int64_t now)
{
	*p = (struct pki){ 0 };
	assert_int_equal(pki_open(p, dir, wanted, now, NULL), 0);
}

static bool same(const struct buf *a, const struct buf *b)
{
	return str_eq(buf_view(a), buf_view(b));
}

static void a_second_start_changes_nothing(void **state)
{
	(void)state;
	struct pki a, b;
	open_at(&a, names, NOW);
	open_at(&b, names, NOW + 100 * DAY);
	for (int i = 0; i < CA_COUNT; i++)
		assert_true(same(&a.ca[i].pem, &b.ca[i].pem));
	for (int i = 0; i < LEAF_COUNT; i++)
		assert_true(same(&a.leaf[i].cert, &b.leaf[i].cert));
	assert_true(same(&a.service_key, &b.service_key));
	pki_close(&a);
	pki_close(&b);
}

static void old_certificates_are_renewed_under_the_same_authority(void **state)
{
	(void)state;
	struct pki a, b;
	open_at(&a, names, NOW);
	open_at(&b, names, NOW + 300 * DAY); /* of 365: less than a third is left */
	assert_true(same(&a.ca[CA_SERVER].pem, &b.ca[CA_SERVER].pem));
	assert_false(same(&a.leaf[LEAF_SERVING].cert, &b.leaf[LEAF_SERVING].cert));
	struct cert_facts f;
	assert_int_equal(cert_facts_of(buf_view(&b.leaf[LEAF_ADMIN].cert), &f, NULL), 0);
	assert_int_equal(f.not_after_s, NOW + (300 + 365) * DAY);
	pki_close(&a);
	pki_close(&b);
}

static void a_new_name_renews_the_serving_certificate_only(void **state)
{
	(void)state;
	static const char *const more[] = { "localhost", "10.0.0.1", "::1", "new.example", NULL };
	struct pki a, b;
	open_at(&a, names, NOW);
	open_at(&b, more, NOW);
	assert_false(same(&a.leaf[LEAF_SERVING].cert, &b.leaf[LEAF_SERVING].cert));
	assert_true(same(&a.leaf[LEAF_ADMIN].cert, &b.leaf[LEAF_ADMIN].cert));
	assert_false(cert_needs_renewal(buf_view(&b.leaf[LEAF_SERVING].cert), &b.ca[CA_SERVER],
					more, NOW));
	assert_true(cert_needs_renewal(buf_view(&b.leaf[LEAF_SERVING].cert), &b.ca[CA_CLIENT], more,
				       NOW)); /* another authority */
	pki_close(&a);
	pki_close(&b);
}

static void a_damaged_authority_is_never_replaced(void **state)
{
	(void)state;
	struct pki a, b = { 0 };
	auto_err err = { 0 };
	open_at(&a, names, NOW);
	auto_free char *path = str_printf("%s/server/tls/server-ca.key", dir);
	assert_int_equal(unlink(path), 0);
	assert_true(pki_open(&b, dir, names, NOW, &err) < 0);
	assert_non_null(strstr(err.text, "server-ca"));
	assert_false(file_exists(path));
	pki_close(&a);
	pki_close(&b);
}

static void private_keys_are_readable_by_their_owner_only(void **state)
{
	(void)state;
	struct pki a;
	struct stat st;
	open_at(&a, names, NOW);
	static const char *const files[] = { "server-ca.key", "client-admin.key", "service.key",
					     "serving-kube-apiserver.key" };
	for (size_t i = 0; i < COUNT_OF(files); i++) {
		auto_free char *path = str_printf("%s/server/tls/%s", dir, files[i]);
		assert_int_equal(stat(path, &st), 0);
		assert_int_equal(st.st_mode & 0777, 0600);
	}
	auto_free char *config = str_printf("%s/x/config", dir);
	assert_int_equal(kubeconfig_write(config, 0600, "https://127.0.0.1:6443",
					  buf_view(&a.ca[CA_SERVER].pem), &a.leaf[LEAF_ADMIN],
					  NULL),
			 0);
	assert_int_equal(stat(config, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	pki_close(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_second_start_changes_nothing, make_dir, drop_dir),
		cmocka_unit_test_setup_teardown(
			old_certificates_are_renewed_under_the_same_authority, make_dir, drop_dir),
		cmocka_unit_test_setup_teardown(a_new_name_renews_the_serving_certificate_only,
						make_dir, drop_dir),
		cmocka_unit_test_setup_teardown(a_damaged_authority_is_never_replaced, make_dir,
						drop_dir),
		cmocka_unit_test_setup_teardown(private_keys_are_readable_by_their_owner_only,
						make_dir, drop_dir),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/unit.h"

#include "base/mem.h"
#include "generated/api_tables.h"
#include "server/controllers/manifests/manifest_record.h"

static struct manifest of(const char *api_version, const char *kind, const char *ns,
			  const char *name)
{
	return (struct manifest){ .api_version = str_from(api_version),
				  .kind = str_from(kind),
				  .ns = str_from(ns),
				  .name = str_from(name) };
}

static void a_record_comes_back_as_it_was_written(void **state)
{
	struct manifest_record r = { .source = STR("sub/Web App.yaml"), .checksum = STR("abc") },
			       back;
	struct manifest a = of("apps/v1", "Deployment", "default", "web"),
			b = of("v1", "Namespace", "", "n");
	auto_buf json = { 0 };
	struct object *o;

	(void)state;
	manifest_record_add(&r, &a);
	manifest_record_add(&r, &b);
	manifest_record_add(&r, &a);
	assert_int_equal(r.n, 2);
	manifest_record_json(&r, &json);
	auto_free char *served = str_printf("%.*s\"resourceVersion\":\"1\",%s",
					    (int)(strstr(json.p, "\"name\":") - json.p), json.p,
					    strstr(json.p, "\"name\":"));
	assert_int_equal(object_from_served(API_CORE_V1_CONFIGMAPS, str_from(served), &o, NULL), 0);
	assert_true(manifest_record_is(o));
	assert_int_equal(manifest_record_read(o, &back, NULL), 0);
	assert_true(str_eqz(back.source, "sub/Web App.yaml"));
	assert_true(str_eqz(back.checksum, "abc"));
	assert_int_equal(back.n, 2);
	assert_true(manifest_same(&back.items[0], &a));
	assert_true(manifest_same(&back.items[1], &b));
	manifest_record_free(&back);
	manifest_record_free(&r);
	object_unref(o);
}

static void the_version_and_a_namespace_left_out_make_no_other_object(void **state)
{
	struct manifest a = of("apps/v1", "Deployment", "default", "web"),
			b = of("apps/v1beta1", "Deployment", "", "web"),
			c = of("v1", "Deployment", "default", "web"),
			d = of("apps/v1", "Deployment", "other", "web");

	(void)state;
	assert_true(manifest_same(&a, &b));
	assert_false(manifest_same(&a, &c));
	assert_false(manifest_same(&a, &d));
}

static void names_are_of_the_path_and_differ_where_it_does(void **state)
{
	auto_buf a = { 0 }, b = { 0 };

	(void)state;
	manifest_record_name(STR("sub/A.yaml"), &a);
	manifest_record_name(STR("sub-a.yaml"), &b);
	assert_true(str_starts(buf_view(&a), STR("manifest-sub-a-yaml-")));
	assert_true(str_starts(buf_view(&b), STR("manifest-sub-a-yaml-")));
	assert_string_not_equal(a.p, b.p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_record_comes_back_as_it_was_written),
		cmocka_unit_test(the_version_and_a_namespace_left_out_make_no_other_object),
		cmocka_unit_test(names_are_of_the_path_and_differ_where_it_does),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

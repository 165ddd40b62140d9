/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/unit.h"

#include "base/mem.h"
#include "server/apiserver/media.h"

static struct media accepted(const char *accept)
{
	struct media m = { .format = (enum media_format)99 };
	assert_int_equal(media_negotiate(str_from(accept), true, false, &m, NULL), 0);
	return m;
}

static void json_is_what_one_gets_without_asking(void **state)
{
	(void)state;
	assert_int_equal(accepted("").format, MEDIA_JSON);
	assert_int_equal(accepted("*/*").format, MEDIA_JSON);
	assert_int_equal(accepted("application/*").format, MEDIA_JSON);
}

static void the_first_that_fits_wins_unless_q_says_otherwise(void **state)
{
	(void)state;
	assert_int_equal(accepted("application/vnd.kubernetes.protobuf,application/json").format,
			 MEDIA_PROTOBUF);
	assert_int_equal(accepted("application/json;q=0.5,application/yaml;q=0.8").format,
			 MEDIA_YAML);
	assert_int_equal(accepted("text/html,application/yaml").format, MEDIA_YAML);
}

static void kubectl_gets_its_table(void **state)
{
	(void)state;
	struct media m = accepted("application/json;as=Table;v=v1;g=meta.k8s.io,application/"
				  "json;as=Table;v=v1beta1;g=meta.k8s.io,application/json");
	assert_int_equal(m.shape, SHAPE_TABLE);
	assert_string_equal(m.shape_version, "v1");
}

static void an_unknown_conversion_falls_through_to_the_next_clause(void **state)
{
	(void)state;
	struct media m = accepted("application/json;as=Chair;v=v1;g=meta.k8s.io,application/json");
	assert_int_equal(m.shape, SHAPE_OBJECT);
	m = accepted("application/vnd.kubernetes.protobuf;as=Table;v=v1;g=meta.k8s.io,application/"
		     "json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io");
	assert_int_equal(m.format, MEDIA_JSON);
	assert_int_equal(m.shape, SHAPE_METADATA);
}

static void nothing_acceptable_is_said_with_the_list(void **state)
{
	(void)state;
	auto_err err = { 0 };
	struct media m;
	assert_int_equal(media_negotiate(STR("text/html"), true, false, &m, &err),
			 -ERR_NOT_ACCEPTABLE);
	assert_string_equal(err.text, MEDIA_NOT_ACCEPTABLE);
	assert_int_equal(media_negotiate(STR("application/yaml"), true, true, &m, NULL),
			 -ERR_NOT_ACCEPTABLE); /* no stream of YAML */
}

static void gzip_is_taken_only_when_offered(void **state)
{
	(void)state;
	assert_true(media_accepts_gzip(STR("deflate, gzip")));
	assert_true(media_accepts_gzip(STR("gzip;q=0.5")));
	assert_false(media_accepts_gzip(STR("gzip;q=0")));
	assert_false(media_accepts_gzip(STR("br")));
	assert_false(media_accepts_gzip(STR("")));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(json_is_what_one_gets_without_asking),
		cmocka_unit_test(the_first_that_fits_wins_unless_q_says_otherwise),
		cmocka_unit_test(kubectl_gets_its_table),
		cmocka_unit_test(an_unknown_conversion_falls_through_to_the_next_clause),
		cmocka_unit_test(nothing_acceptable_is_said_with_the_list),
		cmocka_unit_test(gzip_is_taken_only_when_offered),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

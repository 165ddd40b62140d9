/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/unit.h"

#include "api/values/duration.h"
#include "api/values/int_or_string.h"
#include "api/values/quantity.h"
#include "base/mem.h"
#include "tests/unit/api/trees.h"

static void assert_normal(const char *text, const char *want)
{
	auto_buf out = { 0 };
	assert_int_equal(quantity_normalize(str_from(text), &out, NULL), 0);
	assert_string_equal(out.p, want);
}

static struct quantity q(const char *text)
{
	struct quantity out;
	assert_int_equal(quantity_parse(str_from(text), &out, NULL), 0);
	return out;
}

static void text_is_served_as_upstream_serves_it(void **state)
{
	static const char *const rows[][2] = {
		{ "0", "0" },         { "100m", "100m" },
		{ "0.1", "100m" },    { "1.5", "1500m" },
		{ "1500m", "1500m" }, { "2000m", "2" },
		{ "1000k", "1M" },    { "1Gi", "1Gi" },
		{ "1024Mi", "1Gi" },  { "1.5Gi", "1536Mi" },
		{ "1e3", "1e3" },     { "12e6", "12e6" },
		{ "1000e3", "1e6" },  { "0.5Ki", "512" },
		{ "1023", "1023" },   { "-1", "-1" },
		{ "1E", "1E" },       { "1n", "1n" },
		{ "0.5n", "1n" },     { "100000m", "100" },
		{ "512Ki", "512Ki" }, { "8Ei", "9223372036854775807" },
		{ "1100", "1100" },   { "1.1Ki", "1126400m" },
	};
	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++)
		assert_normal(rows[i][0], rows[i][1]);
}

static void what_is_no_quantity_is_refused_in_upstreams_words(void **state)
{
	static const char *const bad[] = { "", "1.2.3", "1 Gi", "--1", "1Mi1", "abc" };
	struct quantity out;
	(void)state;
	for (size_t i = 0; i < COUNT_OF(bad); i++) {
		auto_err err = { 0 };
		assert_true(quantity_parse(str_from(bad[i]), &out, &err) < 0);
		assert_non_null(strstr(err_text(&err), "quantit"));
	}
	auto_err err = { 0 };
	assert_true(quantity_parse(STR("1mi"), &out, &err) < 0);
	assert_string_equal(err_text(&err), "unable to parse quantity's suffix");
}

static void values_round_up(void **state)
{
	(void)state;
	assert_int_equal(quantity_i64(q("100m")), 1);
	assert_int_equal(quantity_milli(q("0.1")), 100);
	assert_int_equal(quantity_i64(q("-1500m")), -2);
	assert_int_equal(quantity_i64(q("64Gi")), 64LL << 30);
	assert_int_equal(quantity_i64(q("100E")), INT64_MAX);
}

static void sums_are_exact_and_keep_the_first_format(void **state)
{
	char text[QUANTITY_TEXT_MAX];
	(void)state;
	quantity_text(quantity_add(q("1Gi"), q("512Mi")), text);
	assert_string_equal(text, "1536Mi");
	quantity_text(quantity_add(q("100m"), q("0.9")), text);
	assert_string_equal(text, "1");
	quantity_text(quantity_sub(q("1"), q("250m")), text);
	assert_string_equal(text, "750m");
	assert_true(quantity_cmp(q("1Ki"), q("1k")) > 0);
	assert_int_equal(quantity_cmp(q("1000m"), q("1")), 0);
}

static void percentages_scale_up_or_down(void **state)
{
	int out;
	struct int_or_string v = { .is_text = true, .text = STR("25%") };
	(void)state;
	assert_int_equal(int_or_string_scaled(v, 10, true, &out, NULL), 0);
	assert_int_equal(out, 3);
	assert_int_equal(int_or_string_scaled(v, 10, false, &out, NULL), 0);
	assert_int_equal(out, 2);
	v.text = STR("x");
	assert_true(int_or_string_scaled(v, 10, true, &out, NULL) < 0);
}

static void durations_read_and_write_as_go(void **state)
{
	static const struct {
		const char *text;
		int64_t ns;
		const char *out;
	} rows[] = {
		{ "1h30m", 5400LL * 1000000000, "1h30m0s" },
		{ "1.5s", 1500000000, "1.5s" },
		{ "100ms", 100000000, "100ms" },
		{ "0", 0, "0s" },
		{ "-2m", -120LL * 1000000000, "-2m0s" },
	};
	char out[DURATION_TEXT_MAX];
	int64_t ns;
	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		assert_true(duration_parse(str_from(rows[i].text), &ns));
		assert_int_equal(ns, rows[i].ns);
		duration_text(ns, out);
		assert_string_equal(out, rows[i].out);
	}
	assert_false(duration_parse(STR("1"), &ns));
	assert_false(duration_parse(STR("1x"), &ns));
	assert_false(duration_parse(STR(""), &ns));
}

static void ages_are_short_for_people(void **state)
{
	static const struct {
		int64_t s;
		const char *text;
	} rows[] = { { 0, "0s" },
		     { 119, "119s" },
		     { 120, "2m" },
		     { 125, "2m5s" },
		     { 600, "10m" },
		     { 3 * 3600, "3h" },
		     { 3 * 3600 + 60, "3h1m" },
		     { 9 * 3600, "9h" },
		     { 50 * 3600, "2d2h" },
		     { 9 * 86400, "9d" },
		     { 800LL * 86400, "2y70d" },
		     { 4000LL * 86400, "10y" },
		     { -5, "<invalid>" } };
	char out[DURATION_TEXT_MAX];
	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		duration_human(rows[i].s, out);
		assert_string_equal(out, rows[i].text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(text_is_served_as_upstream_serves_it),
		cmocka_unit_test(what_is_no_quantity_is_refused_in_upstreams_words),
		cmocka_unit_test(values_round_up),
		cmocka_unit_test(sums_are_exact_and_keep_the_first_format),
		cmocka_unit_test(percentages_scale_up_or_down),
		cmocka_unit_test(durations_read_and_write_as_go),
		cmocka_unit_test(ages_are_short_for_people),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

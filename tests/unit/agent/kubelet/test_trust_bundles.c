/* SPDX-License-Identifier: Apache-2.0 */
#include "claim.h"

#include "agent/kubelet/volumes/trust_bundles.h"

#define ONE "-----BEGIN CERTIFICATE-----\nAQID\n-----END CERTIFICATE-----\n"
#define TWO "-----BEGIN CERTIFICATE-----\nBAUG\n-----END CERTIFICATE-----\n"

static void anchors_are_joined_each_once_without_what_is_between(void **state)
{
	(void)state;
	auto_arena a = { 0 };
	const struct str texts[] = { STR("words\n" TWO "more words\n" ONE), STR(ONE) };
	struct str all = trust_anchors_join(texts, COUNT_OF(texts), &a);
	assert_string_equal(arena_strdup(&a, all), ONE TWO);
}

static void the_order_does_not_depend_on_the_bundles(void **state)
{
	(void)state;
	auto_arena a = { 0 };
	const struct str texts[] = { STR(ONE), STR(TWO) }, back[] = { STR(TWO), STR(ONE) };
	assert_true(str_eq(trust_anchors_join(texts, 2, &a), trust_anchors_join(back, 2, &a)));
}

static void no_anchors_are_an_empty_file(void **state)
{
	(void)state;
	auto_arena a = { 0 };
	struct str all = trust_anchors_join(NULL, 0, &a);
	assert_non_null(all.p);
	assert_int_equal(all.n, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(anchors_are_joined_each_once_without_what_is_between),
		cmocka_unit_test(the_order_does_not_depend_on_the_bundles),
		cmocka_unit_test(no_anchors_are_an_empty_file),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

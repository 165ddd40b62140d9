/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/unit.h"

#include "agent/network/service_claims.h"

static const struct ip one = { AF_INET, { 192, 0, 2, 1 } }, two = { AF_INET, { 192, 0, 2, 2 } };

static void the_first_has_an_address_until_it_lets_go(void **state)
{
	struct service_claims c = { 0 };
	(void)state;
	service_claims_begin(&c, STR("d/a"));
	assert_true(service_claims_take(&c, &one, 6, 80));
	assert_true(service_claims_take(&c, &two, 6, 80));
	assert_false(service_claims_end(&c));
	service_claims_begin(&c, STR("d/b"));
	assert_false(service_claims_take(&c, &one, 6, 80));
	assert_true(service_claims_take(&c, &one, 17, 80));
	assert_true(service_claims_take(&c, &one, 6, 81));
	assert_false(service_claims_end(&c));
	assert_non_null(map_get(&c.waiting, STR("d/b")));

	service_claims_begin(&c, STR("d/a"));
	assert_true(service_claims_take(&c, &two, 6, 80));
	assert_true(service_claims_end(&c)); /* somebody waits */
	map_free(&c.waiting, NULL);
	service_claims_begin(&c, STR("d/b"));
	assert_true(service_claims_take(&c, &one, 6, 80));
	assert_false(service_claims_end(&c));
	service_claims_free(&c);
}

static void what_is_claimed_again_stays(void **state)
{
	struct service_claims c = { 0 };
	(void)state;
	for (int i = 0; i < 3; i++) {
		service_claims_begin(&c, STR("d/a"));
		assert_true(service_claims_take(&c, &one, 6, 80));
		assert_true(service_claims_take(&c, &one, 6, 80)); /* named twice */
		assert_false(service_claims_end(&c));
	}
	service_claims_free(&c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_first_has_an_address_until_it_lets_go),
		cmocka_unit_test(what_is_claimed_again_stays),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/unit.h"

#include "base/mem.h"
#include "base/sort.h"

static size_t looks;

static int by_number(const void *a, const void *b)
{
	const int *x = a, *y = b;
	looks++;
	return (*x > *y) - (*x < *y);
}

static void anything_comes_into_order(void **state)
{
	int n[64];
	unsigned x = 1;
	(void)state;
	for (size_t size = 0; size <= COUNT_OF(n); size++) {
		for (size_t i = 0; i < size; i++)
			n[i] = (int)((x = x * 1103515245 + 12345) >> 16 & 31);
		sort_mostly(n, size, sizeof(*n), by_number);
		for (size_t i = 1; i < size; i++)
			assert_true(n[i - 1] <= n[i]);
	}
}

static void what_is_in_order_is_looked_at_once(void **state)
{
	int n[] = { 1, 2, 2, 3, 9, 11 };
	(void)state;
	looks = 0;
	sort_mostly(n, COUNT_OF(n), sizeof(*n), by_number);
	assert_int_equal(looks, COUNT_OF(n) - 1);
	looks = 0;
	sort_mostly(NULL, 0, sizeof(*n), by_number);
	sort_mostly(n, 1, sizeof(*n), by_number);
	assert_int_equal(looks, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(anything_comes_into_order),
		cmocka_unit_test(what_is_in_order_is_looked_at_once),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

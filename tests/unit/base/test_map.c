/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/unit.h"

#include <stdio.h>

#include "base/map.h"
#include "base/mem.h"

static struct str key(char text[16], unsigned i)
{
	return str_of(text, (size_t)snprintf(text, 16, "k%u", i));
}

/* A reference model: which of 512 keys are in, under a fixed sequence of puts and deletes. */
static void behaves_like_a_set_under_random_puts_and_deletes(void **state)
{
	(void)state;
	struct map m = { 0 };
	bool in[512] = { false };
	char text[16];
	size_t count = 0;
	uint32_t x = 12345;
	for (int round = 0; round < 20000; round++) {
		x = x * 1664525u + 1013904223u;
		unsigned i = x >> 8 & 511;
		if (x >> 31) {
			void *old = map_put(&m, key(text, i), &in[i]);
			assert_int_equal(old != NULL, in[i]);
			count += !in[i];
			in[i] = true;
		} else {
			void *old = map_del(&m, key(text, i));
			assert_int_equal(old != NULL, in[i]);
			count -= in[i];
			in[i] = false;
		}
		assert_int_equal(m.count, count);
	}
	for (unsigned i = 0; i < 512; i++)
		assert_ptr_equal(map_get(&m, key(text, i)), in[i] ? &in[i] : NULL);
	map_free(&m, NULL);
}

static void iteration_meets_each_entry_once(void **state)
{
	(void)state;
	struct map m = { 0 };
	char text[16];
	int values[100], seen = 0;
	for (unsigned i = 0; i < 100; i++)
		map_put(&m, key(text, i), &values[i]);
	size_t at = 0;
	bool met[100] = { false };
	for (struct map_entry *e; (e = map_next(&m, &at)); seen++) {
		size_t i = (size_t)((int *)e->value - values);
		assert_false(met[i]);
		met[i] = true;
	}
	assert_int_equal(seen, 100);
	map_free(&m, NULL);
}

static void empty_map_answers_without_memory(void **state)
{
	(void)state;
	struct map m = { 0 };
	size_t at = 0;
	assert_null(map_get(&m, STR("x")));
	assert_null(map_del(&m, STR("x")));
	assert_null(map_next(&m, &at));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(behaves_like_a_set_under_random_puts_and_deletes),
		cmocka_unit_test(iteration_meets_each_entry_once),
		cmocka_unit_test(empty_map_answers_without_memory),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

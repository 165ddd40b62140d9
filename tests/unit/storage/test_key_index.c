/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/unit.h"

#include <stdio.h>

#include "base/encode.h"
#include "base/mem.h"
#include "storage/etcd/key_index.h"

static struct key_hash hash_of(struct key_index *x, int i)
{
	char key[32];

	snprintf(key, sizeof(key), "/registry/pods/ns/%d", i);
	return key_index_hash(x, str_from(key));
}

static void it_agrees_with_a_plain_array_under_random_changes(void **state)
{
	struct key_index x;
	int64_t model[500] = { 0 };
	size_t live = 0;

	(void)state;
	key_index_init(&x);
	for (int64_t step = 1; step < 50000; step++) {
		int i = (int)(rand_u64() % 500);

		if (rand_u64() % 3) {
			live += model[i] == 0;
			model[i] = step;
			key_index_set(&x, hash_of(&x, i), step, step * 2);
		} else {
			live -= model[i] != 0;
			model[i] = 0;
			key_index_del(&x, hash_of(&x, i));
		}
	}
	for (int i = 0; i < 500; i++) {
		const struct key_entry *e = key_index_get(&x, hash_of(&x, i));

		assert_int_equal(e ? e->mod : 0, model[i]);
		assert_int_equal(e ? e->create : 0, model[i] * 2);
	}
	assert_int_equal(x.count, live);
	key_index_free(&x);
}

static void keys_that_differ_in_one_byte_or_length_differ(void **state)
{
	struct key_index x;
	const char *keys[] = {
		"", "a", "b", "aa", "aaaaaaa", "aaaaaaaa", "aaaaaaaaa", "aaaaaaaab"
	};

	(void)state;
	key_index_init(&x);
	for (size_t i = 0; i < COUNT_OF(keys); i++)
		for (size_t k = 0; k < i; k++) {
			struct key_hash a = key_index_hash(&x, str_from(keys[i])),
					b = key_index_hash(&x, str_from(keys[k]));

			assert_true(a.lo != b.lo && a.hi != b.hi);
		}
	key_index_free(&x);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_agrees_with_a_plain_array_under_random_changes),
		cmocka_unit_test(keys_that_differ_in_one_byte_or_length_differ),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

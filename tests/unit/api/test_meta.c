/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/unit.h"

#include <string.h>

#include "api/object/meta.h"

static void copy_of_a_tree_is_equal_and_shares_nothing(void **state)
{
	static const char text[] = "{\"a\":{\"b\":[1,-2.5,true,false,null,\"x\\u0000y\",[],{}]},"
				   "\"c\":\"d\"}";
	json_t *tree = json_loads(text, JSON_ALLOW_NUL, NULL), *copy = tree_copy(tree);
	(void)state;
	assert_true(json_equal(tree, copy));
	json_t *list = tree_get(copy, "a", "b", NULL);
	assert_ptr_not_equal(list, tree_get(tree, "a", "b", NULL));
	json_array_clear(list);
	assert_int_equal(json_array_size(tree_get(tree, "a", "b", NULL)), 8);
	char *again = json_dumps(copy, JSON_COMPACT);
	assert_string_equal(again, "{\"a\":{\"b\":[]},\"c\":\"d\"}"); /* in the same order */
	free(again);
	json_decref(copy);
	json_decref(tree);
	assert_null(tree_copy(NULL));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(copy_of_a_tree_is_equal_and_shares_nothing),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

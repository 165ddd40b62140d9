/* SPDX-License-Identifier: Apache-2.0 */
/* Field sets of a client: two FieldsV1 divided by a zero byte. The algebra of sets holds, and what was written is read again as the same set. */
#include <stdlib.h>
#include <string.h>

#include "api/apply/fieldset.h"
#include "api/codec.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void check(bool holds)
{
	if (!holds)
		abort();
}

static const struct fieldset *parse(struct arena *a, struct str text, bool *ok)
{
	const struct fieldset *s = NULL;
	json_t *tree = NULL;
	*ok = api_json_parse(text, &tree, NULL, NULL) == 0 &&
	      fieldset_parse(a, tree, &s, NULL) == 0;
	json_decref(tree);
	return s;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	const uint8_t *zero = n ? memchr(data, 0, n) : NULL;
	auto_arena a = { 0 };
	auto_buf text = { 0 };
	bool ok = false, ok2 = false;
	if (!zero)
		return 0;
	size_t at = (size_t)(zero - data);
	const struct fieldset *x = parse(&a, str_of(data, at), &ok);
	const struct fieldset *y = parse(&a, str_of(zero + 1, n - at - 1), &ok2);
	if (!ok || !ok2)
		return 0;
	fieldset_write(x, &text);
	const struct fieldset *back = parse(&a, buf_view(&text), &ok);
	check(ok && fieldset_equal(x, back));

	const struct fieldset *all = fieldset_union(&a, x, y);
	const struct fieldset *both = fieldset_intersection(&a, x, y);
	const struct fieldset *only_x = fieldset_difference(&a, x, y);
	check(fieldset_equal(all, fieldset_union(&a, y, x)));
	check(fieldset_equal(both, fieldset_intersection(&a, y, x)));
	check(fieldset_equal(x, fieldset_union(&a, only_x, both)));
	check(fieldset_empty(fieldset_intersection(&a, only_x, y)));
	check(fieldset_count(all) + fieldset_count(both) == fieldset_count(x) + fieldset_count(y));
	check(fieldset_empty(fieldset_difference(&a, fieldset_subtract(&a, x, y), only_x)));
	return 0;
}

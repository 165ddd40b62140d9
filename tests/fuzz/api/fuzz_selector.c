/* SPDX-License-Identifier: Apache-2.0 */
/* Selectors of a client's query. The first byte chooses: label text, field text of a kind, a LabelSelector. What was read is written in a form
 * that is read again and written the same. */
#include <stdlib.h>

#include "api/codec.h"
#include "api/registry.h"
#include "api/selector/selector.h"
#include "generated/api_tables.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static const struct object_label labels[] = { { STR_INIT("app"), STR_INIT("web") },
					      { STR_INIT("n"), STR_INIT("10") } };

static void again(const struct selector *s)
{
	struct selector *copy = NULL;
	auto_buf first = { 0 }, second = { 0 };
	selector_format(s, &first);
	if (selector_parse_labels(buf_view(&first), &copy, NULL) < 0)
		abort();
	selector_format(copy, &second);
	if (!str_eq(buf_view(&first), buf_view(&second)) ||
	    selector_match_labels(s, labels, 2) != selector_match_labels(copy, labels, 2))
		abort();
	selector_free(copy);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct selector *s = NULL;
	auto_err err = { 0 };
	auto_buf out = { 0 };
	if (n == 0)
		return 0;
	struct str text = str_of(data + 1, n - 1);
	json_t *tree = NULL;
	switch (data[0] % 3) {
	case 0:
		if (selector_parse_labels(text, &s, &err) == 0)
			again(s);
		break;
	case 1:
		if (selector_parse_fields(&api_resources[data[0] / 3 % api_builtin_count], text, &s,
					  &err) == 0)
			selector_format(s, &out);
		break;
	default:
		if (api_json_parse(text, &tree, NULL, NULL) == 0 &&
		    selector_from_json(tree, &s, &err) == 0)
			selector_match_labels(s, labels, 2);
		json_decref(tree);
	}
	selector_free(s);
	return 0;
}

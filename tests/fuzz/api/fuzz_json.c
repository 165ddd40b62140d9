/* SPDX-License-Identifier: Apache-2.0 */
/* JSON bodies of a client: parse, check against a schema, default, write. The first byte chooses the kind. What was written
 * has to be read again, and to be written the same. */
#include <stdlib.h>

#include "api/codec.h"
#include "api/registry.h"
#include "generated/api_tables.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void again(const struct api_type *t, const struct buf *first)
{
	json_t *tree = NULL;
	auto_buf second = { 0 };
	if (api_json_parse(buf_view(first), &tree, NULL, NULL) < 0 ||
	    api_conform(t, tree, NULL, NULL) < 0 ||
	    api_json_write(t, tree, false, &second, NULL) < 0 ||
	    !str_eq(buf_view(first), buf_view(&second)))
		abort();
	json_decref(tree);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	json_t *tree = NULL;
	struct api_strings names = { 0 };
	auto_err err = { 0 };
	auto_buf out = { 0 };
	if (n == 0)
		return 0;
	const struct api_type *t = api_resources[data[0] % api_builtin_count].type;
	if (api_json_parse(str_of(data + 1, n - 1), &tree, &names, &err) == 0 &&
	    api_conform(t, tree, &names, &err) == 0) {
		if (api_json_write(t, tree, false, &out, &err) == 0)
			again(t, &out);
		api_default(t, tree);
		buf_reset(&out);
		api_protobuf_write(t, tree, &out, &err);
	}
	api_strings_free(&names);
	json_decref(tree);
	return 0;
}

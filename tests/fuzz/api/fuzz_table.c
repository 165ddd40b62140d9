/* SPDX-License-Identifier: Apache-2.0 */
/* Rows and partial metadata of whatever lies in the store. First byte: the kind. The answer is JSON when the object was. */
#include <stdlib.h>

#include "api/codec.h"
#include "api/registry.h"
#include "api/table/table.h"
#include "generated/api_tables.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static bool is_tree(struct str text)
{
	json_t *tree = NULL;
	bool ok = api_json_parse(text, &tree, NULL, NULL) == 0;
	json_decref(tree);
	return ok;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static const struct list_meta meta = { .revision = 7, .remaining = -1 };
	if (n == 0)
		return 0;
	const struct api_resource *r = &api_resources[data[0] % api_builtin_count];
	struct str text = str_of(data + 1, n - 1);
	struct table_options options = { .version = "v1", .now_s = 1767225600 };
	options.include = (enum table_include)(data[0] / 3 % 3);
	struct object *o = NULL;
	auto_buf out = { 0 };
	bool whole = is_tree(text);
	if (object_new(r, STR("/registry/x/ns/web"), text, &o, NULL) < 0)
		return 0;
	const struct object *const objects[] = { o };
	table_write(r, objects, 1, &meta, &options, &out);
	if (whole && !is_tree(buf_view(&out)))
		abort();
	buf_reset(&out);
	partial_list_write(objects, 1, "v1", &meta, &out);
	if (whole && !is_tree(buf_view(&out)))
		abort();
	object_unref(o);
	return 0;
}

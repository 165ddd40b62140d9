/* SPDX-License-Identifier: Apache-2.0 */
/* Bytes from the store: scan, seal, read as a struct. What a tree could be made of before the seal is so after it, too. */
#include <stdlib.h>

#include "api/codec.h"
#include "api/decode.h"
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
	struct object *o = NULL, *later = NULL;
	auto_arena a = { 0 };
	auto_buf out = { 0 };
	struct core_v1_pod pod;
	bool whole = is_tree(str_of(data, n));
	if (object_new(API_CORE_V1_PODS, STR("/registry/pods/default/web"), str_of(data, n), &o,
		       NULL) < 0)
		return 0;
	object_seal(o, 4711);
	later = object_with_revision(o, 5);
	if (is_tree(o->json) != whole || is_tree(later->json) != whole)
		abort();
	if (object_decode(o, &a, api_struct_core_v1_pod, &pod, NULL) == 0)
		struct_write_json(api_struct_core_v1_pod, &pod, &out);
	object_unref(later);
	object_unref(o);
	return 0;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Protobuf bodies of a client, with their envelope. What was read is written and read again: nothing may change any more. */
#include <stdlib.h>

#include "api/codec.h"
#include "api/registry.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void again(const struct api_type *t, json_t *tree)
{
	auto_buf first = { 0 };
	auto_buf second = { 0 };
	json_t *copy = NULL;
	if (api_protobuf_write_message(t, tree, &first, NULL) < 0 ||
	    api_protobuf_read_message(t, buf_view(&first), &copy, NULL) < 0 ||
	    api_protobuf_write_message(t, copy, &second, NULL) < 0 ||
	    !str_eq(buf_view(&first), buf_view(&second)))
		abort();
	json_decref(copy);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct str version, kind, raw, group = STR("");
	json_t *tree = NULL;
	auto_err err = { 0 };
	auto_buf out = { 0 };
	if (api_protobuf_envelope(str_of(data, n), &version, &kind, &raw, &err) < 0)
		return 0;
	size_t slash = str_find(version, '/');
	if (slash < version.n) {
		group = str_of(version.p, slash);
		version = str_of(version.p + slash + 1, version.n - slash - 1);
	}
	const struct api_type *t = api_type_by_kind(group, version, kind);
	if (t && api_protobuf_read_message(t, raw, &tree, &err) == 0) {
		again(t, tree);
		if (api_conform(t, tree, NULL, &err) == 0)
			api_json_write(t, tree, false, &out, &err);
	}
	json_decref(tree);
	return 0;
}

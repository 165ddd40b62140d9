/* SPDX-License-Identifier: Apache-2.0 */
/* YAML bodies of a client. What comes out is a tree that can be written. */
#include <stdlib.h>

#include "api/codec.h"
#include "api/json_write.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	json_t *tree = NULL;
	struct api_strings dup = { 0 };
	auto_err err = { 0 };
	auto_buf out = { 0 };
	if (api_yaml_parse(str_of(data, n), &tree, &dup, &err) == 0)
		api_json_any(&out, tree);
	else if (!err.text)
		abort();
	api_strings_free(&dup);
	json_decref(tree);
	return 0;
}

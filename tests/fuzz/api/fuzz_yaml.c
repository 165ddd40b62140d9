/* SPDX-License-Identifier: Apache-2.0 */
/* YAML bodies of a client. What comes out is a tree that can be written; what is taken for JSON means the same as with a comment
 * behind it, which JSON doesn't have. */
#include <stdlib.h>

#include "api/codec.h"
#include "api/json/compact.h"
#include "api/json/write.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void same_in_yaml(struct str text)
{
	json_t *json = json_compact_parse(text), *yaml = NULL;
	auto_buf commented = { 0 };
	auto_err err = { 0 };
	if (!json)
		return;
	buf_str(&commented, str_trim(text));
	buf_puts(&commented, "\n#");
	if (api_yaml_parse(buf_view(&commented), &yaml, NULL, &err) < 0 || !json_equal(json, yaml))
		abort();
	json_decref(json);
	json_decref(yaml);
}

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
	same_in_yaml(str_of(data, n));
	return 0;
}

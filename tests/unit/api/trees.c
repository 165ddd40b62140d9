/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/unit.h"

#include "tests/unit/api/trees.h"

#include <stdio.h>
#include <stdlib.h>

#include "api/registry.h"

json_t *tree(const char *json)
{
	char *text = str_dup(str_from(json));
	json_error_t error;
	for (char *p = text; *p; p++)
		if (*p == '\'')
			*p = '"';
	json_t *out = json_loads(text, JSON_DECODE_ANY, &error);
	if (!out)
		fail_msg("%s in %s", error.text, text);
	free(text);
	return out;
}

void assert_tree(const json_t *have, const char *want)
{
	json_t *expected = tree(want);
	if (!json_equal(have, expected)) {
		char *a = json_dumps(have, JSON_ENCODE_ANY | JSON_SORT_KEYS | JSON_COMPACT);
		char *b = json_dumps(expected, JSON_ENCODE_ANY | JSON_SORT_KEYS | JSON_COMPACT);
		fail_msg("\nhave %s\nwant %s", a, b);
	}
	json_decref(expected);
}

const struct api_resource *resource(const char *group, const char *version, const char *plural)
{
	const struct api_resource *r =
		api_resource_find(str_from(group), str_from(version), str_from(plural));
	assert_non_null(r);
	return r;
}

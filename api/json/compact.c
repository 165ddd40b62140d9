/* SPDX-License-Identifier: Apache-2.0 */
/* Where JSON and YAML differ, the text is left to YAML: characters that only one of them takes, escapes of code units, keys that are
 * too long or come twice, numbers that are no integers. */
#include "api/json/compact.h"

#include "api/codec.h"

#define YAML_KEY_MAX \
	1000 /* bytes of a key that need no '?' in front; the limit is 1024 with all around it */

static bool has_odd_characters(struct str s)
{
	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];
		if (c < 0x20 || c >= 0x7f)
			return true;
		if (c == '\\' && ++i < s.n && s.p[i] == 'u')
			return true;
	}
	return false;
}

static bool is_the_same_in_yaml(json_t *v)
{
	const char *key;
	json_t *item;
	size_t i;
	json_object_foreach (v, key, item)
		if (strlen(key) > YAML_KEY_MAX || !is_the_same_in_yaml(item))
			return false;
	json_array_foreach (v, i, item)
		if (!is_the_same_in_yaml(item))
			return false;
	return !json_is_real(v);
}

json_t *json_compact_parse(struct str text)
{
	auto_err err = { 0 };
	struct api_strings dup = { 0 };
	json_t *v = NULL;
	text = str_trim(text);
	if (text.n == 0 || text.p[0] != '{' || has_odd_characters(text))
		return NULL;
	bool good =
		api_json_parse(text, &v, &dup, &err) == 0 && dup.n == 0 && is_the_same_in_yaml(v);
	api_strings_free(&dup);
	if (good)
		return v;
	json_decref(v);
	return NULL;
}

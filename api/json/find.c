/* SPDX-License-Identifier: Apache-2.0 */
/* Finds again, in the text of a document, the value at a path of its tree. Of members that come twice the last one counts. */
#include "api/codec.h"
#include "api/json/reader.h"
#include "base/mem.h"

static bool in_object(struct reader *r, struct str name, struct str *out)
{
	struct reader_text key;
	bool found = false;
	if (!reader_object(r))
		return false;
	while (reader_member(r, &key)) {
		struct str value;
		if (!reader_value(r, &value))
			return false;
		if (reader_text_eq(&key, name)) {
			*out = value;
			found = true;
		}
	}
	return found;
}

static bool in_array(struct reader *r, size_t index, struct str *out)
{
	if (!reader_array(r))
		return false;
	for (size_t i = 0; reader_item(r); i++) {
		struct str value;
		if (!reader_value(r, &value))
			return false;
		if (i == index) {
			*out = value;
			return true;
		}
	}
	return false;
}

bool api_json_find(struct str text, const struct path *at, struct str *out)
{
	struct str holder = text;
	struct reader r;
	if (!at) {
		*out = text;
		return true;
	}
	if (at->up && !api_json_find(text, at->up, &holder))
		return false;
	reader_init(&r, holder);
	return at->is_index ? in_array(&r, at->index, out) : in_object(&r, at->name, out);
}

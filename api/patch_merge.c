/* SPDX-License-Identifier: Apache-2.0 */
#include "api/patch_merge.h"

/* RFC 7386 section 2: nulls of a new object vanish, too. */
static json_t *without_nulls(const json_t *patch)
{
	if (!json_is_object(patch))
		return json_deep_copy(patch);
	json_t *out = json_object();
	const char *key;
	json_t *value;
	json_object_foreach ((json_t *)patch, key, value)
		if (!json_is_null(value))
			json_object_set_new(out, key, without_nulls(value));
	return out;
}

static void merge(json_t *doc, const json_t *patch)
{
	const char *key;
	json_t *value;
	json_object_foreach ((json_t *)patch, key, value) {
		json_t *old = json_object_get(doc, key);
		if (json_is_null(value))
			json_object_del(doc, key);
		else if (json_is_object(value) && json_is_object(old))
			merge(old, value);
		else
			json_object_set_new(doc, key, without_nulls(value));
	}
}

int patch_merge_apply(json_t **doc, const json_t *patch, struct err *err)
{
	if (!json_is_object(patch) || !json_is_object(*doc))
		return err_set(err, ERR_BAD_REQUEST, "Invalid JSON Patch");
	merge(*doc, patch);
	return 0;
}

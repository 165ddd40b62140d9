/* SPDX-License-Identifier: Apache-2.0 */
#include "api/patch/merge.h"
#include "api/object/meta.h"

/* RFC 7386 section 2: nulls of a new object vanish, too; as upstream, also of objects in a list. */
static json_t *without_nulls(const json_t *patch)
{
	const char *key;
	size_t n, i;
	json_t *value, *out;
	if (json_is_object(patch)) {
		out = json_object();
		json_object_keylen_foreach((json_t *)patch, key, n, value) if (!json_is_null(value))
			json_object_setn_new_nocheck(out, key, n, without_nulls(value));
		return out;
	}
	if (!json_is_array(patch))
		return tree_copy(patch);
	out = json_array();
	json_array_foreach (patch, i, value)
		json_array_append_new(out, without_nulls(value));
	return out;
}

static void merge(json_t *doc, const json_t *patch)
{
	const char *key;
	size_t n;
	json_t *value;
	json_object_keylen_foreach((json_t *)patch, key, n, value)
	{
		json_t *old = json_object_getn(doc, key, n);
		if (json_is_null(value))
			json_object_deln(doc, key, n);
		else if (json_is_object(value) && json_is_object(old))
			merge(old, value);
		else if (json_is_object(old))
			json_object_setn_new_nocheck(doc, key, n, tree_copy(value));
		else
			json_object_setn_new_nocheck(doc, key, n, without_nulls(value));
	}
}

int patch_merge_apply(json_t **doc, const json_t *patch, struct err *err)
{
	if (!json_is_object(patch) || !json_is_object(*doc))
		return err_set(err, ERR_BAD_REQUEST, "Invalid JSON Patch");
	merge(*doc, patch);
	return 0;
}

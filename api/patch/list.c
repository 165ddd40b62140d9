/* SPDX-License-Identifier: Apache-2.0 */
/* $patch items → items by merge key → order: patch's items as the patch has them, others as the document had them. */
#include "api/object/meta.h"
#include "api/patch/order.h"
#include "api/patch/parts.h"
#include "api/values/go_format.h"

static struct patch_spot spot_item(struct patch_spot at)
{
	return patch_spot_of(at.schema && at.schema->kind == API_LIST ? at.schema->item : NULL);
}

static int unlike(struct err *err, const json_t *live, const json_t *patch)
{
	auto_buf text = { 0 };
	tree_format_go(live, &text);
	buf_putc(&text, ' ');
	tree_format_go(patch, &text);
	return err_set(err, ERR_UNKNOWN, "list element types are not identical: [%.*s]",
		       STR_ARG(buf_view(&text)));
}

static int same_types(const json_t *live, const json_t *patch, struct err *err)
{
	const json_t *lists[] = { live, patch };
	json_type first = JSON_NULL;
	bool any = false;
	for (size_t k = 0; k < 2; k++)
		for (size_t i = 0; i < json_array_size(lists[k]); i++) {
			json_type t = json_typeof(json_array_get(lists[k], i));
			t = t == JSON_FALSE ? JSON_TRUE : t;
			if (!any && t == JSON_ARRAY)
				return err_set(err, ERR_INVALID,
					       "lists of lists are not supported");
			if (any && t != first)
				return unlike(err, live, patch);
			first = t;
			any = true;
		}
	return 0;
}

static bool of_maps(const json_t *live, const json_t *patch)
{
	return json_is_object(json_array_get(json_array_size(live) ? live : patch, 0));
}

/* Taking items out one by one would move all that follow, each time. Takes `kept` over. */
static void keep_only(json_t *list, json_t *kept)
{
	json_array_clear(list);
	json_array_extend(list, kept);
	json_decref(kept);
}

void patch_delete_items(json_t *live, const json_t *doomed, const char *merge_key)
{
	json_t *kept = json_array(), *item;
	struct positions gone;
	size_t i;
	positions_init(&gone, doomed, merge_key);
	json_array_foreach (live, i, item)
		if (positions_of(&gone, item) < 0)
			json_array_append(kept, item);
	positions_free(&gone);
	keep_only(live, kept);
}

static json_t *union_of_scalars(const json_t *live, const json_t *patch)
{
	const json_t *lists[] = { live, patch };
	struct positions seen = { 0 };
	json_t *out = json_array(), *item;
	size_t i;
	for (size_t k = 0; k < 2; k++)
		json_array_foreach (lists[k], i, item)
			if (positions_of(&seen, item) < 0) {
				positions_add(&seen, item, 0);
				json_array_append(out, item);
			}
	positions_free(&seen);
	return out;
}

/* Takes items with `$patch` out of the patch's list and carries them out on `live`. *replace: only the patch's items stay. */
static int special_items(json_t *live, json_t *patch, const char *merge_key, bool *replace,
			 struct err *err)
{
	json_t *doomed = json_array(), *kept = json_array(), *item;
	size_t i;
	int r = 0;
	*replace = false;
	json_array_foreach (patch, i, item) {
		json_t *directive = json_object_get(item, PATCH_DIRECTIVE);
		struct str word = tree_str(directive);
		if (r < 0)
			break;
		if (!directive)
			json_array_append(kept, item);
		else if (str_eq(word, STR("replace")))
			*replace = true;
		else if (str_eq(word, STR("merge")))
			r = err_set(err, ERR_UNKNOWN,
				    "merging lists cannot yet be specified in the patch");
		else if (!str_eq(word, STR("delete")))
			r = patch_bad_directive(err, item);
		else if (!json_object_get(item, merge_key))
			r = patch_no_merge_key(err, item, merge_key);
		else
			json_array_append(doomed, item);
	}
	keep_only(patch, kept);
	if (r == 0 && json_array_size(doomed))
		patch_delete_items(live, doomed, merge_key);
	json_decref(doomed);
	return r;
}

static int check_keys(const json_t *list, const char *merge_key, struct err *err)
{
	size_t i;
	json_t *item;
	json_array_foreach (list, i, item)
		if (!json_object_get(item, merge_key))
			return patch_no_merge_key(err, item, merge_key);
	return 0;
}

/* Merges the patch's maps into `live` by merge key; new ones go to its end. */
static int merge_items(struct patch_spot item_spot, json_t *live, json_t *patch,
		       const char *merge_key, struct err *err)
{
	struct positions where;
	size_t i;
	json_t *item;
	int r = 0;
	positions_init(&where, live, merge_key);
	json_array_foreach (patch, i, item) {
		long at = positions_of(&where, item);
		if (at >= 0)
			r = patch_merge_map(item_spot, json_array_get(live, (size_t)at), item, err);
		else {
			positions_add(&where, item, json_array_size(live));
			json_array_append(live, item);
		}
		if (r < 0)
			break;
	}
	positions_free(&where);
	return r;
}

/* Merges two lists of maps; *out is the merged list in upstream's order, a new reference. `live` and `patch` are used up. */
static int merge_maps(struct patch_spot at, json_t *live, json_t *patch, const json_t *wanted,
		      json_t **out, struct err *err)
{
	bool replace;
	if (!at.merge_key)
		return err_set(err, ERR_UNKNOWN, "cannot merge lists without merge key for struct");
	int r = special_items(live, patch, at.merge_key, &replace, err);
	if (r == 0)
		r = check_keys(patch, at.merge_key, err);
	if (r < 0)
		return r;
	if (replace) {
		*out = json_incref(patch);
		return 0;
	}
	struct positions was;
	positions_init(&was, live, at.merge_key);
	r = merge_items(spot_item(at), live, patch, at.merge_key, err);
	if (r == 0)
		r = check_keys(live, at.merge_key, err);
	if (r == 0)
		*out = patch_order(live, wanted ? wanted : patch, &was, at.merge_key);
	positions_free(&was);
	return r;
}

int patch_merge_list(struct patch_spot at, json_t *live, json_t *patch, const json_t *wanted,
		     json_t **out, struct err *err)
{
	int r = same_types(live, patch, err);
	if (r < 0)
		return r;
	if (of_maps(live, patch))
		return merge_maps(at, live, patch, wanted, out, err);
	struct positions was;
	positions_init(&was, live, NULL);
	json_t *merged = union_of_scalars(live, patch);
	*out = patch_order(merged, wanted ? wanted : patch, &was, NULL);
	json_decref(merged);
	positions_free(&was);
	return 0;
}

static int bad_order(struct err *err, const json_t *patch, const json_t *order)
{
	auto_buf have = { 0 }, want = { 0 };
	tree_format_go(patch, &have);
	tree_format_go(order, &want);
	return err_set(
		err, ERR_UNKNOWN,
		"The order in patch list:\n%.*s\n doesn't match $setElementOrder list:\n%.*s\n",
		STR_ARG(buf_view(&have)), STR_ARG(buf_view(&want)));
}

/* The patch's items must come in the order of $setElementOrder, and be named by it. */
int patch_check_order(const json_t *patch, const json_t *order, const char *merge_key,
		      struct err *err)
{
	size_t at = 0, i, n = json_array_size(order);
	json_t *item;
	if (n == 0)
		return 0;
	json_array_foreach (patch, i, item) {
		json_t *directive = json_object_get(item, PATCH_DIRECTIVE);
		if (directive && (at < n || str_eq(tree_str(directive), STR("delete"))))
			continue;
		if (merge_key && !json_object_get(item, merge_key))
			return patch_no_merge_key(err, item, merge_key);
		while (at < n && !json_equal(positions_key(item, merge_key),
					     positions_key(json_array_get(order, at), merge_key)))
			at++;
		if (at++ >= n)
			return bad_order(err, patch, order);
	}
	return 0;
}

/* What $setElementOrder alone asks for: no change of contents. */
int patch_reorder(struct patch_spot at, const json_t *live, const json_t *order, json_t **out,
		  struct err *err)
{
	struct positions was;
	const char *merge_key = json_is_object(json_array_get(live, 0)) ? at.merge_key : NULL;
	int r = merge_key ? check_keys(live, merge_key, err) : 0;
	if (r < 0)
		return r;
	positions_init(&was, live, merge_key);
	*out = patch_order(live, order, &was, merge_key);
	positions_free(&was);
	return 0;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* The patch is copied once and then used up: directives are removed as they are carried out, what is left is merged into the document.
 *
 * A map: $patch → $retainKeys → $setElementOrder/x (merges list x and orders it) → the other keys. Lists: list.c. */
#include "api/patch/strategic.h"

#include "api/object/meta.h"
#include "api/patch/order.h"
#include "api/patch/parts.h"
#include "api/values/go_format.h"
#include "base/mem.h"

#define RETAIN_KEYS "$retainKeys"
#define DELETE_FROM "$deleteFromPrimitiveList"
#define SET_ORDER   "$setElementOrder"

static int bad_format(struct err *err, const char *what)
{
	return err_set(err, ERR_BAD_REQUEST, "invalid patch format of %s", what);
}

int patch_bad_directive(struct err *err, const json_t *map)
{
	auto_buf text = { 0 }, word = { 0 };
	const json_t *directive = json_object_get(map, PATCH_DIRECTIVE);
	tree_format_go(map, &text);
	if (json_is_integer(directive))
		buf_puts(&word, "%!s(int64=");
	tree_format_go(directive, &word);
	if (json_is_integer(directive))
		buf_putc(&word, ')');
	return err_set(err, ERR_UNKNOWN, "unknown patch type: %.*s in map: %.*s",
		       STR_ARG(buf_view(&word)), STR_ARG(buf_view(&text)));
}

int patch_no_merge_key(struct err *err, const json_t *item, const char *merge_key)
{
	auto_buf text = { 0 };
	tree_format_go(item, &text);
	return err_set(err, ERR_UNKNOWN, "map: %.*s does not contain declared merge key: %s",
		       STR_ARG(buf_view(&text)), merge_key);
}

/* ---- directives ---- */

static void drop_nulls(json_t *value)
{
	size_t i;
	const char *key;
	json_t *item;
	void *next;
	json_object_foreach_safe (value, next, key, item) {
		if (json_is_null(item))
			json_object_del(value, key);
		else
			drop_nulls(item);
	}
	json_array_foreach (value, i, item)
		drop_nulls(item);
}

/* False when the value itself is a directive and must not be kept. */
static bool drop_directives(json_t *value)
{
	const char *key;
	json_t *item;
	void *next;
	if (json_object_get(value, PATCH_DIRECTIVE))
		return false;
	json_object_foreach_safe (value, next, key, item)
		if (!drop_directives(item))
			json_object_del(value, key);
	for (size_t i = json_array_size(value); i-- > 0;)
		if (!drop_directives(json_array_get(value, i)))
			json_array_remove(value, i);
	return true;
}

static bool starts_with(const char *key, const char *prefix)
{
	return strncmp(key, prefix, strlen(prefix)) == 0;
}

static int retain_keys(json_t *doc, json_t *patch, struct err *err)
{
	json_t *list = json_object_get(patch, RETAIN_KEYS);
	const char *key;
	json_t *value;
	void *next;
	if (!list)
		return 0;
	if (!json_is_array(list))
		return bad_format(err, "retainKeys");
	json_incref(list);
	json_object_del(patch, RETAIN_KEYS);
	struct positions keep;
	positions_init(&keep, list, NULL);
	int r = 0;
	json_t *name = NULL;
	json_object_foreach (patch, key, value) {
		if (json_is_null(value) || starts_with(key, DELETE_FROM) ||
		    starts_with(key, SET_ORDER))
			continue;
		name = json_string(key);
		if (positions_of(&keep, name) < 0)
			r = bad_format(err, "retainKeys");
		json_decref(name);
	}
	json_object_foreach_safe (doc, next, key, value) {
		name = json_string(key);
		if (r == 0 && positions_of(&keep, name) < 0)
			json_object_del(doc, key);
		json_decref(name);
	}
	positions_free(&keep);
	json_decref(list);
	return r;
}

/* ---- look-ups in the schema ---- */

struct patch_spot patch_spot_of(const struct api_schema *s)
{
	return (struct patch_spot){ .schema = s,
				    .type = s && s->kind == API_OBJECT ? s->type : NULL };
}

static struct patch_spot patch_spot_field(struct patch_spot at, const char *name)
{
	if (at.type) {
		const struct api_field *f = api_type_field(at.type, str_from(name));
		if (!f)
			return (struct patch_spot){ 0 };
		struct patch_spot out = patch_spot_of(&f->schema);
		out.merge_key = f->patch_key;
		out.merges = f->patch & API_PATCH_MERGE;
		out.whole = f->patch & API_PATCH_WHOLE;
		return out;
	}
	return patch_spot_of(at.schema && at.schema->kind == API_MAP ? at.schema->item : NULL);
}

/* The first map of a list that lacks the merge key, or NULL. */
static const json_t *merge_key_missing(const json_t *list, const char *merge_key)
{
	size_t i;
	json_t *item;
	json_array_foreach (list, i, item)
		if (merge_key && json_is_object(item) && !json_object_get(item, merge_key))
			return item;
	return NULL;
}

static int set_order(struct patch_spot map, json_t *doc, json_t *patch, const char *name,
		     const json_t *order, struct err *err)
{
	json_t *live = json_object_get(doc, name), *change = json_object_get(patch, name),
	       *out = NULL;
	struct patch_spot at = patch_spot_field(map, name);
	if (!json_is_array(order))
		return err_set(err, ERR_UNKNOWN, "expected a []interface {}, but received a %s",
			       json_is_object(order)   ? "map[string]interface {}"
			       : json_is_string(order) ? "string"
						       : "int64");
	if (merge_key_missing(order, at.merge_key))
		return patch_no_merge_key(err, merge_key_missing(order, at.merge_key),
					  at.merge_key);
	if ((live && !json_is_array(live)) || (change && !json_is_array(change)))
		return err_set(err, ERR_BAD_REQUEST,
			       "expected a []interface {}, but received another type for %s", name);
	int r = change ? patch_check_order(change, order, at.merge_key, err) : 0;
	if (r < 0 || (!live && !change))
		return r;
	if (!change) {
		r = patch_reorder(at, live, order, &out, err);
	} else if (!live) {
		drop_directives(change);
		r = patch_reorder(at, change, order, &out, err);
	} else if (!at.merges) {
		out = json_incref(change);
	} else {
		r = patch_merge_list(at, live, change, order, &out, err);
	}
	if (r < 0)
		return r;
	json_object_set_new(doc, name, out);
	json_object_del(patch, name);
	return 0;
}

/* Takes every $setElementOrder/x out of the patch. New reference. */
static json_t *take_orders(json_t *patch)
{
	json_t *orders = json_object(), *order;
	const char *key;
	void *next;
	json_object_foreach_safe (patch, next, key, order)
		if (starts_with(key, SET_ORDER)) {
			json_object_set(orders, key, order);
			json_object_del(patch, key);
		}
	return orders;
}

static int set_orders(struct patch_spot map, json_t *doc, json_t *patch, struct err *err)
{
	json_t *orders = take_orders(patch), *order;
	const char *key;
	int r = 0;
	json_object_foreach (orders, key, order) {
		const char *slash = strchr(key, '/');
		if (!slash || strlen(SET_ORDER) != (size_t)(slash - key))
			r = bad_format(err, "setElementOrder list");
		else
			r = set_order(map, doc, patch, slash + 1, order, err);
		if (r < 0)
			break;
	}
	json_decref(orders);
	return r;
}

/* ---- maps ---- */

static void take_value(json_t *doc, const char *key, json_t *value)
{
	drop_nulls(value);
	if (drop_directives(value))
		json_object_set(doc, key, value);
	else
		json_object_del(doc, key);
}

static int merge_value(struct patch_spot map, json_t *doc, const char *key, json_t *value,
		       struct err *err)
{
	json_t *live = json_object_get(doc, key), *out = NULL;
	bool same = live && json_typeof(live) == json_typeof(value);
	if (json_is_null(value)) {
		json_object_del(doc, key);
		return 0;
	}
	struct patch_spot at = patch_spot_field(map, key);
	if (same && json_is_object(value) && at.whole) {
		json_object_set(doc, key, value);
		return 0;
	}
	if (same && json_is_object(value))
		return patch_merge_map(at, live, value, err);
	if (!same || !json_is_array(value) || !at.merges) {
		if (same && json_is_array(value))
			json_object_set(doc, key, value);
		else
			take_value(doc, key, value);
		return 0;
	}
	if (json_array_size(live) == 0 && json_array_size(value) == 0)
		return 0;
	int r = patch_merge_list(at, live, value, NULL, &out, err);
	if (r == 0)
		json_object_set_new(doc, key, out);
	return r;
}

static int delete_from(json_t *doc, const char *key, const json_t *doomed, struct err *err)
{
	const char *slash = strchr(key, '/');
	if (!slash || strlen(DELETE_FROM) != (size_t)(slash - key))
		return bad_format(err, "primitive list");
	json_t *live = json_object_get(doc, slash + 1);
	if (json_is_array(live) && json_is_array(doomed))
		patch_delete_items(live, doomed, NULL);
	return 0;
}

static int directive_of_map(json_t *doc, json_t *patch, const json_t *directive, struct err *err)
{
	struct str word = tree_str(directive);
	if (str_eq(word, STR("delete"))) {
		json_object_clear(doc);
		return 0;
	}
	if (!str_eq(word, STR("replace")))
		return patch_bad_directive(err, patch);
	json_object_del(patch, PATCH_DIRECTIVE);
	json_object_clear(doc);
	json_object_update(doc, patch);
	return 0;
}

int patch_merge_map(struct patch_spot at, json_t *doc, json_t *patch, struct err *err)
{
	const char *key;
	json_t *value;
	json_t *directive = json_object_get(patch, PATCH_DIRECTIVE);
	if (directive)
		return directive_of_map(doc, patch, directive, err);
	int r = retain_keys(doc, patch, err);
	if (r == 0)
		r = set_orders(at, doc, patch, err);
	if (r < 0)
		return r;
	json_object_foreach (patch, key, value) {
		r = starts_with(key, DELETE_FROM) ? delete_from(doc, key, value, err)
						  : merge_value(at, doc, key, value, err);
		if (r < 0)
			return r;
	}
	return 0;
}

int patch_strategic_apply(const struct api_type *t, json_t **doc, const json_t *patch,
			  struct err *err)
{
	if (!json_is_object(patch) || !json_is_object(*doc))
		return err_set(err, ERR_BAD_REQUEST,
			       "json: cannot unmarshal value into Go value of type "
			       "map[string]interface {}");
	json_t *copy = tree_copy(patch);
	int r = patch_merge_map((struct patch_spot){ .type = t }, *doc, copy, err);
	json_decref(copy);
	return r;
}

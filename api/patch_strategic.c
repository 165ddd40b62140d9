/* SPDX-License-Identifier: Apache-2.0 */
/* The patch is copied once and then used up: directives are removed as they are carried out, what is left is merged into the document.
 *
 * merge_map:  $patch → $retainKeys → $setElementOrder/x (merges list x and orders it) → the other keys
 * merge_list: $patch items → items by merge key → order: patch's items as the patch has them, others as the document had them
 *
 * Items of lists are found through a map from merge key to position, so a patch of n items costs n. */
#include "api/patch_strategic.h"

#include "api/go_format.h"
#include "api/meta.h"
#include "base/buf.h"
#include "base/map.h"
#include "base/mem.h"

#define DIRECTIVE   "$patch"
#define RETAIN_KEYS "$retainKeys"
#define DELETE_FROM "$deleteFromPrimitiveList"
#define SET_ORDER   "$setElementOrder"

struct spot {                            /* what the schema says about a value */
	const struct api_schema *schema; /* NULL: nothing known */
	const struct api_type *type;     /* of an object */
	const char *merge_key;
	bool merges;
};

static int merge_map(struct spot at, json_t *doc, json_t *patch, struct err *err);

static int bad_format(struct err *err, const char *what)
{
	return err_set(err, ERR_BAD_REQUEST, "invalid patch format of %s", what);
}

static int bad_directive(struct err *err, const json_t *map)
{
	auto_buf text = { 0 }, word = { 0 };
	const json_t *directive = json_object_get(map, DIRECTIVE);
	tree_format_go(map, &text);
	if (json_is_integer(directive))
		buf_puts(&word, "%!s(int64=");
	tree_format_go(directive, &word);
	if (json_is_integer(directive))
		buf_putc(&word, ')');
	return err_set(err, ERR_UNKNOWN, "unknown patch type: %.*s in map: %.*s",
		       STR_ARG(buf_view(&word)), STR_ARG(buf_view(&text)));
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

static int no_merge_key(struct err *err, const json_t *item, const char *merge_key)
{
	auto_buf text = { 0 };
	tree_format_go(item, &text);
	return err_set(err, ERR_UNKNOWN, "map: %.*s does not contain declared merge key: %s",
		       STR_ARG(buf_view(&text)), merge_key);
}

/* ---- positions of items by key ---- */

/* A scalar as text that keeps its JSON type apart ("1" is not 1). */
static void key_text(const json_t *value, struct buf *out)
{
	buf_reset(out);
	buf_putc(out, (char)('0' + (value ? (int)json_typeof(value) : 9)));
	if (json_is_string(value))
		buf_str(out, tree_str(value));
	else if (json_is_integer(value))
		buf_i64(out, json_integer_value(value));
	else
		tree_format_go(value, out);
}

static const json_t *key_of(const json_t *item, const char *merge_key)
{
	return merge_key ? json_object_get(item, merge_key) : item;
}

struct positions {
	struct map map; /* key text → position + 1 */
	struct buf text;
	const char *merge_key; /* NULL: items are their own keys */
};

static void positions_add(struct positions *p, const json_t *item, size_t at)
{
	key_text(key_of(item, p->merge_key), &p->text);
	if (!map_get(&p->map, buf_view(&p->text)))
		map_put(&p->map, buf_view(&p->text), (void *)(uintptr_t)(at + 1));
}

static void positions_init(struct positions *p, const json_t *list, const char *merge_key)
{
	size_t i;
	json_t *item;
	*p = (struct positions){ .merge_key = merge_key };
	json_array_foreach (list, i, item)
		positions_add(p, item, i);
}

/* -1 when absent */
static long positions_of_key(struct positions *p, const json_t *key)
{
	key_text(key, &p->text);
	return (long)(uintptr_t)map_get(&p->map, buf_view(&p->text)) - 1;
}

static long positions_of(struct positions *p, const json_t *item)
{
	return positions_of_key(p, key_of(item, p->merge_key));
}

static void positions_free(struct positions *p)
{
	map_free(&p->map, NULL);
	buf_free(&p->text);
}

/* ---- order ---- */

struct ordered {
	json_t *item;      /* borrowed */
	long wanted, live; /* positions in the wanted order and in the live list, -1: not there */
	size_t was;
};

static int by_wanted(const void *a, const void *b)
{
	const struct ordered *x = a, *y = b;
	if (x->wanted != y->wanted)
		return x->wanted < y->wanted ? -1 : 1;
	return x->was < y->was ? -1 : x->was > y->was;
}

static int by_live(const void *a, const void *b)
{
	const struct ordered *x = a, *y = b;
	long lx = x->live < 0 ? INT32_MAX : x->live, ly = y->live < 0 ? INT32_MAX : y->live;
	if (lx != ly)
		return lx < ly ? -1 : 1;
	return x->was < y->was ? -1 : x->was > y->was;
}

/* Two ordered runs into one: a server-only item goes before the first patched item that stood behind it in the live list. */
static json_t *interleave(const struct ordered *server, size_t nserver,
			  const struct ordered *patched, size_t npatched)
{
	json_t *out = json_array();
	size_t i = 0, j = 0;
	while (i < nserver || j < npatched) {
		bool take_server =
			j >= npatched || (i < nserver && server[i].live >= 0 &&
					  patched[j].live >= 0 && server[i].live < patched[j].live);
		json_array_append(out, take_server ? server[i++].item : patched[j++].item);
	}
	return out;
}

/* `merged` in upstream's order: items named by `wanted` as it has them, between them the others as `live` had them. New reference. */
static json_t *order_list(const json_t *merged, const json_t *wanted, struct positions *live,
			  const char *merge_key)
{
	size_t n = json_array_size(merged), nserver = 0, npatched = 0, i;
	json_t *item;
	struct positions want;
	struct ordered *server = mem_alloc((n + 1) * sizeof(*server)),
		       *patched = mem_alloc((n + 1) * sizeof(*patched));
	positions_init(&want, wanted, merge_key);
	json_array_foreach (merged, i, item) {
		struct ordered o = { item, positions_of(&want, item), positions_of(live, item), i };
		if (o.wanted >= 0)
			patched[npatched++] = o;
		else
			server[nserver++] = o;
	}
	qsort(patched, npatched, sizeof(*patched), by_wanted);
	qsort(server, nserver, sizeof(*server), by_live);
	json_t *out = interleave(server, nserver, patched, npatched);
	positions_free(&want);
	free(server);
	free(patched);
	return out;
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
	if (json_object_get(value, DIRECTIVE))
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

static struct spot spot_of(const struct api_schema *s)
{
	return (struct spot){ .schema = s, .type = s && s->kind == API_OBJECT ? s->type : NULL };
}

static struct spot spot_field(struct spot at, const char *name)
{
	if (at.type) {
		const struct api_field *f = api_type_field(at.type, str_from(name));
		if (!f)
			return (struct spot){ 0 };
		struct spot out = spot_of(&f->schema);
		out.merge_key = f->patch_key;
		out.merges = f->patch & API_PATCH_MERGE;
		return out;
	}
	return spot_of(at.schema && at.schema->kind == API_MAP ? at.schema->item : NULL);
}

static struct spot spot_item(struct spot at)
{
	return spot_of(at.schema && at.schema->kind == API_LIST ? at.schema->item : NULL);
}

/* ---- lists ---- */

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
			if (t == JSON_ARRAY)
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

static void delete_items(json_t *live, const json_t *doomed, const char *merge_key)
{
	struct positions gone;
	positions_init(&gone, doomed, merge_key);
	for (size_t i = json_array_size(live); i-- > 0;)
		if (positions_of(&gone, json_array_get(live, i)) >= 0)
			json_array_remove(live, i);
	positions_free(&gone);
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
	json_t *doomed = json_array();
	int r = 0;
	*replace = false;
	for (size_t i = json_array_size(patch); i-- > 0;) {
		json_t *item = json_array_get(patch, i);
		json_t *directive = json_object_get(item, DIRECTIVE);
		if (!directive)
			continue;
		struct str word = tree_str(directive);
		if (str_eq(word, STR("replace")))
			*replace = true;
		else if (str_eq(word, STR("merge")))
			r = err_set(err, ERR_UNKNOWN,
				    "merging lists cannot yet be specified in the patch");
		else if (!str_eq(word, STR("delete")))
			r = bad_directive(err, item);
		else if (!json_object_get(item, merge_key))
			r = no_merge_key(err, item, merge_key);
		else
			json_array_append(doomed, item);
		json_array_remove(patch, i);
	}
	if (r == 0 && json_array_size(doomed))
		delete_items(live, doomed, merge_key);
	json_decref(doomed);
	return r;
}

static int check_keys(const json_t *list, const char *merge_key, struct err *err)
{
	size_t i;
	json_t *item;
	json_array_foreach (list, i, item)
		if (!json_object_get(item, merge_key))
			return no_merge_key(err, item, merge_key);
	return 0;
}

/* Merges the patch's maps into `live` by merge key; new ones go to its end. */
static int merge_items(struct spot item_spot, json_t *live, json_t *patch, const char *merge_key,
		       struct err *err)
{
	struct positions where;
	size_t i;
	json_t *item;
	int r = 0;
	positions_init(&where, live, merge_key);
	json_array_foreach (patch, i, item) {
		long at = positions_of(&where, item);
		if (at >= 0)
			r = merge_map(item_spot, json_array_get(live, (size_t)at), item, err);
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
static int merge_maps(struct spot at, json_t *live, json_t *patch, const json_t *wanted,
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
		*out = order_list(live, wanted ? wanted : patch, &was, at.merge_key);
	positions_free(&was);
	return r;
}

static int merge_list(struct spot at, json_t *live, json_t *patch, const json_t *wanted,
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
	*out = order_list(merged, wanted ? wanted : patch, &was, NULL);
	json_decref(merged);
	positions_free(&was);
	return 0;
}

/* The patch's items must come in the order of $setElementOrder, and be named by it. */
static int check_order(const json_t *patch, const json_t *order, const char *merge_key,
		       struct err *err)
{
	size_t at = 0, i, n = json_array_size(order);
	json_t *item;
	if (n == 0)
		return 0;
	json_array_foreach (patch, i, item) {
		json_t *directive = json_object_get(item, DIRECTIVE);
		if (directive && (at < n || str_eq(tree_str(directive), STR("delete"))))
			continue;
		if (merge_key && !json_object_get(item, merge_key))
			return no_merge_key(err, item, merge_key);
		while (at < n && !json_equal(key_of(item, merge_key),
					     key_of(json_array_get(order, at), merge_key)))
			at++;
		if (at++ >= n)
			return bad_order(err, patch, order);
	}
	return 0;
}

/* What $setElementOrder alone asks for: no change of contents. */
static int reorder(struct spot at, const json_t *live, const json_t *order, json_t **out,
		   struct err *err)
{
	struct positions was;
	const char *merge_key = json_is_object(json_array_get(live, 0)) ? at.merge_key : NULL;
	int r = merge_key ? check_keys(live, merge_key, err) : 0;
	if (r < 0)
		return r;
	positions_init(&was, live, merge_key);
	*out = order_list(live, order, &was, merge_key);
	positions_free(&was);
	return 0;
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

static int set_order(struct spot map, json_t *doc, json_t *patch, const char *name,
		     const json_t *order, struct err *err)
{
	json_t *live = json_object_get(doc, name), *change = json_object_get(patch, name),
	       *out = NULL;
	struct spot at = spot_field(map, name);
	if (!json_is_array(order))
		return err_set(err, ERR_UNKNOWN, "expected a []interface {}, but received a %s",
			       json_is_object(order)   ? "map[string]interface {}"
			       : json_is_string(order) ? "string"
						       : "int64");
	if (merge_key_missing(order, at.merge_key))
		return no_merge_key(err, merge_key_missing(order, at.merge_key), at.merge_key);
	if ((live && !json_is_array(live)) || (change && !json_is_array(change)))
		return err_set(err, ERR_BAD_REQUEST,
			       "expected a []interface {}, but received another type for %s", name);
	int r = change ? check_order(change, order, at.merge_key, err) : 0;
	if (r < 0 || (!live && !change))
		return r;
	if (!change) {
		r = reorder(at, live, order, &out, err);
	} else if (!live) {
		drop_directives(change);
		r = reorder(at, change, order, &out, err);
	} else if (!at.merges) {
		out = json_incref(change);
	} else {
		r = merge_list(at, live, change, order, &out, err);
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

static int set_orders(struct spot map, json_t *doc, json_t *patch, struct err *err)
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

static int merge_value(struct spot map, json_t *doc, const char *key, json_t *value,
		       struct err *err)
{
	json_t *live = json_object_get(doc, key), *out = NULL;
	bool same = live && json_typeof(live) == json_typeof(value);
	if (json_is_null(value)) {
		json_object_del(doc, key);
		return 0;
	}
	if (same && json_is_object(value))
		return merge_map(spot_field(map, key), live, value, err);
	struct spot at = spot_field(map, key);
	if (!same || !json_is_array(value) || !at.merges) {
		if (same && json_is_array(value))
			json_object_set(doc, key, value);
		else
			take_value(doc, key, value);
		return 0;
	}
	if (json_array_size(live) == 0 && json_array_size(value) == 0)
		return 0;
	int r = merge_list(at, live, value, NULL, &out, err);
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
		delete_items(live, doomed, NULL);
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
		return bad_directive(err, patch);
	json_object_del(patch, DIRECTIVE);
	json_object_clear(doc);
	json_object_update(doc, patch);
	return 0;
}

static int merge_map(struct spot at, json_t *doc, json_t *patch, struct err *err)
{
	const char *key;
	json_t *value;
	json_t *directive = json_object_get(patch, DIRECTIVE);
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
	int r = merge_map((struct spot){ .type = t }, *doc, copy, err);
	json_decref(copy);
	return r;
}

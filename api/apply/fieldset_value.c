/* SPDX-License-Identifier: Apache-2.0 */
/* Field sets of values and of differences between two values, by schema (structured-merge-diff's typed.ToFieldSet and Compare). */
#include "api/apply/fieldset_node.h"
#include "api/object/meta.h"
#include "api/shape.h"
#include "base/sort.h"

/* ---- elements of list items ---- */

/* A default of a key field, as JSON text: a plain string or an integer. */
static bool default_scalar(const char *text, struct scalar *out)
{
	struct str s = str_from(text);
	int64_t i;
	if (s.n >= 2 && s.p[0] == '"' && !memchr(s.p, '\\', s.n)) {
		*out = (struct scalar){ .kind = SCALAR_STRING, .s = str_of(s.p + 1, s.n - 2) };
		return true;
	}
	if (!str_to_i64(s, &i))
		return false;
	*out = (struct scalar){ .kind = SCALAR_INT, .i = i };
	return true;
}

static bool key_of_item(struct arena *a, const struct api_schema *item_schema, const json_t *item,
			const char *name, struct element_key *out)
{
	const json_t *value = json_object_get(item, name);
	out->name = str_from(name);
	if (value) {
		scalar_of(a, value, &out->value);
		return true;
	}
	const struct api_type *t =
		item_schema && item_schema->kind == API_OBJECT ? item_schema->type : NULL;
	const struct api_field *f = t ? api_type_field(t, out->name) : NULL;
	if (f && f->schema.default_json)
		return default_scalar(f->schema.default_json, &out->value);
	if (!f || !(f->always || f->published) || f->pointer)
		return false;
	out->value = f->schema.kind == API_STRING ? (struct scalar){ .kind = SCALAR_STRING }
						  : (struct scalar){ .kind = SCALAR_INT };
	return true;
}

static void sort_keys(struct element_key *keys, size_t n)
{
	for (size_t i = 1; i < n; i++)
		for (size_t j = i; j > 0 && str_cmp(keys[j - 1].name, keys[j].name) > 0; j--) {
			struct element_key t = keys[j];
			keys[j] = keys[j - 1];
			keys[j - 1] = t;
		}
}

static bool keyed_element(struct arena *a, const struct api_schema *schema, const json_t *item,
			  struct element *out)
{
	size_t n = 0;
	if (!json_is_object(item))
		return false;
	while (schema->list_keys && schema->list_keys[n])
		n++;
	struct element_key *keys = ARENA_ARRAY(a, struct element_key, n + 1);
	*out = (struct element){ .kind = ELEMENT_KEY, .keys = keys };
	for (size_t i = 0; i < n; i++)
		if (key_of_item(a, schema->item, item, schema->list_keys[i], &keys[out->nkeys]))
			out->nkeys++;
	sort_keys(keys, out->nkeys);
	return out->nkeys > 0;
}

bool element_of_item(struct arena *a, const struct api_schema *schema, const json_t *item,
		     struct element *out)
{
	if (schema->list_type == API_LIST_MAP)
		return keyed_element(a, schema, item, out);
	if (!item || json_is_object(item) || json_is_array(item) || json_is_null(item))
		return false;
	struct element_key *key = ARENA_NEW(a, struct element_key);
	scalar_of(a, item, &key->value);
	*out = (struct element){ .kind = ELEMENT_VALUE, .keys = key, .nkeys = 1 };
	return true;
}

/* ---- the set of one value ---- */

/* What is below a value; *leaf: the value is a member itself. */
static const struct fieldset *set_of(struct arena *a, struct shape shape, const json_t *value,
				     bool *leaf);

static const struct fieldset *set_of_map(struct arena *a, const struct shape *shape,
					 const json_t *map)
{
	struct set_builder b = { .a = a };
	const char *key;
	size_t n;
	json_t *value;
	json_object_keylen_foreach((json_t *)map, key, n, value)
	{
		bool named, leaf;
		struct str name = str_of(key, n);
		const struct api_schema *schema = shape_child(shape, name, &named);
		const struct fieldset *below = set_of(a, shape_of(schema, value), value, &leaf);
		bool empty = json_is_null(value) ||
			     (json_is_object(value) && json_object_size(value) == 0);
		set_add(&b, element_field(name), leaf || empty || !named, below);
	}
	return set_finish(&b);
}

static const struct fieldset *set_of_list(struct arena *a, const struct shape *shape,
					  const json_t *list)
{
	struct set_builder b = { .a = a };
	size_t i;
	json_t *item;
	json_array_foreach (list, i, item) {
		struct element e;
		bool leaf;
		if (!element_of_item(a, shape->list, item, &e))
			continue;
		set_add(&b, e, true, set_of(a, shape_of(shape->item, item), item, &leaf));
	}
	return set_finish_items(&b);
}

static const struct fieldset *set_of(struct arena *a, struct shape shape, const json_t *value,
				     bool *leaf)
{
	*leaf = shape.kind == SHAPE_LEAF;
	if (shape.kind == SHAPE_MAP && json_is_object(value))
		return set_of_map(a, &shape, value);
	if (shape.kind == SHAPE_LIST && json_is_array(value))
		return set_of_list(a, &shape, value);
	return NULL;
}

const struct fieldset *fieldset_of_value(struct arena *a, const struct api_schema *schema,
					 const json_t *value)
{
	bool leaf;
	return set_of(a, shape_of(schema, value), value, &leaf);
}

const struct fieldset *fieldset_of_object(struct arena *a, const struct api_type *t,
					  const json_t *object)
{
	return set_of_map(a, &(struct shape){ .kind = SHAPE_MAP, .type = t }, object);
}

/* ---- differences ---- */

struct diff { /* of one value: itself, and what is below it */
	bool changed, removed, keyless;
	const struct fieldset *changed_below, *removed_below;
};
struct diff_builder {
	struct set_builder changed, removed;
	bool keyless; /* the new value has an item of a list without its keys */
};

static struct diff compare(struct arena *a, const struct api_schema *schema, const json_t *old,
			   const json_t *new);

static void diff_add(struct diff_builder *b, struct element e, const struct diff *d)
{
	set_add(&b->changed, e, d->changed, d->changed_below);
	set_add(&b->removed, e, d->removed, d->removed_below);
	b->keyless |= d->keyless;
}

/* Go's structs are there either way: an empty one in the old value, and nothing in the new one, are the same. */
static bool same_leaf(const json_t *old, const json_t *new)
{
	if (shape_equal(old, new))
		return true;
	if (json_typeof(old) != json_typeof(new) || !(json_is_array(new) || json_is_object(new)))
		return false;
	json_t *filled = tree_copy(new);
	shape_fill_empty(filled, old);
	bool same = shape_equal(old, filled);
	json_decref(filled);
	return same;
}

static struct diff diff_leaf(const struct api_schema *schema, const json_t *old, const json_t *new)
{
	if (!old || !new)
		return (struct diff){ .changed = !old, .removed = !new };
	bool raw = schema && schema->kind == API_RAW;
	/* an empty list is something, and so is what is kept as it was sent */
	bool none = json_is_null(old) && (json_is_array(new) || (raw && json_is_object(new)));
	bool same = (shape_empty(old) && shape_empty(new) && !none) || same_leaf(old, new);
	return (struct diff){ .changed = !same };
}

static bool is_zero(const json_t *v)
{
	return json_is_false(v) || (json_is_integer(v) && json_integer_value(v) == 0) ||
	       (json_is_string(v) && json_string_length(v) == 0);
}

/* Go writes it as null. */
static bool is_null_when_absent(const struct api_field *f)
{
	return f->tag && f->pointer && f->always;
}

static void compare_field(struct diff_builder *b, const struct shape *shape, struct str name,
			  const json_t *old, const json_t *new, bool both)
{
	const struct api_field *f = shape->type ? api_type_field(shape->type, name) : NULL;
	const json_t *only = old ? old : new;
	bool null_differs = f && is_null_when_absent(f) && json_object_size(only);
	if (f && both && (!old || !new) && (shape_implicit(f) || null_differs)) {
		if (is_zero(only))
			return;
		old = old ? old : json_null();
		new = new ? new : json_null();
	}
	struct diff d = compare(b->changed.a, f ? &f->schema : shape->item, old, new);
	diff_add(b, element_field(name), &d);
}

/* Only one side exists: fields that Go would have in it, be it as null, come or go with it. */
static void compare_implicit(struct diff_builder *b, const struct shape *shape, const json_t *there,
			     bool added)
{
	for (size_t i = 0; shape->type && i < shape->type->nfields; i++) {
		const struct api_field *f = &shape->type->fields[i];
		if (!(shape_implicit(f) || is_null_when_absent(f)) ||
		    json_object_getn(there, f->name, f->name_length))
			continue;
		struct diff d = { .changed = added, .removed = !added };
		diff_add(b, element_field(str_of(f->name, f->name_length)), &d);
	}
}

static void compare_maps(struct diff_builder *b, const struct shape *shape, const json_t *old,
			 const json_t *new)
{
	bool both = old && new;
	const char *key;
	size_t n;
	json_t *value;
	json_object_keylen_foreach((json_t *)new, key, n, value)
		compare_field(b, shape, str_of(key, n), json_object_getn(old, key, n), value, both);
	json_object_keylen_foreach((json_t *)old, key, n, value) if (!json_object_getn(new, key, n))
		compare_field(b, shape, str_of(key, n), value, NULL, both);
	if (!both)
		compare_implicit(b, shape, new ? new : old, new != NULL);
}

static int by_item(const void *x, const void *y)
{
	const struct item *a = x, *b = y;
	int c = element_cmp(&a->e, &b->e);
	return c ? c : a->at < b->at ? -1 : a->at > b->at;
}

struct items items_of(struct arena *a, const struct api_schema *schema, const json_t *list)
{
	struct items out = { .p = ARENA_ARRAY(a, struct item, json_array_size(list) + 1) };
	size_t i;
	json_t *value;
	json_array_foreach (list, i, value)
		if (element_of_item(a, schema, value, &out.p[out.n].e)) {
			out.p[out.n].value = value;
			out.p[out.n++].at = i;
		}
	sort_mostly(out.p, out.n, sizeof(*out.p), by_item);
	return out;
}

size_t items_run(const struct items *it, size_t from)
{
	size_t n = 1;
	while (from + n < it->n && element_cmp(&it->p[from].e, &it->p[from + n].e) == 0)
		n++;
	return n;
}

size_t items_find(const struct items *it, const struct element *e)
{
	size_t lo = 0, hi = it->n;
	while (lo < hi) {
		size_t mid = (lo + hi) / 2;
		if (element_cmp(&it->p[mid].e, e) < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo < it->n && element_cmp(&it->p[lo].e, e) == 0 ? lo : it->n;
}

static bool same_runs(const struct item *x, size_t nx, const struct item *y, size_t ny)
{
	for (size_t i = 0; i < nx && nx == ny; i++)
		if (!shape_equal(x[i].value, y[i].value))
			return false;
	return nx == ny;
}

/* Items of one element: usually one on each side. Doubles count as one atomic value. */
static void compare_items(struct diff_builder *b, const struct api_schema *item,
			  const struct item *old, size_t nold, const struct item *new, size_t nnew)
{
	struct diff d = { 0 };
	const struct element e = nold ? old->e : new->e;
	if (nold <= 1 && nnew <= 1) {
		d = compare(b->changed.a, item, nold ? old->value : NULL, nnew ? new->value : NULL);
	} else if (nold >= 2 && nnew >= 2) {
		d.changed = !same_runs(old, nold, new, nnew);
	} else if (nold >= 2) {
		if (nnew)
			d = compare(b->changed.a, item, NULL, new->value);
		d.removed = true;
	} else {
		if (nold)
			d = compare(b->changed.a, item, old->value, NULL);
		d.changed = true;
	}
	diff_add(b, e, &d);
}

static void compare_lists(struct diff_builder *b, const struct shape *shape, const json_t *old,
			  const json_t *new)
{
	struct items o = items_of(b->changed.a, shape->list, old),
		     n = items_of(b->changed.a, shape->list, new);
	size_t i = 0, j = 0;
	b->keyless |= n.n < json_array_size(new);
	while (i < o.n || j < n.n) {
		int c = i >= o.n ? 1 : j >= n.n ? -1 : element_cmp(&o.p[i].e, &n.p[j].e);
		size_t ni = c <= 0 ? items_run(&o, i) : 0, nj = c >= 0 ? items_run(&n, j) : 0;
		compare_items(b, shape->item, &o.p[i], ni, &n.p[j], nj);
		i += ni;
		j += nj;
	}
}

static struct diff compare(struct arena *a, const struct api_schema *schema, const json_t *old,
			   const json_t *new)
{
	if (old == new)
		return (struct diff){ 0 };
	struct shape shape = shape_of(schema, shape_empty(new) ? old : new);
	bool maps = shape.kind == SHAPE_MAP && (!old || json_is_object(old) || json_is_null(old)) &&
		    (!new || json_is_object(new) || json_is_null(new));
	bool lists = shape.kind == SHAPE_LIST;
	if ((!maps && !lists) ||
	    (shape_empty(old) && shape_empty(new) && (maps ? (old && new) || !shape.type : true)))
		return diff_leaf(schema, old, new);
	struct diff_builder b = { .changed.a = a, .removed.a = a };
	if (maps)
		compare_maps(&b, &shape, old, new);
	else
		compare_lists(&b, &shape, old, new);
	return (struct diff){ !old, !new, b.keyless, set_finish(&b.changed),
			      set_finish(&b.removed) };
}

bool fieldset_compare(struct arena *a, const struct api_type *t, const json_t *old,
		      const json_t *new, const struct fieldset **changed,
		      const struct fieldset **removed)
{
	struct diff_builder b = { .changed.a = a, .removed.a = a };
	struct shape shape = shape_of_type(t);
	compare_maps(&b, &shape, old ? old : json_null(), new);
	*changed = set_finish(&b.changed);
	*removed = set_finish(&b.removed);
	return !b.keyless;
}

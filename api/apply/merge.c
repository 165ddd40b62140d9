/* SPDX-License-Identifier: Apache-2.0 */
/* Follows structured-merge-diff's typed.Merge (the applied value wins) and RemoveItems. */
#include "api/apply/merge.h"

#include "api/apply/fieldset_node.h"
#include "api/shape.h"
#include "base/sort.h"

/* ---- merging ---- */

static json_t *merge(struct arena *a, const struct api_schema *schema, json_t *live,
		     json_t *applied);

static json_t *merge_maps(struct arena *a, const struct shape *shape, json_t *live, json_t *applied)
{
	json_t *out = json_is_object(live) ? json_copy(live) : json_object();
	const char *key;
	size_t n;
	json_t *value;
	json_object_keylen_foreach(applied, key, n, value)
	{
		bool named;
		const struct api_schema *schema = shape_child(shape, str_of(key, n), &named);
		json_object_setn_new_nocheck(out, key, n,
					     merge(a, schema, json_object_getn(live, key, n),
						   value));
	}
	return out;
}

struct list_merge { /* two lists on their way into one */
	struct arena *a;
	const struct shape *shape;
	struct items live, applied; /* sorted */
	struct item *live_order, *applied_order;
	bool *merged; /* by place in `applied` order */
	json_t *out;
};

static int by_place(const void *x, const void *y)
{
	const struct item *a = x, *b = y;
	return a->at < b->at ? -1 : a->at > b->at;
}

static struct item *in_order(struct arena *a, const struct items *it)
{
	struct item *copy = ARENA_ARRAY(a, struct item, it->n + 1);
	if (it->n)
		memcpy(copy, it->p, it->n * sizeof(*copy));
	sort_mostly(copy, it->n, sizeof(*copy), by_place);
	return copy;
}

/* The live item of an element; NULL when there is none or when there are several. */
static json_t *live_value(const struct list_merge *m, const struct element *e)
{
	size_t i = items_find(&m->live, e);
	return i < m->live.n && items_run(&m->live, i) == 1 ? m->live.p[i].value : NULL;
}

static bool is_applied(const struct list_merge *m, const struct element *e)
{
	return items_find(&m->applied, e) < m->applied.n;
}

static bool is_live(const struct list_merge *m, const struct element *e)
{
	return items_find(&m->live, e) < m->live.n;
}

static void take_applied(struct list_merge *m, size_t i)
{
	const struct item *item = &m->applied_order[i];
	m->merged[items_find(&m->applied, &item->e)] = true;
	json_array_append_new(m->out,
			      merge(m->a, m->shape->item, live_value(m, &item->e), item->value));
}

/* The next applied item, from `from` on, that the live list has, too. */
static size_t next_shared(const struct list_merge *m, size_t from)
{
	while (from < m->applied.n && !is_live(m, &m->applied_order[from].e))
		from++;
	return from;
}

/* Both orders are kept as far as they agree; where they don't, the applied one wins. */
static void merge_orders(struct list_merge *m)
{
	size_t i = 0, j = 0, shared = next_shared(m, 0);
	while (i < m->live.n || j < m->applied.n) {
		const struct element *l = i < m->live.n ? &m->live_order[i].e : NULL;
		if (l && j < m->applied.n) {
			if (element_cmp(l, &m->applied_order[j].e) == 0) {
				take_applied(m, j++);
				i++;
				shared = next_shared(m, shared + 1);
				continue;
			}
			if (is_applied(m, l) && shared < m->applied.n &&
			    element_cmp(l, &m->applied_order[shared].e) != 0) {
				i++; /* shared, but not its turn: it comes with the applied one */
				continue;
			}
		}
		if (l && !is_applied(m, l)) {
			json_array_append(m->out, m->live_order[i++].value);
			continue;
		}
		if (l && m->merged[items_find(&m->applied, l)])
			i++;
		if (j < m->applied.n) {
			bool was_shared = shared == j;
			take_applied(m, j++);
			if (was_shared)
				shared = next_shared(m, shared + 1);
		}
	}
}

static json_t *merge_lists(struct arena *a, const struct shape *shape, const json_t *live,
			   const json_t *applied)
{
	struct list_merge m = { .a = a, .shape = shape, .out = json_array() };
	m.live = items_of(a, shape->list, live);
	m.applied = items_of(a, shape->list, applied);
	m.live_order = in_order(a, &m.live);
	m.applied_order = in_order(a, &m.applied);
	m.merged = ARENA_ARRAY(a, bool, m.applied.n + 1);
	merge_orders(&m);
	return m.out;
}

static json_t *merge(struct arena *a, const struct api_schema *schema, json_t *live,
		     json_t *applied)
{
	struct shape shape = shape_of(schema, applied);
	bool both_empty = shape_empty(live) && shape_empty(applied);
	if (shape.kind == SHAPE_MAP && !both_empty &&
	    (json_is_object(applied) || json_is_null(applied)))
		return merge_maps(a, &shape, live, applied);
	if (shape.kind == SHAPE_LIST && !both_empty &&
	    (json_is_array(applied) || json_is_null(applied)))
		return merge_lists(a, &shape, live, applied);
	return json_incref(applied);
}

json_t *apply_merge_trees(struct arena *a, const struct api_type *t, json_t *live, json_t *applied)
{
	struct shape shape = shape_of_type(t);
	return merge_maps(a, &shape, live, applied);
}

/* ---- removing ---- */

static json_t *remove_below(struct arena *a, struct shape shape, json_t *value,
			    const struct fieldset *doomed, bool nulls);

static json_t *remove_from_map(struct arena *a, const struct shape *shape, json_t *map,
			       const struct fieldset *doomed, bool nulls)
{
	json_t *out = json_copy(map);
	for (size_t i = 0; i < doomed->n; i++) {
		const struct entry *e = &doomed->entries[i];
		json_t *value = e->e.kind == ELEMENT_FIELD
					? json_object_getn(map, e->e.name.p, e->e.name.n)
					: NULL;
		bool named;
		if (!value)
			continue;
		if (e->member) {
			json_object_deln(out, e->e.name.p, e->e.name.n);
			continue;
		}
		const struct api_schema *schema = shape_child(shape, e->e.name, &named);
		json_t *left = remove_below(a, shape_of(schema, value), value, e->below, nulls);
		if (left || nulls)
			json_object_setn_new_nocheck(out, e->e.name.p, e->e.name.n,
						     left ? left : json_null());
		else
			json_object_deln(out, e->e.name.p, e->e.name.n);
	}
	return out;
}

static json_t *remove_from_list(struct arena *a, const struct shape *shape, json_t *list,
				const struct fieldset *doomed, bool nulls)
{
	json_t *out = json_array(), *item;
	size_t i;
	json_array_foreach (list, i, item) {
		struct element e;
		const struct entry *found =
			element_of_item(a, shape->list, item, &e) ? set_find(doomed, &e) : NULL;
		if (found && found->member)
			continue;
		json_t *left = found ? remove_below(a, shape_of(shape->item, item), item,
						    found->below, nulls)
				     : json_incref(item);
		if (left)
			json_array_append_new(out, left);
	}
	return out;
}

/* NULL: nothing is left. */
static json_t *remove_below(struct arena *a, struct shape shape, json_t *value,
			    const struct fieldset *doomed, bool nulls)
{
	json_t *out = NULL;
	if (shape.kind == SHAPE_MAP && json_is_object(value))
		out = remove_from_map(a, &shape, value, doomed, nulls);
	else if (shape.kind == SHAPE_LIST && json_is_array(value))
		out = remove_from_list(a, &shape, value, doomed, nulls);
	else if (!json_is_object(value) && !json_is_array(value))
		return json_incref(value);
	if (!shape_empty(out))
		return out;
	json_decref(out);
	return NULL;
}

json_t *apply_remove(struct arena *a, const struct api_type *t, json_t *tree,
		     const struct fieldset *doomed, bool nulls)
{
	struct shape shape = shape_of_type(t);
	return doomed ? remove_from_map(a, &shape, tree, doomed, nulls) : json_incref(tree);
}

/* ---- named fields ---- */

static const struct fieldset *with_named(struct arena *a, struct shape shape,
					 const struct fieldset *s)
{
	struct set_builder b = { .a = a };
	for (size_t i = 0; s && i < s->n; i++) {
		const struct entry *e = &s->entries[i];
		bool named = false;
		const struct api_schema *schema = e->e.kind == ELEMENT_FIELD
							  ? shape_child(&shape, e->e.name, &named)
							  : shape.item;
		struct shape below = shape_of(schema, NULL);
		set_add(&b, e->e, e->member || (named && e->below), with_named(a, below, e->below));
	}
	return set_finish(&b);
}

const struct fieldset *apply_with_named(struct arena *a, const struct api_type *t,
					const struct fieldset *s)
{
	return with_named(a, shape_of_type(t), s);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Inside of field sets, for the files that build and walk them: a set is a sorted array of entries, an entry is a path element, whether it
 * is a member, and the set below it. No entry is without both. Arena-allocated, immutable once built. */
#ifndef API_APPLY_FIELDSET_NODE_H
#define API_APPLY_FIELDSET_NODE_H

#include "api/apply/fieldset.h"

enum element_kind {
	ELEMENT_FIELD,
	ELEMENT_KEY,
	ELEMENT_VALUE,
	ELEMENT_INDEX
}; /* in upstream's order */

enum scalar_kind {
	SCALAR_INT,
	SCALAR_FLOAT,
	SCALAR_STRING,
	SCALAR_BOOL,
	SCALAR_OTHER,
	SCALAR_NULL
};
struct scalar {
	enum scalar_kind kind;
	int64_t i;    /* int, bool */
	double d;     /* float */
	struct str s; /* string; JSON text of something else */
};

struct element_key {
	struct str name;
	struct scalar value;
};

struct element {
	enum element_kind kind;
	struct str name;                /* field */
	const struct element_key *keys; /* key: sorted by name; value: one without a name */
	size_t nkeys;
	int64_t index;
};

struct entry {
	struct element e;
	bool member;
	const struct fieldset *below;
};

struct fieldset {
	size_t n;
	const struct entry *entries;
};

/* Gathers entries of one level; set_finish() sorts them, joins equal ones and gives the set (NULL when there are none). */
struct set_builder {
	struct arena *a;
	struct entry *entries;
	size_t n, cap;
};
void set_add(struct set_builder *b, struct element e, bool member, const struct fieldset *below);
const struct fieldset *set_finish(struct set_builder *b);
/* The same for items of a list: what occurs twice is a member without anything below. */
const struct fieldset *set_finish_items(struct set_builder *b);

int element_cmp(const struct element *x, const struct element *y);
static inline struct element element_field(struct str name)
{
	return (struct element){ .kind = ELEMENT_FIELD, .name = name };
}
void scalar_of(struct arena *a, const json_t *value,
	       struct scalar *out); /* text is borrowed from value */
/* The element of an item of a list of `schema` (a set, or a map by keys). False: it has no such (no key, or not a scalar). */
bool element_of_item(struct arena *a, const struct api_schema *schema, const json_t *item,
		     struct element *out);
/* Items of a list that have an element, sorted by it; equal ones stay in the list's order. */
struct item {
	struct element e;
	json_t *value; /* borrowed */
	size_t at;     /* place in the list */
};
struct items {
	struct item *p;
	size_t n;
};
struct items items_of(struct arena *a, const struct api_schema *schema, const json_t *list);
size_t items_run(const struct items *it, size_t from); /* how many equal ones start there */
size_t items_find(const struct items *it, const struct element *e); /* the first, or it->n */
const struct entry *set_find(const struct fieldset *s,
			     const struct element *e); /* NULL if absent */
static inline const struct fieldset *set_below(const struct fieldset *s, const struct element *e)
{
	const struct entry *found = set_find(s, e);
	return found ? found->below : NULL;
}
static inline bool set_has(const struct fieldset *s, const struct element *e)
{
	const struct entry *found = set_find(s, e);
	return found && found->member;
}
/* `.name`, `[name="web"]`, `[="x"]`, `[3]` */
void element_write(const struct element *e, struct buf *out);

#endif

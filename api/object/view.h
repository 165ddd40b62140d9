/* SPDX-License-Identifier: Apache-2.0 */
/* A read-only look into JSON text: one pass makes a flat array of where values begin and end, look-ups walk it. For what reads a few
 * fields of many objects at rest (table cells, partial metadata) and must not build trees. Borrows the text. Not thread-safe; one view can
 * be used for one object after the other and keeps its memory. */
#ifndef API_OBJECT_VIEW_H
#define API_OBJECT_VIEW_H

#include "api/json/reader.h"
#include "base/buf.h"

struct view_node {
	uint32_t at, n; /* the value's text; of a string, what is between the quotes */
	uint32_t key_at, key_n;
	uint32_t next; /* index of what follows in the array after this value */
	uint8_t type;  /* enum reader_type */
	bool cooked;   /* a string that holds escapes */
};
struct view {
	struct str text;
	struct view_node *nodes;
	size_t n, cap;
};

struct at { /* one value; v == NULL: none (absent), and every look-up in it gives none */
	const struct view *v;
	uint32_t i;
};

int view_load(struct view *v, struct str json, struct err *err);
void view_free(struct view *v);
struct at view_root(const struct view *v);

struct at at_get(struct at a, const char *key);
struct at at_path(struct at a, const char *path); /* "status.loadBalancer.ingress" */
struct at at_item(struct at a, size_t index);
struct at at_first(struct at a); /* of an array or object */
struct at at_next(struct at parent, struct at child);
#define AT_EACH(parent, it) for (struct at it = at_first(parent); it.v; it = at_next(parent, it))
size_t at_count(struct at a);
enum reader_type at_type(struct at a); /* READ_NOTHING when absent */
struct str at_raw(struct at a);        /* JSON text of the value, strings with their quotes */
struct str at_key(struct at a);        /* of an object's member, as written */
void at_text(
	struct at a, struct
	buf *out); /* appends: strings decoded, others as their JSON; nothing for null and absent */
bool at_eq(struct at a, const char *text); /* a string with this text */
bool at_empty(struct at a);                /* absent, null, "" */
int64_t at_int(struct at a, int64_t absent);
bool at_true(struct at a);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* Sets of fields, as metadata.managedFields holds them (FieldsV1): a tree of path elements `f:NAME` (field), `k:{…}` (list item by keys),
 * `v:VALUE` (item of a set), `i:N` (item by index); `.` marks a node that is itself a member. Follows structured-merge-diff's fieldpath.
 *
 * Nodes live in an arena and are immutable once a set is returned, so results share nodes with their inputs. NULL is the empty set.
 * The functions never fail for want of memory and are linear in the sizes of their inputs. */
#ifndef API_APPLY_FIELDSET_H
#define API_APPLY_FIELDSET_H

#include <jansson.h>

#include "api/type.h"
#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"

struct fieldset;

int fieldset_parse(struct arena *a, const json_t *fields_v1, const struct fieldset **out,
		   struct err *err);
json_t *fieldset_json(const struct fieldset *s);                /* canonical; new reference */
void fieldset_write(const struct fieldset *s, struct buf *out); /* the same as text */

bool fieldset_empty(const struct fieldset *s);
bool fieldset_equal(const struct fieldset *x, const struct fieldset *y);
size_t fieldset_count(const struct fieldset *s); /* members */
const struct fieldset *fieldset_union(struct arena *a, const struct fieldset *x,
				      const struct fieldset *y);
const struct fieldset *fieldset_intersection(struct arena *a, const struct fieldset *x,
					     const struct fieldset *y);
const struct fieldset *fieldset_difference(struct arena *a, const struct fieldset *x,
					   const struct fieldset *y);
/* As difference, but a member of y takes all that is below it along. */
const struct fieldset *fieldset_subtract(struct arena *a, const struct fieldset *x,
					 const struct fieldset *y);

/* Every field of a value: leaves, items of lists, and what is atomic as one member. */
const struct fieldset *fieldset_of_value(struct arena *a, const struct api_schema *schema,
					 const json_t *value);
const struct fieldset *fieldset_of_object(struct arena *a, const struct api_type *t,
					  const json_t *object);
/* Fields that differ between two values of a type: changed or added ones in `changed`, removed ones in `removed`. False: the new
 * one has an item of a list without any of its keys; such an object can't be tracked. */
bool fieldset_compare(struct arena *a, const struct api_type *t, const json_t *old,
		      const json_t *new, const struct fieldset **changed,
		      const struct fieldset **removed);

/* Members in order, as upstream prints them: `.spec.containers[name="web"].image`. */
void fieldset_paths(const struct fieldset *s, void (*each)(void *ctx, struct str path), void *ctx);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* How server-side apply looks at one value: a leaf, a map, or a list whose items are found by key. Made from the schema and the value,
 * because a value without a schema (unknown fields kept by a custom resource, raw JSON) is judged by its own look: its maps merge, its
 * lists are leaves. Plain values; any thread. */
#ifndef API_SHAPE_H
#define API_SHAPE_H

#include <jansson.h>

#include "api/type.h"

enum shape_kind { SHAPE_LEAF, SHAPE_MAP, SHAPE_LIST };
struct shape {
	enum shape_kind kind;
	const struct api_type *type; /* a map with known fields, or NULL */
	const struct api_schema
		*item; /* of lists and of maps without known fields; NULL: not known */
	const struct api_schema *list; /* SHAPE_LIST: where its keys are found */
};

struct shape shape_of(const struct api_schema *schema, const json_t *value);
struct shape shape_of_type(const struct api_type *t);
/* The schema of a field or a map's value; *named tells whether it is a field that the schema knows. NULL: not known. */
const struct api_schema *shape_child(const struct shape *s, struct str name, bool *named);
/* Whether a Go struct holds something where the JSON has nothing: a struct held by value, or another field that is always written.
 * Upstream compares such objects, so an absent field counts as an empty value there. */
bool shape_implicit(const struct api_field *f);
/* Takes out what a Go struct would not write: zero values, empty maps and lists of fields that may be left out. */
void shape_drop_unwritten(const struct api_type *t, json_t *object);
/* Deep equality; 1 and 1.0 are equal. */
bool shape_equal(const json_t *a, const json_t *b);
/* Whether two values of a field differ in more than what is spelled out and what is left out. False: perhaps they don't. */
bool shape_surely_differs(const struct api_schema *schema, const json_t *a, const json_t *b);
/* Puts an empty object where `old` has one and `object` has nothing: a struct held by value is there either way. */
void shape_fill_empty(json_t *object, const json_t *old);
/* NULL, null, {} and []. */
bool shape_empty(const json_t *value);

#endif

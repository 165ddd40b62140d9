/* SPDX-License-Identifier: Apache-2.0 */
/* Inside of selectors, for their parsers. */
#ifndef API_SELECTOR_PARTS_H
#define API_SELECTOR_PARTS_H

#include "api/selector/selector.h"
#include "base/arena.h"

enum selector_op {
	OP_EQUALS,
	OP_DOUBLE_EQUALS,
	OP_NOT_EQUALS,
	OP_IN,
	OP_NOT_IN,
	OP_EXISTS,
	OP_NOT_EXISTS,
	OP_GREATER,
	OP_LESS,
};

#define FIELD_NAME      (-1)
#define FIELD_NAMESPACE (-2)

struct requirement {
	struct str key;
	enum selector_op op;
	const struct str *values; /* sorted, without doubles */
	size_t nvalues;
	int64_t number; /* OP_GREATER, OP_LESS */
	int field;      /* index into resource->selectable, or FIELD_… */
	size_t order;
};

struct selector {
	struct arena arena;
	struct requirement *requirements; /* sorted by key */
	size_t n, cap;
	bool of_fields;
	bool nothing; /* matches no object (an absent LabelSelector) */
};

struct selector *selector_new(void);
struct requirement *selector_add(struct selector *s);
void selector_sort(struct selector *s);
/* Checks a label requirement as upstream's NewRequirement. */
int requirement_check(const struct requirement *r, struct err *err);
/* Sorts values and drops doubles; they are copied into the arena. */
void requirement_set_values(struct selector *s, struct requirement *r, const struct str *values,
			    size_t n);

#endif

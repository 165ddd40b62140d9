/* SPDX-License-Identifier: Apache-2.0 */
/* Between the files that hold values against rules (check*.c): where a value stands, and what was found wrong with it. Private to them. */
#ifndef API_CRD_CHECK_H
#define API_CRD_CHECK_H

#include "api/crd/rules.h"

struct outcome {
	struct err err;
	int matches; /* how upstream tells which of several failures is the best */
};

struct place {
	const json_t *value, *old; /* old NULL: nothing to compare with */
	const char *path;   /* as messages have it: ".spec" at the root of additional properties */
	const char *prefix; /* in front of it in the cause's field */
};

void crd_outcome_free(struct outcome *o);
void crd_outcome_merge(struct outcome *to, struct outcome *from);
/* The cause's field: the path without a leading dot, behind the prefix. */
const char *crd_place_field(const struct place *at, struct buf *out);
/* An error of alternatives, which upstream gives no field of its own. */
void crd_complain_nowhere(struct outcome *o, const struct place *at, const char *text);

#define COMPLAIN(call, o, at, ...)                                            \
	do {                                                                  \
		auto_buf field_ = { 0 };                                      \
		struct check check_ = { .err = &(o)->err };                   \
		call(&check_, crd_place_field((at), &field_), ##__VA_ARGS__); \
		buf_free(&check_.path);                                       \
	} while (0)

/* All rules, with what is below the value. */
void crd_rules_run(const struct crd_rules *r, const struct place *at, struct outcome *out);

/* check_value.c: what is seen at the value itself */
void crd_wrong_type(const struct place *at, const char *wanted, const char *have,
		    struct outcome *o);
void crd_type_check(const struct crd_rules *r, const struct place *at, struct outcome *o);
void crd_enum_check(const struct crd_rules *r, const struct place *at, struct outcome *o);
void crd_string_check(const struct crd_rules *r, const struct place *at, struct outcome *o);
void crd_format_check(const struct crd_rules *r, const struct place *at, struct outcome *o);
void crd_number_check(const struct crd_rules *r, const struct place *at, struct outcome *o);
/* check_choice.c: anyOf, oneOf, allOf, not */
void crd_choice_check(const struct crd_rules *r, const struct place *at, struct outcome *o);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* What validators stand on: a field path that grows and shrinks while an object is walked, and one call per kind of complaint, which
 * becomes a cause of the error with upstream's words. A `child` is a field below the current path, "a.b" two of them, NULL or "" the current
 * path itself. A check belongs to one validation; the rules below it never fail, they only add causes. */
#ifndef API_VALIDATION_CHECK_H
#define API_VALIDATION_CHECK_H

#include <jansson.h>

#include "api/shape.h"
#include "api/values/names.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/map.h"

struct check {
	struct err *err;
	struct buf path;
	/* Complaints of rules that upstream generates from markers of fields: they come after all others, in the order of the fields. */
	struct err later;
	bool update; /* of an object that is there: generated rules stop where something is fixed */
	bool declared; /* where complaints go now */
	bool custom;   /* of a custom resource: finalizers may have any qualified name */
	bool general; /* a kind whose metadata upstream checks with its general rules alone: the same */
};

/* `size_t was = check_in(c, "spec"); … check_out(c, was);` */
size_t check_in(struct check *c, const char *field);
size_t check_in_index(struct check *c, size_t i);
size_t check_in_key(struct check *c, struct str key); /* `limits[cpu]` */
void check_out(struct check *c, size_t was);

/* What the call complains about comes later. */
#define CHECK_DECLARED(c, call)        \
	do {                           \
		(c)->declared = true;  \
		call;                  \
		(c)->declared = false; \
	} while (0)

void check_required(struct check *c, const char *child, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
void check_forbidden(struct check *c, const char *child, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
void check_invalid(struct check *c, const char *child, const json_t *value, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));
void check_invalid_text(struct check *c, const char *child, struct str value, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));
void check_invalid_type(struct check *c, const char *child, const json_t *value, const char *fmt,
			...) __attribute__((format(printf, 4, 5)));
/* Without the value, which is too large or too secret. */
void check_invalid_bare(struct check *c, const char *child, const char *detail);
/* A number where an absent one is 0. */
void check_invalid_number(struct check *c, const char *child, int64_t value, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));
/* The value is printed as it is: every member, in its order, empty ones too. */
void check_invalid_whole(struct check *c, const char *child, const json_t *value, const char *fmt,
			 ...) __attribute__((format(printf, 4, 5)));
void check_duplicate(struct check *c, const char *child, const json_t *value);
void check_duplicate_text(struct check *c, const char *child, struct str value);
void check_not_found(struct check *c, const char *child, struct str value, const char *detail);
void check_too_long(struct check *c, const char *child, int max_bytes);
void check_too_long_counted(struct check *c, const char *child, int max_characters);
void check_too_many(struct check *c, const char *child, size_t n, size_t max);
void check_unsupported(struct check *c, const char *child, const json_t *value,
		       const char *const *supported); /* NULL-terminated */

/* check_rules.c: rules that come back everywhere. */
/* Each item of the list, at CHILD[i]. */
void check_each(struct check *c, const json_t *list, const char *child,
		void (*check)(struct check *c, const json_t *item));
void check_name(struct check *c, const char *child, struct str value, name_check rule);
/* One complaint of a name rule. Generated rules call bytes what others call characters. */
void check_name_text(struct check *c, const char *child, struct str value, const char *text);
/* Required when empty, else the name rule. */
void check_required_name(struct check *c, const char *child, struct str value, name_check rule);
void check_one_of(struct check *c, const json_t *parent, const char *child,
		  const char *const *supported, bool required);
/* An empty text is none of them; absent: neither. */
void check_known(struct check *c, const json_t *parent, const char *child,
		 const char *const *supported);
/* For a field that upstream has a pointer to: absent it is required, an empty text is none of them. */
void check_one_pointed(struct check *c, const json_t *parent, const char *child,
		       const char *const *supported);
/* The same for a field that may be absent. */
void check_known_if_set(struct check *c, const json_t *parent, const char *child,
			const char *const *supported);
void check_non_negative(struct check *c, const json_t *parent,
			const char *child); /* an absent one is fine */
void check_positive(struct check *c, const json_t *parent, const char *child);
void check_range(struct check *c, const json_t *parent, const char *child, int64_t lo, int64_t hi);
void check_immutable(struct check *c, const char *child, const json_t *new, const json_t *old);
/* The same for a text that upstream has no pointer to: an absent one is empty. */
void check_immutable_text(struct check *c, const char *child, const json_t *new, const json_t *old);
/* The same for a field whose rule upstream generates: it prints no value. */
void check_fixed(struct check *c, const char *child, const json_t *new, const json_t *old);
void check_port(struct check *c, const char *child, const json_t *port); /* 1-65535 */
void check_port_or_name(struct check *c, const char *child, const json_t *port);
void check_int_or_percent(struct check *c, const json_t *parent, const char *child);
/* check_labels.c */
void check_labels(struct check *c, const char *child, const json_t *map);
/* Of labels or of fields, as reviews of access have them: operators of later versions are let through. */
void check_selector_requirements(struct check *c, const char *child, const json_t *list,
				 bool labels);
void check_label_selector(struct check *c, const char *child, const json_t *selector);
void check_annotations(struct check *c, const char *child, const json_t *map);
/* check_ip.c */
void check_ip(struct check *c, const char *child, struct str text);
/* It may stand for an endpoint: not for this machine itself nor for what is heard on one link. */
void check_ip_reaches(struct check *c, const char *child, struct str text);
void check_ip_canonical(struct check *c, const char *child, struct str text);
void check_cidr(struct check *c, const char *child, struct str text);

/* 4, 6, or 0 when it is no address. */
int ip_family(struct str text);
int cidr_family(struct str text);

bool check_failed(const struct check *c, size_t causes_before);
static inline size_t check_causes(const struct check *c)
{
	return c->err->ncauses;
}
/* Whether a text came before; remembers it. A client can send many: never look through a list once per item. */
static inline bool seen_before(struct map *seen, struct str text)
{
	return map_put(seen, text, seen) != NULL;
}
static inline bool str_in(struct str s, const char *const *words)
{
	for (; *words; words++)
		if (str_eqz(s, *words))
			return true;
	return false;
}

#endif

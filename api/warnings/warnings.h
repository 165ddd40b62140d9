/* SPDX-License-Identifier: Apache-2.0 */
/* What a client should hear of an object that is valid all the same: deprecated fields, values without effect, overlaps. Upstream's
 * WarningsOnCreate and WarningsOnUpdate, with its words. A kind is a row in warnings.c; what it warns of is a function. */
#ifndef API_WARNINGS_WARNINGS_H
#define API_WARNINGS_WARNINGS_H

#include "api/type.h"
#include "api/validation/check.h"

struct warnings {
	bool (*tell)(void *ctx, const char *text); /* false: nothing more is heard */
	void *ctx;
	bool enough;     /* nothing more needs to be looked for */
	struct check at; /* only its path is used: check_in(), check_out() */
};

/* `old` is NULL at creation; subresource "" is the object itself. */
void object_warnings(const struct api_resource *r, const char *subresource, const json_t *new,
		     const json_t *old, bool (*tell)(void *ctx, const char *text), void *ctx);

/* ---- for the files of kinds ---- */

/* What is held against each other, pair by pair: of the first so many. */
#define WARN_PAIRED_MAX 512

void warn(struct warnings *w, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* "PATH.child: text" */
void warn_at(struct warnings *w, const char *child, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
bool warn_annotated(const json_t *object, const char *key);
void warn_ip(struct warnings *w, const char *child, struct str text);
void warn_cidr(struct warnings *w, const char *child, struct str text);
/* A quantity of bytes at `list`[`name`] that is no whole number. */
void warn_fraction(struct warnings *w, const json_t *holder, const char *list, const char *name);
/* Why a label of nodes shouldn't be used any more; NULL: it may. */
const char *node_label_deprecated(struct str key);
void warn_node_selector_terms(struct warnings *w, const json_t *terms);

void warn_pod_spec(struct warnings *w, const json_t *metadata, const json_t *spec, bool template);
void warn_pod_paths(struct warnings *w, const json_t *volumes);
void warn_claim_spec(struct warnings *w, const json_t *spec);
void warn_service(struct warnings *w, const json_t *new);
void warn_secret(struct warnings *w, const json_t *secret);
void warn_definition(struct warnings *w, const json_t *new, const json_t *old);
void warn_volume(struct warnings *w, const json_t *volume);

#endif

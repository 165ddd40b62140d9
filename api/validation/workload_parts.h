/* SPDX-License-Identifier: Apache-2.0 */
/* What kinds share that keep a number of pods of one template: their selectors must find the template's labels, and stay as they
 * are. Private to validation; any thread. */
#ifndef API_VALIDATION_WORKLOAD_PARTS_H
#define API_VALIDATION_WORKLOAD_PARTS_H

#include "api/validation/check.h"

/* At the spec; `kind` as errors name it: "deployment". `broken`: what is said about a selector that can't be understood; NULL: nothing. */
void check_workload_selector(struct check *c, const json_t *spec, const char *kind,
			     const char *broken);
/* A part of it. No selector finds nothing. */
void check_selector_finds_template(struct check *c, const json_t *spec, const char *broken);
bool selector_is_empty(const json_t *selector);
/* spec.selector is immutable; at the root of the object. */
void check_selector_kept(struct check *c, const json_t *new, const json_t *old);
/* At the spec; `kind` as errors name it: "ReplicaSet". */
void check_workload_template(struct check *c, const json_t *spec, const char *kind);

/* The number, or that of a text like "25%"; 0 for anything else. */
int number_or_percent(const json_t *value);
/* A number of pods or at most 100% of them. */
void check_share_of_pods(struct check *c, const json_t *parent, const char *child);

/* At the root. `counts`, up to NULL: fields that can't exceed status.replicas; `ready`: how readyReplicas is called. */
void check_workload_status(struct check *c, const json_t *new, const json_t *old,
			   const char *const *counts, const char *ready);
/* A part of it: status.collisionCount only grows. */
void check_collisions(struct check *c, const json_t *new, const json_t *old);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* What the controllers of pods have in common: finding the objects that belong to an owner (by controller reference, with
 * adoption and release by selector), and turning changes of those into keys of their owners. */
#ifndef SERVER_CONTROLLERS_WORKLOAD_H
#define SERVER_CONTROLLERS_WORKLOAD_H

#include "client/selectors.h"
#include "server/controllers/owners.h"
#include "server/controllers/pods.h"

struct workload {
	struct controller *controller;
	const struct api_resource *resource; /* of the owners */
	struct informer *owners, *children;  /* children: mostly pods */
	int by_owner;                        /* index of children by controller uid */
	struct expectations expected;
	struct event_recorder *events;
	struct map failures; /* key → why its pods could last not be made or removed */
	void *own;           /* the controller's, if it needs more */
};
/* Makes the queue, informers, index and hooks; for start(). `work` gets the struct controller, whose state is the workload. */
struct workload *workload_start(struct controller *c, const struct api_resource *owners,
				const struct api_resource *children,
				void (*work)(void *controller, struct str key));
void workload_stop(struct controller *c);

const struct object *workload_owner(const struct workload *w,
				    struct str key); /* NULL: it is gone */

/* Does the owner want this object? */
struct workload_claim {
	struct workload *workload;
	const struct object *owner;
	const struct meta_v1_label_selector *selector;
	const char *finalizer; /* that adopted ones get; may be NULL */
};
/* Objects of the owner, each given to fn. With `round`, orphans that match are adopted (and given to fn, too), and those that no
 * longer match are released. */
void workload_children(const struct workload_claim *claim, struct round *round,
		       void (*fn)(void *ctx, const struct object *o), void *ctx);
void workload_add_view(void *views, const struct object *o); /* an fn: pod_views_add */
struct pod_owner workload_pod_owner(struct workload *w, const struct object *owner, struct str key);
/* Why pods of this owner could not be made; NULL: they could. */
const char *workload_failure(const struct workload *w, struct str key);
bool workload_caught_up(struct workload *w, struct str key);

#endif

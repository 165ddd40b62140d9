/* SPDX-License-Identifier: Apache-2.0 */
/* The history of a pod template as ControllerRevisions (DaemonSet, StatefulSet): one per template, known by its hash, numbered
 * upwards; a template that comes back gets the highest number again. */
#ifndef SERVER_CONTROLLERS_REVISIONS_H
#define SERVER_CONTROLLERS_REVISIONS_H

#include "server/controllers/deployment_plan.h"
#include "server/controllers/round.h"

struct revision_view {
	const struct object *object;
	struct str hash;
	int64_t number;
};
struct revisions {
	struct revision_view *items; /* by number, upwards */
	size_t n, cap;
	char hash[TEMPLATE_HASH_MAX];        /* of the template as it is now */
	const struct revision_view *current; /* of that template; NULL: not yet there */
};
/* Reads those of the owner from the informer of ControllerRevisions. */
void revisions_read(struct controller *c, const struct object *owner,
		    const struct core_v1_pod_template_spec *t, const int32_t *collisions,
		    struct revisions *out);
void revisions_free(struct revisions *r);
/* Creates the current one, or raises its number, and removes what is older than `limit` and not `used(ctx, hash)`. */
void revisions_write(struct round *round, const struct object *owner,
		     const struct core_v1_pod_template_spec *t, const struct api_str_map *labels,
		     struct revisions *r, size_t limit, bool (*used)(void *ctx, struct str hash),
		     void *ctx);
void revisions_watch(struct controller *c); /* makes the informer and its index; for start() */
/* "web-5d4f6c7b8" */
struct str revision_name(const struct object *owner, struct str hash, struct arena *a);

#define REVISION_HASH_LABEL "controller-revision-hash"

#endif

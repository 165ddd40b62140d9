/* SPDX-License-Identifier: Apache-2.0 */
/* The history of a pod template as ControllerRevisions (DaemonSet, StatefulSet): one per template, numbered upwards; a template that
 * comes back gets the highest number again. Which one is current is told by what it holds, not by its hash: a hash may be made
 * differently by another version. */
#ifndef SERVER_CONTROLLERS_WORKLOADS_REVISIONS_H
#define SERVER_CONTROLLERS_WORKLOADS_REVISIONS_H

#include "server/controllers/pods.h"
#include "server/controllers/workloads/deployment_plan.h"

struct revision_view {
	const struct object *object;
	struct str hash;
	int64_t number;
	bool current; /* holds the template as it is now */
};
struct revisions {
	struct revision_view *items; /* by number, upwards */
	size_t n, cap;
	struct str
		hash; /* label of the template as it is now: of `current`, or of the one to be made */
	char new_hash[TEMPLATE_HASH_MAX];
	const struct revision_view *current; /* of that template; NULL: not yet there */
};
/* `hash_label`: the label of revisions that holds their hash. Reads those of the owner from the informer of ControllerRevisions. */
void revisions_read(struct controller *c, const struct object *owner, const char *hash_label,
		    const struct core_v1_pod_template_spec *t, const int32_t *collisions,
		    struct revisions *out);
void revisions_free(struct revisions *r);
struct revision_owner {
	const struct object *object;
	const struct core_v1_pod_template_spec *template;
	const char *hash_label;
	const struct api_str_map
		*annotations; /* that revisions get, besides the template's labels */
	const int32_t *limit; /* of those that nobody uses; NULL: 10 */
	bool (*used)(void *ctx, struct str hash);
	void *ctx;
};
/* Creates the current one, or raises its number, and removes the oldest beyond the limit; an owner that is being deleted gets none. */
void revisions_write(struct round *round, const struct revision_owner *o, struct revisions *r);
/* The template that a revision holds; in the arena. */
bool revision_template(const struct apps_v1_controller_revision *r, struct arena *a,
		       struct core_v1_pod_template_spec *out);
/* Has any of the pods this REVISION_HASH_LABEL? */
bool revision_has_pods(const struct pod_views *pods, struct str label);
void revisions_watch(struct controller *c); /* makes the informer and its index; for start() */
bool revisions_synced(struct controller *c);
/* "web-5d4f6c7b8" */
struct str revision_name(const struct object *owner, struct str hash, struct arena *a);

#define REVISION_HASH_LABEL "controller-revision-hash"

#endif

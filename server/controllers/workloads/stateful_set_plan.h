/* SPDX-License-Identifier: Apache-2.0 */
/* What a StatefulSet does next: pure, after pkg/controller/statefulset/stateful_set_control.go of v1.37. Pods have ordinals;
 * with OrderedReady one thing happens at a time, from the lowest ordinal up and from the highest down. */
#ifndef SERVER_CONTROLLERS_WORKLOADS_STATEFUL_SET_PLAN_H
#define SERVER_CONTROLLERS_WORKLOADS_STATEFUL_SET_PLAN_H

#include "server/controllers/pods.h"

struct stateful_pod {
	int32_t ordinal;
	struct pod_view *view; /* NULL: there is none */
	bool wanted;           /* its ordinal is one of the set's */
	bool create, remove;   /* plan */
	bool old_revision;     /* create: from the current revision, not the update */
};
struct stateful_view {
	const struct apps_v1_stateful_set *set;
	struct pod_views *pods;
	struct str current, update; /* names of the revisions */
	int64_t now_us;
};
struct stateful_plan {
	struct stateful_pod
		*pods; /* in the arena: the wanted ordinals upwards, then those to go downwards */
	size_t n;
	struct apps_v1_stateful_set_status status;
	int64_t wait_ms;
};
void stateful_set_plan(const struct stateful_view *v, struct stateful_plan *out);
int32_t stateful_ordinal(struct str set_name, struct str pod_name); /* -1: not one of its pods */
/* Name, hostname, labels and claims of the pod with this ordinal. */
void stateful_pod(const struct object *owner, const struct apps_v1_stateful_set *set,
		  const struct core_v1_pod_template_spec *t, int32_t ordinal, struct str revision,
		  struct arena *a, struct core_v1_pod *out);
struct str stateful_claim_name(const struct object *owner, struct str template, int32_t ordinal,
			       struct arena *a);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* Which nodes get and lose a pod of a DaemonSet: pure, after pkg/controller/daemon of v1.37. */
#ifndef SERVER_CONTROLLERS_WORKLOADS_DAEMON_SET_PLAN_H
#define SERVER_CONTROLLERS_WORKLOADS_DAEMON_SET_PLAN_H

#include "server/controllers/pods.h"

struct daemon_node {
	const struct core_v1_node *node;
	bool create; /* plan: it needs a pod */
};
struct daemon_view {
	const struct apps_v1_daemon_set *set;
	struct daemon_node *nodes;
	size_t nnodes;
	struct pod_views *pods;
	struct str hash; /* label of pods with the template as it is now */
	int64_t now_us;
	/* How long a failed pod of a node still has to wait for its deletion; may be NULL. */
	int64_t (*backoff_ms)(void *ctx, struct str node);
	void *ctx;
};
struct daemon_end { /* a pod that has ended, and is removed */
	struct pod_view *view;
	size_t node;
};
struct daemon_plan {
	struct pod_view **remove; /* in the arena of the pods */
	size_t nremove;
	struct daemon_end *ended; /* those among them that are told in events */
	size_t nended;
	struct apps_v1_daemon_set_status status;
	int64_t wait_ms;
};
void daemon_set_plan(struct daemon_view *v, struct daemon_plan *out);

/* The node that a pod is on or is made for (its affinity to metadata.name); empty: none. */
struct str daemon_pod_node(const struct core_v1_pod *p);
/* Template plus the tolerations that daemons have and, unless `node` is empty, the affinity to it. */
void daemon_pod_spec(const struct core_v1_pod_spec *template, struct str node, struct arena *a,
		     struct core_v1_pod_spec *out);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* Which nodes get and lose a pod of a DaemonSet: pure, after pkg/controller/daemon of v1.37. */
#ifndef SERVER_CONTROLLERS_DAEMON_SET_PLAN_H
#define SERVER_CONTROLLERS_DAEMON_SET_PLAN_H

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
	const char *hash; /* of the template now */
	int64_t now_us;
};
struct daemon_plan {
	struct pod_view **remove; /* in the arena of the pods */
	size_t nremove;
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

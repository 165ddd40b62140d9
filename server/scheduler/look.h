/* SPDX-License-Identifier: Apache-2.0 */
/* One look at the cluster for one pod: what the plug-ins prepared, and what they say of a node. For deciding, and for trying preemptions.
 * Nothing may change in the cluster while a look is open but what cluster_try() does. Control loop only. */
#ifndef SERVER_SCHEDULER_LOOK_H
#define SERVER_SCHEDULER_LOOK_H

#include "server/scheduler/plugin.h"

struct sched_pod { /* who is to be placed */
	const struct core_v1_pod *pod;
	const struct object *object;
	const struct pod_usage *usage;
	struct str key;
};
struct sched_view { /* what is known; the last two may be NULL */
	struct cluster *cluster;
	const struct volumes *volumes;
	const struct owners *owners;
};
struct sched_filter { /* of a plug-in that has something to say about this pod */
	void (*filter)(const struct sched_cycle *c, const struct node_info *n, struct verdict *v);
	void *state;
	uint32_t plugin; /* as a bit */
};
struct sched_look {
	struct sched_cycle cycle;
	void *states[SCHED_PLUGINS_MAX];
	struct sched_filter filters[SCHED_PLUGINS_MAX];
	size_t nfilters;
	struct arena arena;
	uint32_t rejected_by; /* plug-ins, as a mask, that turned the pod away somewhere */
	const char *reject;   /* no node will do: why */
	bool resolvable;
	bool restricted;
	struct node_info **only; /* if restricted: the nodes that exist of those allowed */
	size_t nonly;
	const char *elsewhere; /* … and why not the others */
};
void sched_look_open(struct sched_look *l, const struct sched_view *v, const struct sched_pod *p);
void sched_look_close(struct sched_look *l);
/* Pods nominated for the node count as if they were there; and as if they were not. */
bool sched_look_fits(struct sched_look *l, struct node_info *n, struct verdict *v);
/* Of the nodes that fit, what a plug-in gives each of them, weighted. False: all are alike to it. */
bool sched_look_score(struct sched_look *l, size_t plugin, struct node_info *const *nodes, size_t n,
		      int64_t *scores);

#endif

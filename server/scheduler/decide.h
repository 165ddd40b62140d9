/* SPDX-License-Identifier: Apache-2.0 */
/* The decision: which node a pod goes to, or why none. Pure but for the tie-break, which takes its random number from the
 * caller. */
#ifndef SERVER_SCHEDULER_DECIDE_H
#define SERVER_SCHEDULER_DECIDE_H

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
/* One look at the cluster: what the plug-ins prepared for a pod. For deciding and for trying preemptions. */
struct sched_look {
	struct sched_cycle cycle;
	void *states[SCHED_PLUGINS_MAX];
	uint8_t filters[SCHED_PLUGINS_MAX]; /* plug-ins that have something to say about this pod */
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

struct decision {
	struct node_info *node; /* NULL: none fits */
	struct buf message;     /* then: upstream's words */
	/* Then, by place in the cluster's list: removing pods may help. In the look's arena; NULL: nowhere. */
	bool *may_help;
	bool nominated_is_final; /* … and not on the nominated node */
};
/* The look is opened by the caller, and closed after the last use of the decision. */
void schedule_decide(struct sched_look *look, struct str nominated, uint64_t random,
		     struct decision *out);
/* "0/3 nodes are available: 1 Insufficient cpu, 2 node(s) were unschedulable." */
void schedule_message(size_t nodes, const char *reject, const struct reasons *r, struct buf *out);
/* How many fitting nodes are enough to choose from. */
size_t schedule_enough(size_t nodes);

#endif

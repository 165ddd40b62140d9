/* SPDX-License-Identifier: Apache-2.0 */
/* What a scheduler plug-in is: a row of functions, any of which may be NULL. Pure: from the pod, a node and the cluster to an
 * answer. plugins.c holds the table in upstream's order. Adding one is a file in plugins/ and a line there. */
#ifndef SERVER_SCHEDULER_PLUGIN_H
#define SERVER_SCHEDULER_PLUGIN_H

#include "server/scheduler/cluster.h"
#include "server/scheduler/event.h"
#include "server/scheduler/owners.h"
#include "server/scheduler/volumes.h"

#define SCORE_MAX         100
#define SCHED_PLUGINS_MAX 24 /* they are bits of a mask, too */

struct sched_cycle { /* one pod's turn */
	const struct core_v1_pod *pod;
	const struct object *object; /* of the pod: labels, namespace */
	const struct pod_usage *usage;
	int32_t priority;
	struct cluster *cluster;
	const struct volumes *volumes; /* NULL: the cluster has none */
	const struct owners *owners;   /* NULL: nothing is known of them */
	struct str key;                /* "ns/name" of the pod */
	struct arena *arena;           /* of the turn */
	void *state;                   /* of the plug-in that is asked: what it prepared */
};

/* Why a node doesn't do. The texts live as long as the turn; equal ones may be different pointers. */
#define VERDICT_REASONS_MAX 12
struct verdict {
	const char *why[VERDICT_REASONS_MAX];
	size_t n;
	bool unresolvable; /* removing pods can't help */
};
static inline void verdict_add(struct verdict *v, const char *why)
{
	if (v->n < VERDICT_REASONS_MAX)
		v->why[v->n++] = why;
}
static inline void verdict_add_final(struct verdict *v, const char *why)
{
	verdict_add(v, why);
	v->unresolvable = true;
}

struct prepared {
	void *state;
	const char *reject; /* no node will do: why */
	bool resolvable;    /* … but removing pods might help */
	const struct str
		*only; /* no other nodes than these will do; restricts: even if there are none */
	size_t nonly;
	bool restricts;
};

struct sched_plugin {
	const char *name;
	/* Keeps the pod out of the queue: says why, or NULL. */
	const char *(*pre_enqueue)(const struct core_v1_pod *pod);
	/* Looks at pod and cluster once per turn; false: filter has nothing to do. */
	bool (*pre_filter)(const struct sched_cycle *c, struct prepared *out);
	/* The node does unless reasons are added. What it reads of pods must be live: preemption tries it with others there. */
	void (*filter)(const struct sched_cycle *c, const struct node_info *n, struct verdict *v);
	/* Before scores: which nodes are left. False: all have the same score. May replace *state. */
	bool (*pre_score)(const struct sched_cycle *c, struct node_info *const *nodes, size_t n,
			  void **state);
	int64_t (*score)(const struct sched_cycle *c,
			 const struct node_info *n); /* 0 … SCORE_MAX, or any before normalize */
	void (*normalize)(const struct sched_cycle *c, struct node_info *const *nodes,
			  int64_t *scores, size_t n);
	int weight;
	uint32_t events; /* SCHED_EVENT_…: may let a pod fit that it turned away */
	bool (*hint)(const struct core_v1_pod *pod, const struct sched_event *e); /* NULL: always */
};
extern const struct sched_plugin *const sched_plugins[];
extern const size_t sched_plugin_count;

/* To SCORE_MAX for the highest; reverse: for the lowest (0). */
void scores_normalize(int64_t *scores, size_t n, bool reverse);

/* Reasons with the number of nodes that they hold for. */
struct reason {
	const char *text;
	int count;
};
struct reasons {
	struct reason *items;
	size_t n, cap;
};
void reasons_add(struct reasons *r, const char *text, int count);
void reasons_merge_all(struct reasons *r, const struct verdict *v);
/* The same; most nodes are turned down for the one reason that the first was. */
static inline void reasons_merge(struct reasons *r, const struct verdict *v)
{
	if (v->n == 1 && r->n && r->items[0].text == v->why[0])
		r->items[0].count++;
	else
		reasons_merge_all(r, v);
}
void reasons_free(struct reasons *r);

extern const struct sched_plugin plugin_scheduling_gates, plugin_node_unschedulable,
	plugin_node_name, plugin_taint_toleration, plugin_node_affinity, plugin_node_ports,
	plugin_node_resources_fit, plugin_volume_restrictions, plugin_node_volume_limits,
	plugin_volume_binding, plugin_volume_zone, plugin_balanced_allocation,
	plugin_image_locality, plugin_topology_spread, plugin_inter_pod_affinity,
	plugin_node_declared_features;

#endif

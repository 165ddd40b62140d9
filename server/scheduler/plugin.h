/* SPDX-License-Identifier: Apache-2.0 */
/* What a scheduler plug-in is: a row of functions, any of which may be NULL. Pure: from the pod, a node and the cluster to an
 * answer. plugins.c holds the table in upstream's order. Adding one is a file in plugins/ and a line there. */
#ifndef SERVER_SCHEDULER_PLUGIN_H
#define SERVER_SCHEDULER_PLUGIN_H

#include "server/scheduler/cluster.h"

#define SCORE_MAX 100

struct sched_cycle { /* one pod's turn */
	const struct core_v1_pod *pod;
	const struct pod_usage *usage;
	const struct cluster *cluster;
	struct str key; /* "ns/name" of the pod */
	struct arena *arena;
	void *state; /* of the plug-in that is asked: what its pre_filter returned */
	const struct placed_pod *const *gone; /* preemption tries it without these */
	size_t ngone;
};
/* A placed pod that counts in this cycle. */
bool sched_counts(const struct sched_cycle *c, const struct placed_pod *p);

/* Why nodes don't do: each different text once, with the number of nodes. */
struct reason {
	char *text;
	int count;
};
struct reasons {
	struct reason *items;
	size_t n, cap;
};
void reasons_add(struct reasons *r, struct str text);
void reasons_merge(struct reasons *r, const struct reasons *more); /* each text of `more` once */
void reasons_free(struct reasons *r);

struct sched_plugin {
	const char *name;
	/* Keeps the pod out of the queue: says why, or NULL. */
	const char *(*pre_enqueue)(const struct core_v1_pod *pod);
	/* Looks at the cluster once per pod; NULL: filter and score have nothing to do. */
	void *(*pre_filter)(const struct sched_cycle *c);
	/* The node does unless reasons are added. */
	void (*filter)(const struct sched_cycle *c, const struct node_info *n, struct reasons *why);
	bool final; /* removing pods can't change its answer */
	int64_t (*score)(const struct sched_cycle *c,
			 const struct node_info *n); /* 0 … SCORE_MAX, or any before normalize */
	void (*normalize)(int64_t *scores, size_t n);
	int weight;
};
extern const struct sched_plugin *const sched_plugins[];
extern const size_t sched_plugin_count;

/* To SCORE_MAX for the highest; reverse: for the lowest (0). */
void scores_normalize(int64_t *scores, size_t n, bool reverse);
/* The lowest to 0, the highest to SCORE_MAX. */
void scores_spread(int64_t *scores, size_t n);

extern const struct sched_plugin plugin_scheduling_gates, plugin_node_unschedulable,
	plugin_node_name, plugin_taint_toleration, plugin_node_affinity, plugin_node_ports,
	plugin_node_resources_fit, plugin_balanced_allocation, plugin_image_locality,
	plugin_topology_spread, plugin_inter_pod_affinity;

#endif

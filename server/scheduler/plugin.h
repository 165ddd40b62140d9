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
};

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
void reasons_free(struct reasons *r);

struct sched_plugin {
	const char *name;
	/* Keeps the pod out of the queue: says why, or NULL. */
	const char *(*pre_enqueue)(const struct core_v1_pod *pod);
	/* The node does unless reasons are added. */
	void (*filter)(const struct sched_cycle *c, const struct node_info *n, struct reasons *why);
	int64_t (*score)(const struct sched_cycle *c,
			 const struct node_info *n); /* 0 … SCORE_MAX, or any before normalize */
	void (*normalize)(int64_t *scores, size_t n);
	int weight;
};
extern const struct sched_plugin *const sched_plugins[];
extern const size_t sched_plugin_count;

/* To SCORE_MAX for the highest; reverse: for the lowest (0). */
void scores_normalize(int64_t *scores, size_t n, bool reverse);

extern const struct sched_plugin plugin_scheduling_gates, plugin_node_unschedulable,
	plugin_node_name, plugin_taint_toleration, plugin_node_affinity, plugin_node_ports,
	plugin_node_resources_fit, plugin_balanced_allocation, plugin_image_locality;

#endif

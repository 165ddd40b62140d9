/* SPDX-License-Identifier: Apache-2.0 */
/* What the scheduler knows of the cluster: nodes, and what the pods on them take. Kept up to date event by event, read by
 * the plug-ins during one decision. Pods are noted here as soon as they are bound or assumed to be. Control loop only. */
#ifndef SERVER_SCHEDULER_CLUSTER_H
#define SERVER_SCHEDULER_CLUSTER_H

#include "api/decode.h"
#include "base/map.h"
#include "client/amounts.h"

struct node_info {
	const struct object *object; /* a reference */
	struct arena arena;
	struct core_v1_node node; /* decoded into it */
	struct amounts allocatable, requested;
	int64_t max_pods;
	size_t npods;
	int64_t nonzero_milli_cpu, nonzero_memory; /* of its pods */
	struct host_port *ports;
	size_t nports, ports_cap;
};
struct placed_pod {
	char *node;
	struct pod_usage usage;
	bool assumed;                /* the binding is under way */
	const struct object *object; /* a reference */
	bool leaving;                /* deletionTimestamp */
	int32_t priority;
	int64_t start_us;
	struct arena arena; /* only if the pod has affinity to or against pods: */
	const struct core_v1_affinity *affinity;
};
/* Room kept for a pod for which others are being preempted. */
struct nomination {
	char *node;
	int32_t priority;
	struct pod_usage usage;
};
struct cluster {
	struct map nodes;        /* name → node_info */
	struct node_info **list; /* the same, to walk */
	size_t nlist, list_cap;
	size_t next;          /* where the next walk starts, so that all nodes get their turn */
	struct map placed;    /* "ns/name" → placed_pod */
	size_t with_affinity; /* how many of them have an affinity */
	struct map nominated; /* "ns/name" → nomination */
	/* Labels of namespaces, for namespace selectors; NULL: none are known. */
	const struct object *(*find_namespace)(void *ctx, struct str name);
	void *namespace_ctx;
};

/* True: the change may let a pod fit that did not. */
bool cluster_node_set(struct cluster *c, const struct object *node);
void cluster_node_del(struct cluster *c, struct str name);
void cluster_pod_set(struct cluster *c, struct str key, struct str node, const struct object *o,
		     const struct core_v1_pod *pod, bool assumed);
bool cluster_pod_del(struct cluster *c, struct str key); /* false: it was not there */
const struct placed_pod *cluster_pod(const struct cluster *c, struct str key);
size_t cluster_image_nodes(const struct cluster *c, struct str image); /* how many nodes have it */
struct node_info *cluster_node(const struct cluster *c, struct str name); /* NULL: unknown */
void cluster_nominate(struct cluster *c, struct str key, struct str node,
		      const struct core_v1_pod *pod);
void cluster_nominate_not(struct cluster *c, struct str key);
/* For trying: takes a placed pod's share off its node or puts it back; the pod stays in `placed`. */
void cluster_try(struct cluster *c, struct placed_pod *p, bool present);
void cluster_try_usage(struct node_info *n, const struct pod_usage *u, bool present);
int32_t pod_priority(const struct core_v1_pod *p);
void cluster_free(struct cluster *c);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* What the scheduler knows of the cluster: nodes, and what the pods on them take. Kept up to date event by event, read by
 * the plug-ins during one decision, whose cost therefore doesn't grow with the number of pods. Pods are noted here as soon as
 * they are bound or assumed to be; a node of which only pods are known has `listed` unset. Control loop only. */
#ifndef SERVER_SCHEDULER_CLUSTER_H
#define SERVER_SCHEDULER_CLUSTER_H

#include "client/amounts.h"
#include "server/scheduler/images.h"
#include "server/scheduler/node_slab.h"
#include "server/scheduler/tally.h"

struct placed_pod;
struct node_info {
	/* what most decisions look at comes first: two lines of the CPU's cache */
	_Alignas(64) struct amounts allocatable;
	struct amounts requested;
	int64_t max_pods;
	size_t npods; /* counted ones */
	size_t nnominated;
	size_t place; /* in cluster's list */

	int64_t nonzero_milli_cpu, nonzero_memory; /* of its pods */
	size_t nports;
	bool listed, unschedulable;
	size_t ntaints;

	struct host_port *ports;
	size_t ports_cap, pods_cap, nominated_cap;
	struct placed_pod **pods; /* all, counted or not */
	size_t npods_known;
	struct placed_pod **nominated; /* for which room is being made here */
	size_t slot;                   /* its number in `images` */
	const struct object *object;   /* a reference */
	struct arena arena;
	struct core_v1_node *node; /* decoded into it */
	char *name;                /* there even if not listed */
	struct node_info *next_spare;
};
struct placed_pod {
	/* what trying a preemption looks at comes first */
	struct node_info *node;
	struct pod_usage usage;
	int32_t priority;
	bool assumed;  /* the binding is under way */
	bool leaving;  /* deletionTimestamp */
	bool evicted;  /* by the scheduler, for a pod that matters more */
	bool evicting; /* that is being asked for */
	bool counted;  /* is in the numbers now */
	int64_t start_us;
	uint64_t turn; /* it got its place as the so-manieth */
	size_t ncarried, nclaims;

	struct tally_set meant_by;
	struct carried *carried;
	char **claims;               /* "ns/name" of its PersistentVolumeClaims */
	size_t at;                   /* among the node's pods or nominated ones */
	char *key;                   /* "ns/name" */
	const struct object *object; /* a reference; labels, namespace, uid */
};
struct cluster {
	struct map nodes;        /* name → node_info */
	struct node_info **list; /* those that exist, to walk */
	size_t nlist, list_cap;
	size_t ncordoned, ntainted; /* of them */
	struct node_slab slab;
	uint64_t turns;        /* places that were given */
	size_t next;           /* where the next walk starts, so that all nodes get their turn */
	struct map placed;     /* "ns/name" → placed_pod */
	struct map nominated;  /* "ns/name" → placed_pod, on no node */
	struct map claims;     /* "ns/name" of a claim → how many placed pods use it */
	struct map topologies; /* key → topology */
	struct tallies tallies;
	struct images images;
};

enum node_change {
	NODE_ADDED = 1,
	NODE_ALLOCATABLE = 2,
	NODE_LABELS = 4,
	NODE_TAINTS = 8,    /* and spec.unschedulable */
	NODE_FEATURES = 16, /* that it declares */
};
/* Says what changed. `was` (may be NULL) takes over the node of before; was_arena holds it and is the caller's. */
unsigned cluster_node_set(struct cluster *c, const struct object *node, struct core_v1_node *was,
			  struct arena *was_arena);
void cluster_node_del(struct cluster *c, struct str name);
struct node_info *cluster_node(const struct cluster *c, struct str name); /* NULL: not there */
void cluster_pod_set(struct cluster *c, struct str key, struct str node, const struct object *o,
		     const struct core_v1_pod *pod, bool assumed);
/* A placed pod has a newer version. False: something changed that is counted; set it anew. */
bool cluster_pod_refresh(struct placed_pod *p, const struct object *o,
			 const struct core_v1_pod *pod);
/* The same for the first version after its binding, without decoding it: nobody else writes to a pod in between, as a rule. */
bool cluster_pod_confirm(struct placed_pod *p, const struct object *o);
bool cluster_pod_del(struct cluster *c, struct str key); /* false: it was not there */
struct placed_pod *cluster_pod(const struct cluster *c, struct str key);
void cluster_nominate(struct cluster *c, struct str key, struct str node, const struct object *o,
		      const struct core_v1_pod *pod);
void cluster_nominate_not(struct cluster *c, struct str key);
struct str cluster_nominated_node(const struct cluster *c, struct str key); /* empty: none */
/* For trying: takes a pod off the numbers, or puts it (back) into those of its node. */
void cluster_try(struct cluster *c, struct placed_pod *p, bool present);
struct topology *cluster_topology(struct cluster *c, struct str key);
/* The tally of these terms, counted over all placed pods when it is new. */
struct tally *cluster_count(struct cluster *c, const struct pod_terms *t, struct str topology_key);
size_t cluster_claim_users(const struct cluster *c, struct str claim);
int32_t pod_priority(const struct core_v1_pod *p);
/* The claim of a pod's volume, or empty: it has none. */
struct str pod_claim_name(const struct core_v1_pod *p, const struct core_v1_volume *v,
			  struct buf *scratch);
void cluster_free(struct cluster *c);

#endif

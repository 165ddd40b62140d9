/* SPDX-License-Identifier: Apache-2.0 */
/* Inside of the cluster (cluster.h): nodes in cluster.c, their pods in cluster_pods.c, what is read of a pod in placed_pod.c, sums and
 * tallies in cluster_counts.c. */
#ifndef SERVER_SCHEDULER_CLUSTER_PARTS_H
#define SERVER_SCHEDULER_CLUSTER_PARTS_H

#include "server/scheduler/cluster.h"

/* cluster.c: a node of which somebody speaks, made when nobody did; and forgotten when nobody does any more. */
struct node_info *node_known(struct cluster *c, struct str name);
void node_forget_if_unused(struct cluster *c, struct node_info *n);

/* cluster_counts.c: sign 1 or -1; a pod is counted once, and only while its node is listed. */
void pod_count(struct cluster *c, struct placed_pod *p, int sign);
void pods_count(struct cluster *c, struct node_info *n, int sign); /* all of the node's */
void topologies_see(struct cluster *c, const struct node_info *n);
void cluster_counts_free(struct cluster *c);

/* cluster_pods.c */
void cluster_pods_free(struct cluster *c);

/* placed_pod.c: freed when it is on no list any more. */
struct placed_pod *placed_new(struct cluster *c, struct str key, struct str node,
			      const struct object *o, const struct core_v1_pod *pod);
void placed_free(struct cluster *c, struct placed_pod *p);

#endif

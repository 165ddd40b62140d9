/* SPDX-License-Identifier: Apache-2.0 */
/* Memory of the nodes that are known: side by side, in the order in which they came, so that a walk over the cluster reads memory in
 * its order. An address stays as long as its node is known. Start with {0}. Control loop only. */
#ifndef SERVER_SCHEDULER_NODE_SLAB_H
#define SERVER_SCHEDULER_NODE_SLAB_H

struct node_info;
struct node_chunk;
struct node_slab {
	struct node_chunk *chunks;
	struct node_info *spare;
};
struct node_info *node_slab_take(struct node_slab *s); /* cleared */
void node_slab_give(struct node_slab *s, struct node_info *n);
void node_slab_free(struct node_slab *s); /* all have been given back */

#endif

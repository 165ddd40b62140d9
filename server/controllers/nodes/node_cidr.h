/* SPDX-License-Identifier: Apache-2.0 */
/* Cutting a cluster's pod range into ranges for nodes: /24 of IPv4, /64 of IPv6, as kube-controller-manager does by default (a range that is
 * itself as small as that is given whole). Pure; no memory of its own but a bitmap. */
#ifndef SERVER_CONTROLLERS_NODES_NODE_CIDR_H
#define SERVER_CONTROLLERS_NODES_NODE_CIDR_H

#include "base/err.h"
#include "base/str.h"

#define NODE_CIDR_TEXT 56
#define NODE_CIDR_MAX \
	65536 /* ranges that are looked at; more nodes than that is another system's size */

struct node_cidr_pool {
	unsigned char base[16];
	int family, prefix, node_prefix;
	size_t count;
	unsigned char *used; /* bitmap */
};
int node_cidr_pool_init(struct node_cidr_pool *p, const char *cidr, struct err *err);
void node_cidr_pool_free(struct node_cidr_pool *p);
/* Marks a node's range; false: it does not belong to the pool. */
bool node_cidr_take(struct node_cidr_pool *p, struct str cidr);
void node_cidr_release(struct node_cidr_pool *p, struct str cidr);
/* The lowest free range, marked as taken; false: none is left. */
bool node_cidr_next(struct node_cidr_pool *p, char out[NODE_CIDR_TEXT]);

#endif

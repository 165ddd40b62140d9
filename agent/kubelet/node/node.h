/* SPDX-License-Identifier: Apache-2.0 */
/* The Node object of this machine: registered at start, its status kept true (sent when it changes, and every five minutes), its
 * Lease renewed every ten seconds. Tells when the pod network can be set up. One timer. Loop thread only. Follows upstream's
 * pkg/kubelet/kubelet_node_status.go, pkg/kubelet/nodestatus and component-helpers/apimachinery/lease. */
#ifndef AGENT_KUBELET_NODE_NODE_H
#define AGENT_KUBELET_NODE_NODE_H

#include "agent/kubelet/state.h"

struct node;
/* on_cidrs: the pod CIDRs of this node are known (NULL-terminated, borrowed); once. */
struct node *node_start(struct kubelet *k,
			void (*on_cidrs)(struct kubelet *k, const char *const *cidrs));
void node_stop(struct node *n, void (*done)(struct kubelet *k)); /* done: freed */
void node_network_ready(struct node *n); /* pods can be run: the node is Ready from now on */
const struct core_v1_node *node_object(const struct node *n); /* as seen last; NULL: not yet */
void node_ask(struct node *n);                                /* reads it anew; then pods_admit() */
void node_images_changed(struct node *n);
void node_pressure_changed(struct node *n); /* eviction_conditions() say something else */
const char *node_uid(const struct node *n); /* "" until it is registered */
void node_event(struct kubelet *k, bool warning, const char *reason, const char *message);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* Pods of a node that has fallen silent: none of them is ready any more, so that Services pass them over. */
#ifndef SERVER_CONTROLLERS_NODES_NODE_PODS_H
#define SERVER_CONTROLLERS_NODES_NODE_PODS_H

#include "client/events.h"
#include "server/controllers/controller.h"

/* One round under the node's key, which it ends. Returns whether a pod was still said to be ready. */
bool node_pods_mark(struct controller *c, struct event_recorder *events, struct str node);

#endif

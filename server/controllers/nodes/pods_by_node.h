/* SPDX-License-Identifier: Apache-2.0 */
/* Pods by the node that they are bound to, without decoding them: spec.nodeName and status.phase are among the fields that each pod
 * at rest carries. */
#ifndef SERVER_CONTROLLERS_NODES_PODS_BY_NODE_H
#define SERVER_CONTROLLERS_NODES_PODS_BY_NODE_H

#include "server/controllers/controller.h"

struct str pod_node(const struct object *pod); /* empty: not bound */
struct str pod_phase_at_rest(const struct object *pod);
/* For informer_index_add(). */
size_t pod_index_node(const struct object *pod, struct str *out, size_t max);
void pods_of_node(struct controller *c, struct str node,
		  bool (*fn)(void *ctx, const struct object *pod), void *ctx);

#endif

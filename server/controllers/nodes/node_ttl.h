/* SPDX-License-Identifier: Apache-2.0 */
/* For how long kubelets may keep ConfigMaps and Secrets without asking again, by the number of nodes, with room around each step so that
 * a node more or less doesn't rewrite all. Pure. */
#ifndef SERVER_CONTROLLERS_NODES_NODE_TTL_H
#define SERVER_CONTROLLERS_NODES_NODE_TTL_H

#include <stddef.h>

size_t node_ttl_step(size_t step, size_t nodes); /* from where it was, at first 0 */
int node_ttl_seconds(size_t step);

#endif

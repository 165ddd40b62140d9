/* SPDX-License-Identifier: Apache-2.0 */
/* The way to the pods of other nodes: for each Node its podCIDRs, by a plain route where the machines share a link, else through one
 * VXLAN device. IPv4 and IPv6. What the kernel holds follows the Nodes; it stays when the process goes, and what belongs to nodes
 * that are no more is removed at the next start. Client's loop; the netlink work is done on a worker. */
#ifndef AGENT_NETWORK_NODE_ROUTES_H
#define AGENT_NETWORK_NODE_ROUTES_H

#include "client/client.h"

struct node_routes;
struct node_routes *node_routes_start(struct client *client, const char *own_name);
void node_routes_stop(struct node_routes *r); /* routes stay */

#endif

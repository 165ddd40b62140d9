/* SPDX-License-Identifier: Apache-2.0 */
/* The pod network of one node: a namespace per pod with a routed point-to-point veth, addresses from the node's pod CIDRs (kept on
 * disk), masquerading of what leaves the cluster (nftables), host ports. Netlink is spoken directly. Blocking calls of a few
 * milliseconds: run them on the pool (loop_work), one at a time per pod. */
#ifndef AGENT_NETWORK_NETWORK_H
#define AGENT_NETWORK_NETWORK_H

#include <stdbool.h>

#include "base/err.h"

struct network;
struct network_config {
	const char *state_dir;            /* DATADIR/agent/network */
	const char *run_dir;              /* /run/allinone/netns: pinned namespaces */
	const char *const *pod_cidrs;     /* of this node, one per family, NULL-terminated */
	const char *const *cluster_cidrs; /* not masqueraded among each other */
};
int network_new(const struct network_config *c, struct network **out,
		struct err *err);     /* forwarding, base rules; idempotent */
void network_free(struct network *n); /* pods keep their network */

struct network_port {
	const char *host_ip; /* NULL: any */
	int host_port, container_port;
	int protocol; /* IPPROTO_TCP, … */
};
struct network_pod {
	char netns_path[128];
	char ips[2][46]; /* primary first; "" if none */
	int nips;
};
int network_pod_add(struct network *n, const char *pod_uid, const struct network_port *ports,
		    size_t nports, struct network_pod *out,
		    struct err *err); /* again for the same pod: gives what it has */
int network_pod_remove(struct network *n, const char *pod_uid,
		       struct err *err); /* absent is fine */
bool network_pod_get(struct network *n, const char *pod_uid, struct network_pod *out);

#endif

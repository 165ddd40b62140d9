/* SPDX-License-Identifier: Apache-2.0 */
/* The node's Lease in kube-node-lease: says every ten seconds that we live. Loop thread only. */
#ifndef AGENT_KUBELET_NODE_LEASE_H
#define AGENT_KUBELET_NODE_LEASE_H

#include "base/clock.h"
#include "client/client.h"

#define LEASE_RENEW_MS   10000
#define LEASE_DURATION_S 40

struct lease { /* embedded; plain data */
	struct client *client;
	struct clock *clock;
	const char *node_name, *node_uid;
	bool busy, exists;
	void (*idle)(struct lease *l); /* an answer came while stopping; may be NULL */
};
void lease_renew(struct lease *l); /* makes it when it is not there */

#endif

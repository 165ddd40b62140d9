/* SPDX-License-Identifier: Apache-2.0 */
/* Keeps a node's certificates fresh: each is ordered anew when 70 to 90 % of its life is over, and again after a pause when that
 * failed. The old one is used until the new one is on disk. Client's loop. */
#ifndef AGENT_JOIN_RENEWAL_H
#define AGENT_JOIN_RENEWAL_H

#include "agent/join/join.h"
#include "agent/join/order.h"

struct renewal_config {
	struct client *client;
	const char *data_dir, *node_name;
	/* The file of that kind holds a new pair. */
	void (*renewed)(void *ctx, enum order_kind kind);
	void *ctx;
};
struct renewal;
struct renewal *renewal_start(const struct renewal_config *c); /* on the loop */
void renewal_stop(struct renewal *r);

#endif

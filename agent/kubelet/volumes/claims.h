/* SPDX-License-Identifier: Apache-2.0 */
/* The volumes behind the claims of this node's pods. A node may only get claims and volumes by name, so a claim that is wanted is
 * asked for, and again every two seconds until it is bound. Loop thread only. */
#ifndef AGENT_KUBELET_VOLUMES_CLAIMS_H
#define AGENT_KUBELET_VOLUMES_CLAIMS_H

#include "client/client.h"

struct claim_fetch;
struct claim_fetch *claim_fetch_start(struct client *c, struct str ns, struct str name,
				      void (*found)(void *ctx, const struct object *volume),
				      void *ctx);
/* `found` is called each time that something was learned: NULL: not bound (yet). Not after the end. */
void claim_fetch_end(struct claim_fetch *f);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* What nodes may do: some things all alike, the rest only about what is related to the node that asks. Follows upstream's
 * plugin/pkg/auth/authorizer/node. Any thread. */
#ifndef SERVER_APISERVER_AUTHZ_NODE_AUTHORIZER_H
#define SERVER_APISERVER_AUTHZ_NODE_AUTHORIZER_H

#include "server/apiserver/authz/node_graph.h"
#include "server/apiserver/authz/rbac_rule.h"

struct node_authorizer {
	struct node_graph *graph;
	struct cache *pods;
	const struct rbac_rules *rules; /* of all nodes */
};
/* The node that this user is; false: none. */
bool node_identity(const struct api_user *u, struct str *node);
/* False: no opinion. `reason` (may be NULL) gets why. */
bool node_allows(const struct node_authorizer *n, const struct authz_attributes *a,
		 struct buf *reason);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* Which objects are related to which node: a secret, say, by a pod that mounts it there, or by the volume of such a pod's claim.
 *
 *	secret, configmap, service account, claim ──(by n pods)──► node        attachment, slice ──► node
 *	secret ──► volume ──► claim ──► …
 *
 * Pods are no vertices: what a pod refers to counts the pods on each node, so that a question costs the same however many pods
 * there are. Follows the object cache when it is asked, and on a loop of its own choice so that it never lags far behind.
 * Follows upstream's plugin/pkg/auth/authorizer/node/graph.go. Any thread. */
#ifndef SERVER_APISERVER_AUTHZ_NODE_GRAPH_H
#define SERVER_APISERVER_AUTHZ_NODE_GRAPH_H

#include "server/apiserver/authz/node_refs.h"
#include "storage/cache/cache.h"

struct node_graph;
struct node_graph *node_graph_new(struct cache_set *objects);
void node_graph_free(struct node_graph *g);
/* Keeps up with the cache on this loop from now on. Before or while it runs; ends with node_graph_unfollow() there. */
void node_graph_follow(struct node_graph *g, struct loop *l);
void node_graph_unfollow(struct node_graph *g);

/* spec.nodeName of an object whose resource has that field selector; empty: none. */
struct str node_of_pod(const struct object *o);
/* ns is empty for what is cluster-scoped. */
bool node_graph_related(struct node_graph *g, struct str node, enum node_ref what, struct str ns,
			struct str name);

#endif

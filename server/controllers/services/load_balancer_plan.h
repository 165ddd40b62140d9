/* SPDX-License-Identifier: Apache-2.0 */
/* Which addresses a Service of type LoadBalancer has where no cloud gives it one: those of the nodes, on which the service proxies answer
 * at its ports (k3s' servicelb). A port of the nodes is one Service's only: the older one's. Pure. */
#ifndef SERVER_CONTROLLERS_SERVICES_LOAD_BALANCER_PLAN_H
#define SERVER_CONTROLLERS_SERVICES_LOAD_BALANCER_PLAN_H

#include "base/arena.h"
#include "generated/api_structs.h"

#define NODE_EXCLUDED "node.kubernetes.io/exclude-from-external-load-balancers"

struct balanced { /* a Service that wants addresses */
	const struct core_v1_service *service;
	/* Names of the nodes where it has pods that serve; NULL: any node will do. */
	const struct str *local;
	size_t nlocal;
	/* out */
	struct str *addresses; /* in the arena */
	size_t n;
	const struct balanced
		*holder; /* who has its port `taken`; NULL and taken != 0: the node itself */
	int32_t taken;
	struct str protocol;
};
/* A Service that is balanced here: of the type, of no class, with a cluster address. */
bool is_balanced(const struct core_v1_service *s);
/* `own`: ports on which the nodes themselves answer (TCP). Sorts the services, the oldest first. */
void load_balancer_plan(struct balanced *services, size_t n, const struct core_v1_node *nodes,
			size_t nnodes, const int32_t *own, size_t nown, struct arena *a);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* What both publishers of a Service's pods watch: the Service and the pods that it selects. Key: the Service. */
#ifndef SERVER_CONTROLLERS_SERVICES_SERVICES_H
#define SERVER_CONTROLLERS_SERVICES_SERVICES_H

#include "server/controllers/services/backends.h"

void services_watch(struct controller *c); /* hooks, for start() */
/* The Service of a key with its pods (views, sorted); false: there is none. */
struct service_view {
	const struct object *object;
	struct core_v1_service service;
	struct arena arena;
	struct pod_views pods;
};
bool service_view_open(struct controller *c, struct str key, struct service_view *out);
void service_view_close(struct service_view *v);
bool services_synced(struct controller *c);

#endif

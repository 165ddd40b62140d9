/* SPDX-License-Identifier: Apache-2.0 */
#include "server/controllers/nodes/node_pods.h"

#include "base/mem.h"
#include "server/controllers/nodes/pods_by_node.h"
#include "server/controllers/pods.h"

struct marking {
	struct round *round;
	struct event_recorder *events;
	bool any;
};

static bool mark(void *ctx, const struct object *o)
{
	struct marking *m = ctx;
	auto_arena arena = { 0 };
	auto_buf body = { 0 };
	struct core_v1_pod pod = { 0 };
	char now[TIME_TEXT_MAX];
	if (object_decode(o, &arena, api_struct_core_v1_pod, &pod, NULL) < 0)
		return true;
	const struct core_v1_pod_condition *ready = pod_condition(&pod, "Ready");
	if (!ready || str_eqz(ready->status, "False"))
		return true;
	time_format(clock_wall_s(clock_real()), now);
	buf_printf(&body,
		   "{\"metadata\":{\"uid\":\"%.*s\"},\"status\":{\"conditions\":[{\"type\":"
		   "\"Ready\",\"status\":\"False\",\"lastTransitionTime\":\"%s\"}]}}",
		   STR_ARG(o->uid), now);
	const struct controller_write w = { .verb = API_PATCH,
					    .resource = API_CORE_V1_PODS,
					    .ns = o->ns,
					    .name = o->name,
					    .subresource = STR("status"),
					    .content_type =
						    STR("application/strategic-merge-patch+json"),
					    .body = buf_view(&body),
					    .harmless = ERR_NOT_FOUND };
	round_call(m->round, &w, NULL, NULL);
	event_record(m->events, o, EVENT_WARNING, "NodeNotReady", NULL, "Node is not ready");
	m->any = true;
	return true;
}

bool node_pods_mark(struct controller *c, struct event_recorder *events, struct str node)
{
	struct marking m = { .round = round_new(c, node), .events = events };
	pods_of_node(c, node, mark, &m);
	round_close(m.round, false, 0);
	return m.any;
}

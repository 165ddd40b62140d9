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
	if (object_decode(o, &arena, api_struct_core_v1_pod, &pod, NULL) < 0)
		return true;
	const struct core_v1_pod_condition *ready = pod_condition(&pod, "Ready");
	if (!ready || str_eqz(ready->status, "False"))
		return true;
	const struct controller_write w = pod_condition_ends(o, "Ready", "", &body);
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

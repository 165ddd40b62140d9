/* SPDX-License-Identifier: Apache-2.0 */
/* Takes back the condition DisruptionTarget of pods that were to be disrupted and are still there two minutes later. Key: the pod. */
#include "base/mem.h"
#include "server/controllers/limits/disruption_plan.h"

static void on_pod(void *ctx, const struct object *old, const struct object *new)
{
	(void)old;
	if (!new || new->deleting || !str_contains(new->json, STR("\"DisruptionTarget\"")))
		return;
	controller_wake(ctx, new);
}

static void take_back(struct controller *c, struct str key, const struct object *o)
{
	auto_buf body = { 0 };
	const struct controller_write w =
		pod_condition_ends(o, "DisruptionTarget", ",\"reason\":null,\"message\":null",
				   &body);
	controller_write(c, key, &w);
}

static void work(void *ctx, struct str key)
{
	struct controller *c = ctx;
	auto_arena arena = { 0 };
	struct core_v1_pod pod = { 0 };
	struct str ns, name;
	int64_t wait = DISRUPTION_STANDS;
	controller_key_split(key, &ns, &name);
	const struct object *o = informer_get(controller_informer(c, API_CORE_V1_PODS), ns, name);
	if (o && object_decode(o, &arena, api_struct_core_v1_pod, &pod, NULL) == 0)
		wait = disruption_stale_ms(&pod, clock_wall_us(clock_real()));
	if (wait == 0) {
		take_back(c, key, o);
		return;
	}
	if (wait > 0)
		work_queue_add_after(c->queue, key, wait);
	controller_done(c, key, false);
}

static int start(struct controller *c, struct err *err)
{
	(void)err;
	controller_queue_start(c, work);
	informer_hook_add(controller_informer(c, API_CORE_V1_PODS), on_pod, NULL, c);
	return 0;
}

const struct controller_row controller_stale_disruption = { .name = "stale-pod-disruption",
							    .start = start,
							    .account = "disruption-controller" };

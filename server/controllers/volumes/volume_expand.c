/* SPDX-License-Identifier: Apache-2.0 */
/* A claim that asks for more than its volume has: whoever made the volume has to make it larger, and the claim says that it waits
 * for that. Key: the claim. */
#include "api/values/quantity.h"
#include "base/clock.h"
#include "base/mem.h"
#include "client/events.h"
#include "client/volume_match.h"
#include "server/controllers/controller.h"

static int64_t size_now(const claim_struct *c)
{
	struct quantity q;

	for (size_t i = 0; i < c->status.capacity.n; i++)
		if (str_eqz(c->status.capacity.items[i].key, "storage") &&
		    quantity_parse(c->status.capacity.items[i].value.text, &q, NULL) == 0)
			return quantity_i64(q);
	return 0;
}

/* Drivers of the CSI bring a controller of their own, which speaks for itself. */
static bool is_csi(struct controller *c, const claim_struct *claim)
{
	const struct object *o = informer_get(controller_informer(c, API_CORE_V1_PERSISTENTVOLUMES),
					      STR(""), claim->spec.volume_name);

	return o && str_contains(o->json, STR("\"csi\":{"));
}

static void work(void *ctx, struct str key)
{
	struct controller *c = ctx;
	auto_arena arena = { 0 };
	claim_struct claim = { 0 };
	struct str ns, name;
	const struct object *o;

	controller_key_split(key, &ns, &name);
	o = informer_get(controller_informer(c, API_CORE_V1_PERSISTENTVOLUMECLAIMS), ns, name);
	if (o &&
	    object_decode(o, &arena, api_struct_core_v1_persistent_volume_claim, &claim, NULL) ==
		    0 &&
	    str_eqz(claim.status.phase, "Bound") && claim_size(&claim) > size_now(&claim) &&
	    !is_csi(c, &claim))
		event_record(c->state, o, EVENT_WARNING, "ExternalExpanding", NULL,
			     "waiting for an external controller to expand this PVC");
	controller_done(c, key, false);
}

static void on_claim(void *ctx, const struct object *old, const struct object *new)
{
	if (!new || !old)
		return;
	controller_wake(ctx, new);
}

static int start(struct controller *c, struct err *err)
{
	(void)err;
	c->state = event_recorder_new(c->client, clock_real(), "volume_expand");
	controller_queue_start(c, work);
	controller_informer(c, API_CORE_V1_PERSISTENTVOLUMES);
	informer_hook_add(controller_informer(c, API_CORE_V1_PERSISTENTVOLUMECLAIMS), on_claim,
			  NULL, c);
	return 0;
}

static void stop(struct controller *c)
{
	event_recorder_free(c->state);
}

const struct controller_row controller_volume_expand = { "expand-controller", start, stop };

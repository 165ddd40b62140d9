/* SPDX-License-Identifier: Apache-2.0 */
/* Generic ephemeral volumes: each becomes a claim POD-VOLUME that the pod owns, and goes with it. Key: the pod. */
#include "base/clock.h"
#include "base/mem.h"
#include "client/events.h"
#include "server/controllers/controller.h"
#include "server/controllers/owners.h"
#include "server/controllers/round.h"

static void write_claim(const struct core_v1_pod *pod, const struct core_v1_volume *v,
			struct str name, struct buf *out)
{
	const struct core_v1_persistent_volume_claim_template *t =
		v->ephemeral->volume_claim_template;
	struct meta_v1_object_meta meta = { .name = name,
					    .namespace = pod->metadata.namespace,
					    .labels = t->metadata.labels,
					    .annotations = t->metadata.annotations };
	bool yes = true;
	struct meta_v1_owner_reference owner = { .api_version = STR("v1"),
						 .kind = STR("Pod"),
						 .name = pod->metadata.name,
						 .uid = pod->metadata.uid,
						 .controller = &yes,
						 .block_owner_deletion = &yes };

	meta.owner_references.items = &owner;
	meta.owner_references.n = 1;
	buf_puts(out, "{\"kind\":\"PersistentVolumeClaim\",\"apiVersion\":\"v1\",\"metadata\":");
	struct_write_json(api_struct_meta_v1_object_meta, &meta, out);
	buf_puts(out, ",\"spec\":");
	struct_write_json(api_struct_core_v1_persistent_volume_claim_spec, &t->spec, out);
	buf_putc(out, '}');
}

static bool owned_by(const struct object *claim, struct str uid)
{
	struct owner o;

	return owner_controller(claim, &o) && str_eq(o.uid, uid);
}

/* Another claim of that name is not ours to use. */
static void refuse(struct controller *c, const struct object *pod, const struct core_v1_volume *v,
		   struct str claim)
{
	event_record(
		c->state, pod, EVENT_WARNING, "FailedBinding", NULL,
		"ephemeral volume %.*s: PVC %.*s/%.*s was not created for pod %.*s/%.*s (pod is "
		"not owner)",
		STR_ARG(v->name), STR_ARG(pod->ns), STR_ARG(claim), STR_ARG(pod->ns),
		STR_ARG(pod->name));
}

static bool make_claims(struct controller *c, struct round *r, const struct object *o,
			const struct core_v1_pod *pod)
{
	bool refused = false;

	for (size_t i = 0; i < pod->spec.volumes.n; i++) {
		const struct core_v1_volume *v = &pod->spec.volumes.items[i];
		auto_buf name = { 0 }, body = { 0 };
		const struct object *claim;

		if (!v->ephemeral || !v->ephemeral->volume_claim_template)
			continue;
		buf_printf(&name, "%.*s-%.*s", STR_ARG(o->name), STR_ARG(v->name));
		claim = informer_get(controller_informer(c, API_CORE_V1_PERSISTENTVOLUMECLAIMS),
				     o->ns, buf_view(&name));
		if (claim) {
			if (!owned_by(claim, o->uid)) {
				refuse(c, o, v, buf_view(&name));
				refused = true;
			}
			continue;
		}
		write_claim(pod, v, buf_view(&name), &body);
		const struct controller_write write = {
			.verb = API_CREATE,
			.resource = API_CORE_V1_PERSISTENTVOLUMECLAIMS,
			.ns = o->ns,
			.body = buf_view(&body),
			.harmless = ERR_ALREADY_EXISTS,
		};
		round_call(r, &write, NULL, NULL);
	}
	return refused;
}

static void work(void *ctx, struct str key)
{
	struct controller *c = ctx;
	auto_arena arena = { 0 };
	struct core_v1_pod pod = { 0 };
	struct str ns, name;
	const struct object *o;
	struct round *r;

	controller_key_split(key, &ns, &name);
	o = informer_get(controller_informer(c, API_CORE_V1_PODS), ns, name);
	if (!o || o->deleting || object_decode(o, &arena, api_struct_core_v1_pod, &pod, NULL) < 0) {
		controller_done(c, key, false);
		return;
	}
	r = round_new(c, key);
	round_close(r, make_claims(c, r, o, &pod), 0);
}

static void on_pod(void *ctx, const struct object *old, const struct object *new)
{
	if (!new || old || !str_contains(new->json, STR("\"ephemeral\":")))
		return;
	controller_wake(ctx, new);
}

/* A claim that went too early is made again. */
static void on_claim(void *ctx, const struct object *old, const struct object *new)
{
	struct controller *c = ctx;
	struct owner owner;
	auto_buf key = { 0 };

	if (new || !owner_controller(old, &owner) || !str_eqz(owner.kind, "Pod"))
		return;
	buf_printf(&key, "%.*s/%.*s", STR_ARG(old->ns), STR_ARG(owner.name));
	work_queue_add(c->queue, buf_view(&key));
}

static int start(struct controller *c, struct err *err)
{
	(void)err;
	c->state = event_recorder_new(c->client, clock_real(), "ephemeral_volume");
	controller_queue_start(c, work);
	informer_hook_add(controller_informer(c, API_CORE_V1_PODS), on_pod, NULL, c);
	informer_hook_add(controller_informer(c, API_CORE_V1_PERSISTENTVOLUMECLAIMS), on_claim,
			  NULL, c);
	return 0;
}

static void stop(struct controller *c)
{
	event_recorder_free(c->state);
}

const struct controller_row controller_ephemeral_volume = { "ephemeral-volume-controller", start,
							    stop };

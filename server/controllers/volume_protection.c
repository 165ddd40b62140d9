/* SPDX-License-Identifier: Apache-2.0 */
/* Claims that pods use, and volumes that are bound, are not deleted: their finalizer goes when nobody needs them any more. Two
 * controllers of one kind; keys are those of the objects. */
#include <jansson.h>

#include "base/mem.h"
#include "client/volume_match.h"
#include "server/controllers/controller.h"
#include "server/controllers/owners.h"

#define CLAIM_FINALIZER  "kubernetes.io/pvc-protection"
#define VOLUME_FINALIZER "kubernetes.io/pv-protection"

static void write_finalizer(struct controller *c, struct str key, const struct object *o,
			    const char *finalizer, bool present)
{
	json_t *tree = object_tree(o, NULL), *meta = json_object_get(tree, "metadata"),
	       *list = json_object_get(meta, "finalizers");
	auto_free char *body = NULL;

	if (!json_is_array(list)) {
		list = json_array();
		json_object_set_new(meta, "finalizers", list);
	}
	for (size_t i = json_array_size(list); i-- > 0;)
		if (!strcmp(json_string_value(json_array_get(list, i)), finalizer))
			json_array_remove(list, i);
	if (present)
		json_array_append_new(list, json_string(finalizer));
	body = json_dumps(tree, JSON_COMPACT);
	json_decref(tree);
	const struct controller_write write = {
		.verb = API_UPDATE,
		.resource = o->resource,
		.ns = o->ns,
		.name = o->name,
		.body = str_from(body),
		.harmless = ERR_NOT_FOUND,
	};
	controller_write(c, key, &write);
}

/* The finalizer is there while the object lives, and goes when it is to be deleted and nobody uses it. */
static void settle(struct controller *c, struct str key, const struct object *o,
		   const char *finalizer,
		   bool (*used)(struct controller *c, const struct object *o))
{
	bool has = o && object_has_finalizer(o, str_from(finalizer));

	if (o && o->deleting && has && !used(c, o))
		write_finalizer(c, key, o, finalizer, false);
	else if (o && !o->deleting && !has)
		write_finalizer(c, key, o, finalizer, true);
	else
		controller_done(c, key, false);
}

/* --- claims --- */

struct use {
	const struct object *claim;
	bool found;
};

static bool names_claim(const struct core_v1_pod *pod, struct str claim)
{
	for (size_t i = 0; i < pod->spec.volumes.n; i++) {
		const struct core_v1_volume *v = &pod->spec.volumes.items[i];

		if (v->persistent_volume_claim &&
		    str_eq(v->persistent_volume_claim->claim_name, claim))
			return true;
		if (v->ephemeral && claim.n == pod->metadata.name.n + 1 + v->name.n &&
		    str_starts(claim, pod->metadata.name) && str_ends(claim, v->name))
			return true;
	}
	return false;
}

/* A pod that has no node, or has ended, uses nothing. */
static bool look_at_pod(void *ctx, const struct object *o)
{
	struct use *u = ctx;
	auto_arena arena = { 0 };
	struct core_v1_pod pod = { 0 };

	if (!str_contains(o->json, u->claim->name) && !str_contains(o->json, STR("\"ephemeral\":")))
		return true;
	if (object_decode(o, &arena, api_struct_core_v1_pod, &pod, NULL) < 0)
		return true;
	u->found = pod.spec.node_name.n && !str_eqz(pod.status.phase, "Succeeded") &&
		   !str_eqz(pod.status.phase, "Failed") && names_claim(&pod, u->claim->name);
	return !u->found;
}

static bool claim_is_used(struct controller *c, const struct object *claim)
{
	struct use u = { claim, false };

	informer_each(controller_informer(c, API_CORE_V1_PODS), claim->ns, look_at_pod, &u);
	return u.found;
}

static void work_claim(void *ctx, struct str key)
{
	struct controller *c = ctx;
	struct str ns, name;

	controller_key_split(key, &ns, &name);
	settle(c, key,
	       informer_get(controller_informer(c, API_CORE_V1_PERSISTENTVOLUMECLAIMS), ns, name),
	       CLAIM_FINALIZER, claim_is_used);
}

static void on_object(void *ctx, const struct object *old, const struct object *new)
{
	struct controller *c = ctx;
	auto_buf key = { 0 };

	(void)old;
	if (!new)
		return;
	controller_key(new, &key);
	work_queue_add(c->queue, buf_view(&key));
}

static void on_pod(void *ctx, const struct object *old, const struct object *new)
{
	struct controller *c = ctx;
	const struct object *o = new ? new : old;
	auto_arena arena = { 0 };
	struct core_v1_pod pod = { 0 };

	if (!str_contains(o->json, STR("\"persistentVolumeClaim\":")) &&
	    !str_contains(o->json, STR("\"ephemeral\":")))
		return;
	if (object_decode(o, &arena, api_struct_core_v1_pod, &pod, NULL) < 0)
		return;
	for (size_t i = 0; i < pod.spec.volumes.n; i++) {
		const struct core_v1_volume *v = &pod.spec.volumes.items[i];
		auto_buf key = { 0 };

		if (v->persistent_volume_claim)
			buf_printf(&key, "%.*s/%.*s", STR_ARG(o->ns),
				   STR_ARG(v->persistent_volume_claim->claim_name));
		else if (v->ephemeral)
			buf_printf(&key, "%.*s/%.*s-%.*s", STR_ARG(o->ns), STR_ARG(o->name),
				   STR_ARG(v->name));
		if (key.n)
			work_queue_add(c->queue, buf_view(&key));
	}
}

static int start_claims(struct controller *c, struct err *err)
{
	(void)err;
	controller_queue_start(c, work_claim);
	informer_hook_add(controller_informer(c, API_CORE_V1_PERSISTENTVOLUMECLAIMS), on_object,
			  NULL, c);
	informer_hook_add(controller_informer(c, API_CORE_V1_PODS), on_pod, NULL, c);
	return 0;
}

/* --- volumes --- */

static bool volume_is_used(struct controller *c, const struct object *o)
{
	auto_arena arena = { 0 };
	volume_struct v = { 0 };

	(void)c;
	return object_decode(o, &arena, api_struct_core_v1_persistent_volume, &v, NULL) == 0 &&
	       str_eqz(v.status.phase, "Bound");
}

static void work_volume(void *ctx, struct str key)
{
	struct controller *c = ctx;

	settle(c, key,
	       informer_get(controller_informer(c, API_CORE_V1_PERSISTENTVOLUMES), STR(""), key),
	       VOLUME_FINALIZER, volume_is_used);
}

static int start_volumes(struct controller *c, struct err *err)
{
	(void)err;
	controller_queue_start(c, work_volume);
	informer_hook_add(controller_informer(c, API_CORE_V1_PERSISTENTVOLUMES), on_object, NULL,
			  c);
	return 0;
}

const struct controller_row controller_claim_protection = { "pvc-protection-controller",
							    start_claims, NULL };
const struct controller_row controller_volume_protection = { "pv-protection-controller",
							     start_volumes, NULL };

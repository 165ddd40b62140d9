/* SPDX-License-Identifier: Apache-2.0 */
/* Claims that pods use, volumes that are bound, and attributes classes that claims or volumes name are not deleted: their finalizer
 * goes when nobody needs them any more. Three controllers of one kind; keys are those of the objects. */
#include <jansson.h>

#include "base/clock.h"
#include "base/mem.h"
#include "client/volume_match.h"
#include "server/controllers/controller.h"
#include "server/controllers/owners.h"

#define CLAIM_FINALIZER  "kubernetes.io/pvc-protection"
#define VOLUME_FINALIZER "kubernetes.io/pv-protection"
#define CLASS_FINALIZER  "kubernetes.io/vac-protection"

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
	bool anywhere, found;
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
	u->found = (pod.spec.node_name.n || u->anywhere) &&
		   !str_eqz(pod.status.phase, "Succeeded") &&
		   !str_eqz(pod.status.phase, "Failed") && names_claim(&pod, u->claim->name);
	return !u->found;
}

static bool claim_is_used(struct controller *c, const struct object *claim)
{
	struct use u = { .claim = claim };

	informer_each(controller_informer(c, API_CORE_V1_PODS), claim->ns, look_at_pod, &u);
	return u.found;
}

/* The condition Unused says whether any pod refers to the claim, wherever the pod is. True: it has to be written. */
static bool unused_differs(const claim_struct *claim, bool unused)
{
	for (size_t i = 0; i < claim->status.conditions.n; i++)
		if (str_eqz(claim->status.conditions.items[i].type, "Unused"))
			return str_eqz(claim->status.conditions.items[i].status, "True") != unused;
	return true;
}

static void set_unused(json_t *status, bool unused)
{
	json_t *list = json_object_get(status, "conditions");
	char now[TIME_TEXT_MAX];

	if (!json_is_array(list)) {
		list = json_array();
		json_object_set_new(status, "conditions", list);
	}
	for (size_t i = json_array_size(list); i-- > 0;) {
		const char *type =
			json_string_value(json_object_get(json_array_get(list, i), "type"));

		if (type && !strcmp(type, "Unused"))
			json_array_remove(list, i);
	}
	time_format(clock_wall_s(clock_real()), now);
	json_array_append_new(list, json_pack("{s:s,s:s,s:s,s:s,s:s}", "type", "Unused", "status",
					      unused ? "True" : "False", "lastTransitionTime", now,
					      "reason", unused ? "NoPodsUsingPVC" : "PodUsingPVC",
					      "message",
					      unused ? "No pods are currently referencing this PVC"
						     : "A pod is currently referencing this PVC"));
}

/* True: it is being written; the rest follows when that is seen. */
static bool tell_unused(struct controller *c, struct str key, const struct object *o)
{
	auto_arena arena = { 0 };
	claim_struct claim = { 0 };
	struct use u = { .claim = o, .anywhere = true };
	json_t *tree;

	if (o->deleting ||
	    object_decode(o, &arena, api_struct_core_v1_persistent_volume_claim, &claim, NULL) <
		    0 ||
	    !str_eqz(claim.status.phase, "Bound"))
		return false;
	informer_each(controller_informer(c, API_CORE_V1_PODS), o->ns, look_at_pod, &u);
	if (!unused_differs(&claim, !u.found))
		return false;
	tree = object_tree(o, NULL);
	set_unused(json_object_get(tree, "status"), !u.found);
	auto_free char *body = json_dumps(tree, JSON_COMPACT);

	json_decref(tree);
	const struct controller_write write = {
		.verb = API_UPDATE,
		.resource = o->resource,
		.ns = o->ns,
		.name = o->name,
		.subresource = STR("status"),
		.body = str_from(body),
		.harmless = ERR_NOT_FOUND,
	};
	controller_write(c, key, &write);
	return true;
}

static void work_claim(void *ctx, struct str key)
{
	struct controller *c = ctx;
	const struct object *o;
	struct str ns, name;

	controller_key_split(key, &ns, &name);
	o = informer_get(controller_informer(c, API_CORE_V1_PERSISTENTVOLUMECLAIMS), ns, name);
	if (!informer_synced(controller_informer(c, API_CORE_V1_PODS)))
		controller_done(c, key, o != NULL);
	else if (!o || !tell_unused(c, key, o))
		settle(c, key, o, CLAIM_FINALIZER, claim_is_used);
}

static void on_object(void *ctx, const struct object *old, const struct object *new)
{
	(void)old;
	if (!new)
		return;
	controller_wake(ctx, new);
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

/* --- attributes classes --- */

#define CLASS_NAMES_MAX 3

/* The classes that a claim or a volume names: wanted, current, on its way; some may be empty. Texts live in the arena. */
static size_t class_names(const struct object *o, struct arena *a, struct str out[CLASS_NAMES_MAX])
{
	const struct api_resource *claims = API_CORE_V1_PERSISTENTVOLUMECLAIMS;
	volume_struct volume = { 0 };
	claim_struct claim = { 0 };
	size_t n = 0;

	if (!str_contains(o->json, STR("olumeAttributesClassName\":")))
		return 0;
	if (o->resource != claims) {
		if (object_decode(o, a, api_struct_core_v1_persistent_volume, &volume, NULL) == 0)
			out[n++] = volume.spec.volume_attributes_class_name;
		return n;
	}
	if (object_decode(o, a, api_struct_core_v1_persistent_volume_claim, &claim, NULL) < 0)
		return 0;
	out[n++] = claim.spec.volume_attributes_class_name;
	out[n++] = claim.status.current_volume_attributes_class_name;
	if (claim.status.modify_volume_status)
		out[n++] = claim.status.modify_volume_status->target_volume_attributes_class_name;
	return n;
}

struct class_use {
	struct str name;
	bool found;
};

static bool look_for_class(void *ctx, const struct object *o)
{
	struct class_use *u = ctx;
	auto_arena arena = { 0 };
	struct str names[CLASS_NAMES_MAX];
	size_t n = class_names(o, &arena, names);

	for (size_t i = 0; i < n; i++)
		u->found = u->found || str_eq(names[i], u->name);
	return !u->found;
}

static bool class_is_used(struct controller *c, const struct object *o)
{
	struct class_use u = { .name = o->name };

	informer_each(controller_informer(c, API_CORE_V1_PERSISTENTVOLUMECLAIMS), STR(""),
		      look_for_class, &u);
	informer_each(controller_informer(c, API_CORE_V1_PERSISTENTVOLUMES), STR(""),
		      look_for_class, &u);
	return u.found;
}

static void work_class(void *ctx, struct str key)
{
	struct controller *c = ctx;
	const struct object *o =
		informer_get(controller_informer(c, API_STORAGE_V1_VOLUMEATTRIBUTESCLASSES),
			     STR(""), key);

	if (!informer_synced(controller_informer(c, API_CORE_V1_PERSISTENTVOLUMECLAIMS)) ||
	    !informer_synced(controller_informer(c, API_CORE_V1_PERSISTENTVOLUMES)))
		controller_done(c, key, o != NULL);
	else
		settle(c, key, o, CLASS_FINALIZER, class_is_used);
}

/* What a claim or volume named before may be free now. */
static void on_class_user(void *ctx, const struct object *old, const struct object *new)
{
	struct controller *c = ctx;
	auto_arena arena = { 0 };
	struct str names[CLASS_NAMES_MAX];
	size_t n = old ? class_names(old, &arena, names) : 0;

	(void)new;
	for (size_t i = 0; i < n; i++)
		if (names[i].n)
			work_queue_add(c->queue, names[i]);
}

static int start_classes(struct controller *c, struct err *err)
{
	(void)err;
	controller_queue_start(c, work_class);
	informer_hook_add(controller_informer(c, API_STORAGE_V1_VOLUMEATTRIBUTESCLASSES), on_object,
			  NULL, c);
	informer_hook_add(controller_informer(c, API_CORE_V1_PERSISTENTVOLUMECLAIMS), on_class_user,
			  NULL, c);
	informer_hook_add(controller_informer(c, API_CORE_V1_PERSISTENTVOLUMES), on_class_user,
			  NULL, c);
	return 0;
}

const struct controller_row controller_claim_protection = { "pvc-protection-controller",
							    start_claims, NULL };
const struct controller_row controller_volume_protection = { "pv-protection-controller",
							     start_volumes, NULL };
const struct controller_row controller_class_protection = {
	"volumeattributesclass-protection-controller", start_classes, NULL
};

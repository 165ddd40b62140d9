/* SPDX-License-Identifier: Apache-2.0 */
#include "api/meta.h"
#include "base/clock.h"
#include "server/apiserver/registry/pod_labels.h"
#include "server/apiserver/registry/pod_qos.h"
#include "server/apiserver/write.h"

static void keep_field(json_t *to, const json_t *from, const char *field)
{
	json_t *value = json_object_get(from, field);
	if (value)
		json_object_set(to, field, value);
	else
		json_object_del(to, field);
}

/* A gated pod says so from its first moment. */
static void gate_condition(struct write *w, json_t *status, const json_t *spec)
{
	char now[TIME_TEXT_MAX];
	if (json_array_size(json_object_get(spec, "schedulingGates")) == 0)
		return;
	time_format(clock_wall_s(w->r->server->clock), now);
	json_object_set_new(status, "conditions",
			    json_pack("[{s:s,s:s,s:s,s:s,s:s}]", "type", "PodScheduled", "status",
				      "False", "lastTransitionTime", now, "reason",
				      "SchedulingGated", "message",
				      "Scheduling is blocked due to non-empty scheduling gates"));
}

int pod_strategy_create(struct write *w, struct err *err)
{
	json_t *spec = json_object_get(w->tree, "spec");
	json_t *status = json_pack("{s:s}", "phase", "Pending");
	(void)err;
	pod_labels_merge(spec, meta_labels(w->tree));
	gate_condition(w, status, spec);
	json_object_set_new(status, "qosClass", json_string(pod_qos(spec)));
	json_object_set_new(w->tree, "status", status);
	return 0;
}

int pod_strategy_update(struct write *w, struct err *err)
{
	(void)err;
	json_t *spec = json_object_get(w->tree, "spec"), *old = json_object_get(w->old, "spec");
	if (spec && !json_object_get(spec, "resources") && json_object_get(old, "resources"))
		keep_field(spec, old, "resources");
	return 0;
}

static int pod_status(struct write *w)
{
	json_t *status = json_object_get(w->tree, "status");
	if (!json_is_object(status)) {
		status = json_object();
		json_object_set_new(w->tree, "status", status);
	}
	keep_field(meta_make(w->tree), meta_of(w->old), "ownerReferences");
	static const char *const kept[] = { "qosClass", "resourceClaimStatuses",
					    "extendedResourceClaimStatus", "observedGeneration" };
	for (size_t i = 0; i < COUNT_OF(kept); i++)
		if (!json_object_get(status, kept[i]))
			keep_field(status, json_object_get(w->old, "status"), kept[i]);
	return 0;
}

/* The old pod, but for one field of its spec. */
static json_t *old_with(struct write *w)
{
	json_t *pod = tree_copy(w->old);
	keep_field(meta_make(pod), meta_of(w->tree), "managedFields");
	return pod;
}

static void tree_replace(struct write *w, json_t *with)
{
	bool changed = !json_equal(json_object_get(with, "spec"), json_object_get(w->old, "spec"));
	if (changed)
		meta_set_int(with, "generation", meta_generation(w->old) + 1);
	json_decref(w->tree);
	w->tree = with;
}

static int pod_ephemeral(struct write *w)
{
	json_t *pod = old_with(w);
	keep_field(json_object_get(pod, "spec"), json_object_get(w->tree, "spec"),
		   "ephemeralContainers");
	tree_replace(w, pod);
	return 0;
}

static const json_t *container_named(const json_t *list, struct str name)
{
	for (size_t i = 0; i < json_array_size(list); i++)
		if (str_eq(tree_get_str(json_array_get(list, i), "name", NULL), name))
			return json_array_get(list, i);
	return NULL;
}

static int pod_resize(struct write *w)
{
	static const char *const lists[] = { "initContainers", "containers" };
	json_t *pod = old_with(w), *spec = json_object_get(pod, "spec");
	const json_t *wanted = json_object_get(w->tree, "spec");
	for (size_t l = 0; l < COUNT_OF(lists); l++) {
		json_t *list = json_object_get(spec, lists[l]);
		for (size_t i = 0; i < json_array_size(list); i++) {
			json_t *c = json_array_get(list, i);
			const json_t *from = container_named(json_object_get(wanted, lists[l]),
							     tree_get_str(c, "name", NULL));
			if (!from)
				continue;
			keep_field(c, from, "resources");
			keep_field(c, from, "resizePolicy");
		}
	}
	tree_replace(w, pod);
	return 0;
}

int pod_strategy_update_sub(struct write *w, struct err *err)
{
	(void)err;
	if (!strcmp(w->subresource, "status"))
		return pod_status(w);
	if (!strcmp(w->subresource, "ephemeralcontainers"))
		return pod_ephemeral(w);
	return !strcmp(w->subresource, "resize") ? pod_resize(w) : 0;
}

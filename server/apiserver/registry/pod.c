/* SPDX-License-Identifier: Apache-2.0 */
#include "api/object/meta.h"
#include "api/pod_qos.h"
#include "base/clock.h"
#include "server/apiserver/registry/pod_apparmor.h"
#include "server/apiserver/registry/pod_labels.h"
#include "server/apiserver/registry/pod_level.h"
#include "server/apiserver/write/write.h"

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
	pod_apparmor(w);
	pod_labels_merge(spec, meta_labels(w->tree));
	pod_level_default(spec);
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
	json_decref(w->tree);
	w->tree = with;
	if (strategy_spec_changed(w))
		meta_set_int(with, "generation", meta_generation(w->old) + 1);
}

static int pod_ephemeral(struct write *w)
{
	json_t *pod = old_with(w);
	keep_field(json_object_get(pod, "spec"), json_object_get(w->tree, "spec"),
		   "ephemeralContainers");
	tree_replace(w, pod);
	return 0;
}

/* What a resize takes of each container. Others than before are left as they came, for validation to say so. */
static void resize_list(json_t *spec, const json_t *wanted, const char *name)
{
	const json_t *now = json_object_get(wanted, name), *was = json_object_get(spec, name);
	json_t *container, *list = json_array();
	size_t i;
	json_array_foreach (now, i, container) {
		const json_t *old = json_array_get(was, i);
		if (!json_equal(json_object_get(old, "name"), json_object_get(container, "name"))) {
			json_object_set(spec, name, (json_t *)(uintptr_t)now);
			json_decref(list);
			return;
		}
		json_t *one = json_copy((json_t *)(uintptr_t)old);
		keep_field(one, container, "resources");
		keep_field(one, container, "resizePolicy");
		json_array_append_new(list, one);
	}
	if (json_array_size(list))
		json_object_set(spec, name, list);
	json_decref(list);
}

static bool same_size(const json_t *a, const json_t *b, const char *list)
{
	return json_array_size(json_object_get(a, list)) ==
	       json_array_size(json_object_get(b, list));
}

static int pod_resize(struct write *w)
{
	const json_t *wanted = json_object_get(w->tree, "spec"),
		     *old = json_object_get(w->old, "spec");
	if (!same_size(wanted, old, "containers") || !same_size(wanted, old, "initContainers"))
		return 0; /* is not valid */
	json_t *pod = old_with(w), *spec = json_object_get(pod, "spec");
	resize_list(spec, wanted, "initContainers");
	resize_list(spec, wanted, "containers");
	if (json_object_get(wanted, "resources"))
		keep_field(spec, wanted, "resources");
	pod_level_default(spec);
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

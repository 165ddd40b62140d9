/* SPDX-License-Identifier: Apache-2.0 */
/* What may change by a resize: requests and limits of processor and memory, of containers and of the pod as a whole, none of which may
 * go away, nor the pod's quality of service. Follows upstream's ValidatePodResize. */
#include <string.h>

#include "api/object/meta.h"
#include "api/pod_qos.h"
#include "api/shape.h"
#include "api/validation/kinds.h"
#include "api/validation/pod_parts.h"
#include "base/mem.h"

#define MIRROR "kubernetes.io/config.mirror"

static const char *const lists[] = { "containers", "initContainers" };
static const char *const parts[] = { "requests", "limits" };
static const char *const resizable[] = { "cpu", "memory" };

static const json_t *part_of(const json_t *holder, size_t p)
{
	return tree_get(holder, "resources", parts[p], NULL);
}

static void check_qos(struct check *c, const json_t *new, const json_t *old)
{
	struct str before = tree_get_str(old, "status", "qosClass", NULL);
	const char *now = pod_qos(json_object_get(new, "spec"));
	if (!before.n)
		before = str_from(pod_qos(json_object_get(old, "spec")));
	if (!str_eqz(before, now))
		check_invalid_text(c, "spec", tree_get_str(new, "status", "qosClass", NULL),
				   "Pod QOS Class may not change as a result of resizing");
}

/* The first container that runs tells whether its node knows how. */
static void check_node(struct check *c, const json_t *old)
{
	size_t i;
	json_t *s;
	json_array_foreach (tree_get(old, "status", "containerStatuses", NULL), i, s) {
		if (!tree_get(s, "state", "running", NULL))
			continue;
		if (!json_object_get(s, "resources"))
			check_forbidden(c, "spec",
					"Pod running on node without support for resize");
		return;
	}
}

static bool removed(const json_t *new, const json_t *old)
{
	const char *name;
	json_t *amount;
	json_object_foreach ((json_t *)old, name, amount)
		if (!json_object_get(new, name))
			return true;
	return false;
}

static void check_kept(struct check *c, const json_t *new, const json_t *old, const char *of)
{
	size_t was = check_in(c, "resources");
	for (size_t p = 0; p < COUNT_OF(parts); p++)
		if (removed(part_of(new, p), part_of(old, p)))
			check_forbidden(c, parts[p], "%sresource %s cannot be removed", of,
					parts[p]);
	check_out(c, was);
}

/* Processor and memory of `holder` as they were, so that the rest can be compared. */
static void put_back(json_t *holder, const json_t *old)
{
	for (size_t p = 0; p < COUNT_OF(parts); p++)
		for (size_t k = 0; k < COUNT_OF(resizable); k++) {
			json_t *before = json_object_get(part_of(old, p), resizable[k]);
			json_t *list = (json_t *)(uintptr_t)part_of(holder, p);
			if (before && !list && json_object_get(holder, "resources"))
				json_object_set_new(json_object_get(holder, "resources"), parts[p],
						    list = json_object());
			if (before)
				json_object_set(list, resizable[k], before);
			else
				json_object_del(list, resizable[k]);
			if (list && json_object_size(list) == 0 && !part_of(old, p))
				json_object_del(json_object_get(holder, "resources"), parts[p]);
		}
}

static bool has_resources(const json_t *spec)
{
	return json_object_size(part_of(spec, 0)) + json_object_size(part_of(spec, 1)) > 0;
}

static void check_pod_level(struct check *c, json_t *new, const json_t *old)
{
	const json_t *before = json_object_get(old, "resources");
	if (!has_resources(new) && !has_resources(old))
		return;
	if (before && !json_object_get(new, "resources")) {
		check_forbidden(c, "resources", "pod-level resources cannot be removed");
		return;
	}
	if (before)
		check_kept(c, new, old, "pod-level ");
	put_back(new, old);
	if (!before && json_object_size(json_object_get(new, "resources")) == 0)
		json_object_del(new, "resources");
	if (!shape_equal(json_object_get(new, "resources"), before) &&
	    (before || json_object_get(new, "resources")))
		check_forbidden(c, NULL, "only cpu and memory resources are mutable at pod-level");
}

static bool check_order(struct check *c, const json_t *new, const json_t *old)
{
	bool same = true;
	for (size_t l = 0; l < COUNT_OF(lists); l++) {
		const json_t *a = json_object_get(new, lists[l]),
			     *b = json_object_get(old, lists[l]);
		size_t was, at, i;
		json_t *container;
		if (json_array_size(a) != json_array_size(b)) {
			check_forbidden(c, lists[l], "%s may not be added or removed on resize",
					lists[l]);
			same = false;
			continue;
		}
		was = check_in(c, lists[l]);
		json_array_foreach (a, i, container) {
			at = check_in_index(c, i);
			if (!json_equal(json_object_get(container, "name"),
					json_object_get(json_array_get(b, i), "name"))) {
				check_forbidden(c, "name",
						"%s may not be renamed or reordered on resize",
						lists[l]);
				same = false;
			}
			check_out(c, at);
		}
		check_out(c, was);
	}
	return same;
}

static bool is_sidecar(const json_t *container)
{
	return str_eqz(tree_get_str(container, "restartPolicy", NULL), "Always");
}

static bool restarts(const json_t *container)
{
	size_t i;
	json_t *policy;
	json_array_foreach (json_object_get(container, "resizePolicy"), i, policy)
		if (str_eqz(tree_get_str(policy, "restartPolicy", NULL), "RestartContainer"))
			return true;
	return false;
}

/* Containers that are no sidecars have only resources; of the others more is said. */
static void check_rest(struct check *c, json_t *container, const json_t *old, bool initial,
		       size_t i)
{
	bool modified = !shape_equal(container, old);
	put_back(container, old);
	if (!initial) {
		if (!shape_equal(container, old))
			check_forbidden(c, NULL, "only cpu and memory resources are mutable");
		return;
	}
	size_t was = check_in(c, "initContainers"), at = check_in_index(c, i);
	if (!shape_equal(container, old))
		check_forbidden(c, NULL,
				"only cpu and memory resources for init or sidecar containers are "
				"mutable");
	if (modified && !is_sidecar(container) && restarts(container))
		check_forbidden(c, NULL,
				"non-sidecar init containers with a resize policy of "
				"RestartContainer cannot be resized");
	check_out(c, at);
	check_out(c, was);
}

static void check_containers_kept(struct check *c, json_t *new, const json_t *old)
{
	static const char *const order[] = { "initContainers", "containers" };
	size_t i;
	json_t *container;
	for (size_t l = 0; l < COUNT_OF(order); l++) {
		size_t was = check_in(c, order[l]);
		json_array_foreach (json_object_get(new, order[l]), i, container) {
			size_t at = check_in_index(c, i);
			check_kept(c, container, json_array_get(json_object_get(old, order[l]), i),
				   "");
			check_out(c, at);
		}
		check_out(c, was);
	}
	for (size_t l = COUNT_OF(order); l-- > 0;)
		json_array_foreach (json_object_get(new, order[l]), i, container)
			check_rest(c, container, json_array_get(json_object_get(old, order[l]), i),
				   l == 0, i);
}

void validate_pod_resize(struct check *c, const json_t *new, const json_t *old)
{
	const json_t *before = json_object_get(old, "spec");
	if (tree_get(old, "metadata", "annotations", MIRROR, NULL)) {
		check_forbidden(c, "[]", "static pods cannot be resized");
		return;
	}
	if (str_eqz(tree_get_str(before, "os", "name", NULL), "windows")) {
		check_forbidden(c, "[]", "windows pods cannot be resized");
		return;
	}
	check_pod(c, new);
	check_qos(c, new, old);
	check_node(c, old);
	json_t *spec = tree_copy(json_object_get(new, "spec"));
	size_t was = check_in(c, "spec"), errors = c->err->ncauses;
	shape_fill_empty(spec, before);
	check_pod_level(c, spec, before);
	if (check_order(c, spec, before))
		check_containers_kept(c, spec, before);
	if (c->err->ncauses == errors && !shape_equal(spec, before))
		check_forbidden(c, NULL, "only cpu and memory resources are mutable");
	check_out(c, was);
	json_decref(spec);
}

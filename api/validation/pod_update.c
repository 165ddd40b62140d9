/* SPDX-License-Identifier: Apache-2.0 */
/* What may change of a pod: images, a deadline, more tolerations, fewer gates; while gated, also where it may go. */
#include "api/object/meta.h"
#include "api/validation/internal.h"
#include "api/validation/kinds.h"
#include "api/validation/pod_parts.h"
#include "base/mem.h"

static const json_t *spec_of(const json_t *pod)
{
	return json_object_get(pod, "spec");
}

static bool same_number_of_containers(struct check *c, const json_t *new, const json_t *old,
				      const char *list)
{
	auto_buf path = { 0 };
	if (json_array_size(json_object_get(new, list)) ==
	    json_array_size(json_object_get(old, list)))
		return true;
	buf_printf(&path, "spec.%s", list);
	check_forbidden(c, path.p, "pod updates may not add or remove containers");
	return false;
}

static bool check_deadline(struct check *c, const json_t *new, const json_t *old)
{
	const json_t *a = json_object_get(new, "activeDeadlineSeconds"),
		     *b = json_object_get(old, "activeDeadlineSeconds");
	json_int_t v = json_integer_value(a);
	if (!a) {
		if (b)
			check_invalid(c, "spec.activeDeadlineSeconds", a,
				      "must not update from a positive integer to nil value");
		return true;
	}
	if (v < 0 || v > INT32_MAX)
		check_invalid(c, "spec.activeDeadlineSeconds", a,
			      "must be between 0 and %d, inclusive", INT32_MAX);
	else if (b && json_integer_value(b) < v)
		check_invalid(c, "spec.activeDeadlineSeconds", a,
			      "must be less than or equal to previous value");
	else
		return true;
	return false;
}

static void put_without_seconds(struct map *set, const json_t *toleration)
{
	json_t *copy = json_copy((json_t *)toleration);
	json_object_del(copy, "tolerationSeconds");
	char *text = json_dumps(copy, JSON_COMPACT | JSON_SORT_KEYS);
	map_put(set, str_from(text), set);
	free(text);
	json_decref(copy);
}

static void check_tolerations_kept(struct check *c, const json_t *new, const json_t *old)
{
	struct map have = { 0 }, need = { 0 };
	size_t i = 0;
	json_t *item;
	struct map_entry *e;
	json_array_foreach (json_object_get(new, "tolerations"), i, item)
		put_without_seconds(&have, item);
	json_array_foreach (json_object_get(old, "tolerations"), i, item)
		put_without_seconds(&need, item);
	i = 0;
	while ((e = map_next(&need, &i)))
		if (!map_get(&have, e->key)) {
			check_forbidden(c, "spec.tolerations",
					"existing toleration can not be modified except its "
					"tolerationSeconds");
			break;
		}
	map_free(&have, NULL);
	map_free(&need, NULL);
}

static void check_gates_only_go(struct check *c, const json_t *new, const json_t *old)
{
	struct map had = { 0 };
	size_t was = check_in(c, "spec.schedulingGates"), i;
	json_t *gate;
	json_array_foreach (json_object_get(old, "schedulingGates"), i, gate)
		seen_before(&had, tree_get_str(gate, "name", NULL));
	json_array_foreach (json_object_get(new, "schedulingGates"), i, gate) {
		struct str name = tree_get_str(gate, "name", NULL);
		size_t at = check_in_index(c, i);
		if (!map_get(&had, name))
			check_forbidden(
				c, "name",
				"only deletion is allowed, but found new scheduling gate '%.*s'",
				STR_ARG(name));
		check_out(c, at);
	}
	check_out(c, was);
	map_free(&had, NULL);
}

/* ---- what may not change ---- */

/* The new spec with everything that may change set back to the old one's. */
static void put_back(json_t *spec, const json_t *old, const char *field)
{
	json_t *value = json_object_get(old, field);
	if (value)
		json_object_set(spec, field, value);
	else
		json_object_del(spec, field);
}

static void put_back_images(json_t *spec, const json_t *old, const char *list, const char *field)
{
	const json_t *before = json_object_get(old, list);
	size_t i;
	json_t *container;
	json_array_foreach (json_object_get(spec, list), i, container)
		put_back(container, json_array_get(before, i), field);
}

/* What there was still begins the list. */
static bool only_added(const json_t *new, const json_t *old, const char *list)
{
	const json_t *now = json_object_get(new, list), *was = json_object_get(old, list);
	size_t i;
	json_t *item;
	json_array_foreach (was, i, item)
		if (!shape_equal(json_array_get(now, i), item))
			return false;
	return true;
}

static bool term_only_added(const json_t *new, const json_t *old)
{
	static const char *const lists[] = { "matchExpressions", "matchFields" };
	bool had = false, has = false;
	for (size_t i = 0; i < 2; i++) {
		had |= json_array_size(json_object_get(old, lists[i])) > 0;
		has |= json_array_size(json_object_get(new, lists[i])) > 0;
	}
	return (had || !has) && only_added(new, old, lists[0]) && only_added(new, old, lists[1]);
}

static const json_t *required_terms(const json_t *spec)
{
	const json_t *node = tree_get(spec, "affinity", "nodeAffinity", NULL);
	return tree_get(node, "requiredDuringSchedulingIgnoredDuringExecution", "nodeSelectorTerms",
			NULL);
}

/* Where a gated pod may run gets narrower, never wider. */
static void check_node_affinity(struct check *c, const json_t *spec, const json_t *old)
{
	static const char type[] = "core/v1.NodeSelectorTerm";
	const json_t *now = required_terms(spec), *was = required_terms(old);
	size_t i, in = check_in(c, "spec.affinity.nodeAffinity."
				   "requiredDuringSchedulingIgnoredDuringExecution");
	json_t *term;
	if (json_array_size(was) && json_array_size(was) != json_array_size(now)) {
		check_invalid_internal_items(c, "nodeSelectorTerms", type, now,
					     "no additions/deletions to non-empty "
					     "NodeSelectorTerms list are allowed");
	} else {
		size_t terms = check_in(c, "nodeSelectorTerms");
		json_array_foreach (was, i, term) {
			size_t at = check_in_index(c, i);
			if (!term_only_added(json_array_get(now, i), term))
				check_invalid_internal(
					c, NULL, type, json_array_get(now, i),
					"only additions are allowed (no mutations or deletions)");
			check_out(c, at);
		}
		check_out(c, terms);
	}
	check_out(c, in);
}

/* A gated pod's node selector may get more entries, its node affinity may change. */
static void put_back_gated(struct check *c, json_t *spec, const json_t *old)
{
	const char *key;
	json_t *value;
	if (json_array_size(json_object_get(old, "schedulingGates")) == 0)
		return;
	json_object_foreach (json_object_get(old, "nodeSelector"), key, value)
		if (!json_equal(value, tree_get(spec, "nodeSelector", key, NULL))) {
			check_invalid(c, "spec.nodeSelector", json_object_get(spec, "nodeSelector"),
				      "only additions to spec.nodeSelector are allowed (no "
				      "mutations or deletions)");
			break;
		}
	put_back(spec, old, "nodeSelector");
	check_node_affinity(c, spec, old);
	if (json_object_get(spec, "affinity") && json_object_get(old, "affinity"))
		put_back(json_object_get(spec, "affinity"), json_object_get(old, "affinity"),
			 "nodeAffinity");
	else
		put_back(spec, old, "affinity");
}

static json_t *munged(struct check *c, const json_t *new, const json_t *old)
{
	json_t *spec = tree_copy(new);
	shape_fill_empty(spec, old);
	json_int_t before =
		json_integer_value(json_object_get(old, "terminationGracePeriodSeconds"));
	put_back_images(spec, old, "containers", "image");
	put_back_images(spec, old, "initContainers", "image");
	put_back(spec, old, "activeDeadlineSeconds");
	put_back(spec, old, "schedulingGates");
	put_back(spec, old, "tolerations");
	if (before < 0 &&
	    json_integer_value(json_object_get(spec, "terminationGracePeriodSeconds")) == 1)
		put_back(spec, old, "terminationGracePeriodSeconds");
	put_back_gated(c, spec, old);
	return spec;
}

static void check_rest_unchanged(struct check *c, const json_t *new, const json_t *old)
{
	json_t *spec = munged(c, new, old);
	if (!shape_equal(spec, old))
		check_forbidden(c, "spec",
				"pod updates may not change fields other than "
				"`spec.containers[*].image`,`spec.initContainers[*].image`,`spec."
				"activeDeadlineSeconds`,"
				"`spec.tolerations` (only additions to existing "
				"tolerations),`spec.terminationGracePeriodSeconds` (allow it "
				"to be set to 1 if it was previously negative)");
	json_decref(spec);
}

void validate_pod_update(struct check *c, const json_t *new, const json_t *old)
{
	const json_t *a = spec_of(new), *b = spec_of(old);
	if (!shape_equal(a, b))
		check_pod(c, new);
	if (!same_number_of_containers(c, a, b, "containers") ||
	    !same_number_of_containers(c, a, b, "initContainers"))
		return;
	if (!check_deadline(c, a, b))
		return;
	check_tolerations_kept(c, a, b);
	check_gates_only_go(c, a, b);
	check_rest_unchanged(c, a, b);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* What may be created, and what may change later: images, a deadline, more tolerations, fewer gates. */
#include "api/object/meta.h"
#include "api/validation/internal.h"
#include "api/validation/kinds.h"
#include "api/validation/pod_parts.h"
#include "base/mem.h"

static const json_t *spec_of(const json_t *pod)
{
	return json_object_get(pod, "spec");
}

static void check_tokens_need_account(struct check *c, const json_t *spec)
{
	size_t i, j;
	json_t *volume, *source;
	if (tree_get_str(spec, "serviceAccountName", NULL).n)
		return;
	size_t was = check_in(c, "volumes");
	json_array_foreach (json_object_get(spec, "volumes"), i, volume) {
		size_t at = check_in_index(c, i), in = check_in(c, "projected.sources");
		json_array_foreach (tree_get(volume, "projected", "sources", NULL), j, source) {
			size_t k = check_in_index(c, j);
			if (json_object_get(source, "serviceAccountToken"))
				check_forbidden(
					c, "serviceAccountToken",
					"must not be specified when serviceAccountName is not set");
			check_out(c, k);
		}
		check_out(c, in);
		check_out(c, at);
	}
	check_out(c, was);
}

void check_pod(struct check *c, const json_t *pod)
{
	struct pod_rules p = { .spec = spec_of(pod), .metadata = meta_of(pod), .is_pod = true };
	size_t was = check_in(c, "spec");
	check_pod_spec(c, &p);
	check_tokens_need_account(c, p.spec);
	check_non_negative(c, p.spec, "terminationGracePeriodSeconds");
	check_out(c, was);
}

void validate_pod(struct check *c, const json_t *pod)
{
	const json_t *spec = spec_of(pod);
	check_pod(c, pod);
	if (json_array_size(json_object_get(spec, "ephemeralContainers")))
		check_forbidden(c, "spec.ephemeralContainers", "cannot be set on create");
	if (tree_get_str(spec, "nodeName", NULL).n &&
	    json_array_size(json_object_get(spec, "schedulingGates")))
		check_forbidden(c, "spec.nodeName",
				"cannot be set until all schedulingGates have been cleared");
}

/* ---- update ---- */

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

/* ---- status ---- */

static void check_ips(struct check *c, const json_t *status, const char *list, const char *one)
{
	const json_t *ips = json_object_get(status, list);
	struct str first = tree_get_str(json_array_get(ips, 0), "ip", NULL),
		   single = tree_get_str(status, one, NULL);
	size_t was = check_in(c, list), families[7] = { 0 }, i;
	json_t *item;
	json_array_foreach (ips, i, item) {
		struct str ip = tree_get_str(item, "ip", NULL);
		size_t at = check_in_index(c, i);
		check_ip(c, NULL, ip);
		families[ip_family(ip)]++;
		check_out(c, at);
	}
	if (families[4] > 1 || families[6] > 1)
		check_invalid(c, NULL, ips, "may specify no more than one IP for each IP family");
	check_in_index(c, 0);
	if (first.n && !str_eq(first, single))
		check_invalid_text(c, "ip", first, "must be equal to `%s`", one);
	check_out(c, was);
}

static bool lists_code(const json_t *rule, json_int_t code)
{
	bool listed = false;
	size_t i;
	json_t *one;
	json_array_foreach (tree_get(rule, "exitCodes", "values", NULL), i, one)
		listed = listed || json_integer_value(one) == code;
	return listed == str_eqz(tree_get_str(rule, "exitCodes", "operator", NULL), "In");
}

/* The first rule for that exit code comes before any policy. */
static bool rule_restarts(const json_t *container, json_int_t code)
{
	size_t i;
	json_t *rule;
	json_array_foreach (json_object_get(container, "restartPolicyRules"), i, rule)
		if (lists_code(rule, code))
			return str_starts(tree_get_str(rule, "action", NULL), STR("Restart"));
	return false;
}

static bool may_restart(const json_t *pod, const json_t *status, const char *containers)
{
	struct str policy = tree_get_str(pod, "spec", "restartPolicy", NULL),
		   name = tree_get_str(status, "name", NULL);
	json_int_t code =
		json_integer_value(tree_get(status, "state", "terminated", "exitCode", NULL));
	size_t i;
	json_t *container;
	json_array_foreach (tree_get(pod, "spec", containers, NULL), i, container)
		if (str_eq(tree_get_str(container, "name", NULL), name)) {
			struct str own = tree_get_str(container, "restartPolicy", NULL);
			if (own.n && rule_restarts(container, code))
				return true;
			policy = own.n ? own : policy;
		}
	return str_eqz(policy, "Always") || (str_eqz(policy, "OnFailure") && code != 0);
}

/* Then each container of the pod may, whatever its own policy. */
static bool may_restart_all(const json_t *pod)
{
	static const char *const lists[] = { "containers", "initContainers" };
	size_t i, k;
	json_t *container, *rule;
	for (size_t l = 0; l < COUNT_OF(lists); l++)
		json_array_foreach (tree_get(pod, "spec", lists[l], NULL), i, container)
			json_array_foreach (json_object_get(container, "restartPolicyRules"), k,
					    rule)
				if (str_eqz(tree_get_str(rule, "action", NULL),
					    "RestartAllContainers"))
					return true;
	return false;
}

static void check_transitions(struct check *c, const json_t *new, const json_t *old,
			      const char *list, const char *containers)
{
	struct map now = { 0 };
	size_t was = check_in(c, "status"), in = check_in(c, list), i;
	json_t *status;
	bool all = may_restart_all(old);
	json_array_foreach (tree_get(new, "status", list, NULL), i, status)
		map_put(&now, tree_get_str(status, "name", NULL), status);
	json_array_foreach (tree_get(old, "status", list, NULL), i, status) {
		const json_t *after = map_get(&now, tree_get_str(status, "name", NULL));
		size_t at = check_in_index(c, i);
		if (tree_get(status, "state", "terminated", NULL) && after &&
		    !tree_get(after, "state", "terminated", NULL) && !all &&
		    !may_restart(old, status, containers))
			check_forbidden(c, "state",
					"may not be transitioned to non-terminated state");
		check_out(c, at);
	}
	check_out(c, in);
	check_out(c, was);
	map_free(&now, NULL);
}

static void check_conditions(struct check *c, const json_t *status)
{
	static const char *const system[] = { "PodScheduled",
					      "Ready",
					      "Initialized",
					      "ContainersReady",
					      "DisruptionTarget",
					      "PodReadyToStartContainers",
					      "PodResizePending",
					      "PodResizeInProgress",
					      "AllContainersRestarting",
					      NULL };
	size_t was = check_in(c, "conditions"), i;
	json_t *condition;
	json_array_foreach (json_object_get(status, "conditions"), i, condition) {
		struct str type = tree_get_str(condition, "type", NULL);
		size_t at = check_in_index(c, i);
		if (!str_in(type, system))
			check_name(c, "Type", type, name_label_key);
		check_out(c, at);
	}
	check_out(c, was);
}

void validate_pod_status(struct check *c, const json_t *new, const json_t *old)
{
	const json_t *status = json_object_get(new, "status");
	struct str nominated = tree_get_str(status, "nominatedNodeName", NULL);
	size_t was = check_in(c, "status");
	check_conditions(c, status);
	if (!str_eq(tree_get_str(new, "spec", "nodeName", NULL),
		    tree_get_str(old, "spec", "nodeName", NULL)))
		check_forbidden(c, "nodeName", "may not be changed directly");
	if (nominated.n &&
	    !str_eq(nominated, tree_get_str(old, "status", "nominatedNodeName", NULL)))
		check_name(c, "nominatedNodeName", nominated, name_dns_subdomain);
	if (tree_get(old, "status", "qosClass", NULL))
		check_immutable(c, "qosClass", json_object_get(status, "qosClass"),
				tree_get(old, "status", "qosClass", NULL));
	check_ips(c, status, "podIPs", "podIP");
	check_ips(c, status, "hostIPs", "hostIP");
	check_out(c, was);
	check_transitions(c, new, old, "containerStatuses", "containers");
	check_transitions(c, new, old, "initContainerStatuses", "initContainers");
}

/* ---- subresources ---- */

/* A struct held by value is there whether it was spelled out or not. */
static bool same_but_for_empty(const json_t *now, const json_t *before)
{
	json_t *full = tree_copy(now);
	shape_fill_empty(full, before);
	bool same = shape_equal(full, before);
	json_decref(full);
	return same;
}

void validate_pod_ephemeral(struct check *c, const json_t *new, const json_t *old)
{
	struct map now = { 0 };
	size_t i;
	json_t *container;
	check_pod(c, new);
	json_array_foreach (tree_get(new, "spec", "ephemeralContainers", NULL), i, container)
		map_put(&now, tree_get_str(container, "name", NULL), container);
	json_array_foreach (tree_get(old, "spec", "ephemeralContainers", NULL), i, container) {
		struct str name = tree_get_str(container, "name", NULL);
		const json_t *after = map_get(&now, name);
		if (!after)
			check_forbidden(
				c, "spec.ephemeralContainers",
				"existing ephemeral containers \"%.*s\" may not be removed\n",
				STR_ARG(name));
		else if (!same_but_for_empty(after, container))
			check_forbidden(c, "spec.ephemeralContainers",
					"existing ephemeral containers \"%.*s\" may not be changed",
					STR_ARG(name));
	}
	map_free(&now, NULL);
}

void validate_pod_template(struct check *c, const json_t *object)
{
	size_t was = check_in(c, "template");
	check_pod_template(c, json_object_get(object, "template"));
	check_out(c, was);
}

void validate_binding(struct check *c, const json_t *binding)
{
	static const char *const kinds[] = { "Node", "<empty>", NULL };
	struct str kind = tree_get_str(binding, "target", "kind", NULL),
		   name = tree_get_str(binding, "target", "name", NULL);
	if (kind.n && !str_eqz(kind, "Node"))
		check_unsupported(c, "target.kind", tree_get(binding, "target", "kind", NULL),
				  kinds);
	check_required_name(c, "target.name", name, name_dns_subdomain);
}

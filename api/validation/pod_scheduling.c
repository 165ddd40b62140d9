/* SPDX-License-Identifier: Apache-2.0 */
/* Where a pod may go: affinities, tolerations, spreading. */
#include "api/object/meta.h"
#include "api/validation/pod_parts.h"
#include "base/mem.h"

static struct str field(const json_t *object, const char *name)
{
	return tree_str(json_object_get(object, name));
}

/* ---- node affinity ---- */

static void check_node_requirement(struct check *c, const json_t *requirement)
{
	struct str op = field(requirement, "operator");
	size_t n = json_array_size(json_object_get(requirement, "values"));
	if (str_eqz(op, "In") || str_eqz(op, "NotIn")) {
		if (n == 0)
			check_required(c, "values",
				       "must be specified when `operator` is 'In' or 'NotIn'");
	} else if (str_eqz(op, "Exists") || str_eqz(op, "DoesNotExist")) {
		if (n)
			check_forbidden(c, "values",
					"may not be specified when `operator` is 'Exists' or "
					"'DoesNotExist'");
	} else if (str_eqz(op, "Gt") || str_eqz(op, "Lt")) {
		if (n != 1)
			check_required(
				c, "values",
				"must be specified single value when `operator` is 'Lt' or 'Gt'");
	} else {
		check_invalid_text(c, "operator", op, "not a valid selector operator");
	}
	check_name(c, "key", field(requirement, "key"), name_label_key);
}

static void check_label_text(struct check *c, const json_t *value)
{
	check_name(c, NULL, tree_str(value), name_label_value);
}

/* What has to be so: its values must be labels. */
static void check_required_requirement(struct check *c, const json_t *requirement)
{
	check_node_requirement(c, requirement);
	check_each(c, json_object_get(requirement, "values"), "values", check_label_text);
}

static void check_node_name(struct check *c, const json_t *name)
{
	check_name(c, NULL, tree_str(name), name_dns_subdomain);
}

static void check_field_requirement(struct check *c, const json_t *requirement)
{
	struct str op = field(requirement, "operator"), key = field(requirement, "key");
	const json_t *values = json_object_get(requirement, "values");
	if (!str_eqz(op, "In") && !str_eqz(op, "NotIn"))
		check_invalid_text(c, "operator", op, "not a valid selector operator");
	else if (json_array_size(values) != 1)
		check_required(c, "values",
			       "must be only one value when `operator` is 'In' or 'NotIn' for node "
			       "field selector");
	if (!str_eqz(key, "metadata.name"))
		check_invalid_text(c, "key", key, "not a valid field selector key");
	else
		check_each(c, values, "values", check_node_name);
}

static void check_node_term(struct check *c, const json_t *term)
{
	check_each(c, json_object_get(term, "matchExpressions"), "matchExpressions",
		   check_node_requirement);
	check_each(c, json_object_get(term, "matchFields"), "matchFields", check_field_requirement);
}

static void check_required_term(struct check *c, const json_t *term)
{
	check_each(c, json_object_get(term, "matchExpressions"), "matchExpressions",
		   check_required_requirement);
	check_each(c, json_object_get(term, "matchFields"), "matchFields", check_field_requirement);
}

void check_node_selector(struct check *c, const json_t *selector)
{
	const json_t *terms = json_object_get(selector, "nodeSelectorTerms");
	if (json_array_size(terms) == 0)
		check_required(c, "nodeSelectorTerms", "must have at least one node selector term");
	check_each(c, terms, "nodeSelectorTerms", check_required_term);
}

static void check_weight(struct check *c, const json_t *term)
{
	json_t *weight = json_integer(json_integer_value(json_object_get(term, "weight")));
	if (json_integer_value(weight) <= 0 || json_integer_value(weight) > 100)
		check_invalid(c, "weight", weight, "must be in the range 1-100");
	json_decref(weight);
}

static void check_preferred_node(struct check *c, const json_t *term)
{
	check_weight(c, term);
	size_t was = check_in(c, "preference");
	check_node_term(c, json_object_get(term, "preference"));
	check_out(c, was);
}

/* ---- pod affinity ---- */

static void check_label_keys(struct check *c, const json_t *owner, const char *child)
{
	const json_t *keys = json_object_get(owner, child);
	size_t i;
	json_t *key;
	if (json_array_size(keys) == 0)
		return;
	if (!json_object_get(owner, "labelSelector")) {
		check_forbidden(c, child, "must not be specified when labelSelector is not set");
		return;
	}
	size_t was = check_in(c, child);
	json_array_foreach (keys, i, key) {
		size_t at = check_in_index(c, i);
		check_name(c, NULL, tree_str(key), name_label_key);
		check_out(c, at);
	}
	check_out(c, was);
}

/* The selector has got what the labels of the pod make of these keys by now: each once. */
static void check_keys_twice(struct check *c, const json_t *owner)
{
	const json_t *keys = json_object_get(owner, "matchLabelKeys"),
		     *selector = json_object_get(owner, "labelSelector");
	struct map places = { 0 }, seen = { 0 };
	size_t i;
	json_t *item;
	const char *name;
	json_array_foreach (keys, i, item)
		map_put(&places, tree_str(item), (void *)(uintptr_t)(i + 1));
	json_object_foreach (json_object_get(selector, "matchLabels"), name, item)
		seen_before(&seen, str_from(name));
	json_array_foreach (json_object_get(selector, "matchExpressions"), i, item) {
		struct str key = field(item, "key");
		size_t place = (uintptr_t)map_get(&places, key);
		if (!seen_before(&seen, key) || !place)
			continue;
		size_t at = check_in_index(c, place - 1);
		check_invalid_text(c, NULL, key, "exists in both matchLabelKeys and labelSelector");
		check_out(c, at);
	}
	map_free(&places, NULL);
	map_free(&seen, NULL);
}

static void check_keys_apart(struct check *c, const json_t *owner)
{
	struct map others = { 0 };
	size_t was = check_in(c, "matchLabelKeys"), i;
	json_t *key;
	json_array_foreach (json_object_get(owner, "mismatchLabelKeys"), i, key)
		seen_before(&others, tree_str(key));
	json_array_foreach (json_object_get(owner, "matchLabelKeys"), i, key) {
		size_t at = check_in_index(c, i);
		if (map_get(&others, tree_str(key)))
			check_invalid_text(c, NULL, tree_str(key),
					   "exists in both matchLabelKeys and mismatchLabelKeys");
		check_out(c, at);
	}
	check_out(c, was);
	map_free(&others, NULL);
}

static void check_all_label_keys(struct check *c, const json_t *owner)
{
	check_label_keys(c, owner, "matchLabelKeys");
	check_label_keys(c, owner, "mismatchLabelKeys");
	check_keys_twice(c, owner);
	check_keys_apart(c, owner);
}

static void check_pod_term(struct check *c, const json_t *term)
{
	size_t i;
	json_t *ns;
	check_label_selector(c, "labelSelector", json_object_get(term, "labelSelector"));
	check_label_selector(c, "namespaceSelector", json_object_get(term, "namespaceSelector"));
	json_array_foreach (json_object_get(term, "namespaces"), i, ns)
		check_name(c, "namespace", tree_str(ns), name_dns_label);
	check_all_label_keys(c, term);
	if (field(term, "topologyKey").n == 0)
		check_required(c, "topologyKey", "can not be empty");
	check_name(c, "topologyKey", field(term, "topologyKey"), name_label_key);
}

static void check_weighted_pod_term(struct check *c, const json_t *term)
{
	check_weight(c, term);
	size_t was = check_in(c, "podAffinityTerm");
	check_pod_term(c, json_object_get(term, "podAffinityTerm"));
	check_out(c, was);
}

static void check_pod_affinity(struct check *c, const json_t *affinity, const char *child)
{
	const json_t *side = json_object_get(affinity, child);
	size_t was = check_in(c, child);
	check_each(c, json_object_get(side, "requiredDuringSchedulingIgnoredDuringExecution"),
		   "requiredDuringSchedulingIgnoredDuringExecution", check_pod_term);
	check_each(c, json_object_get(side, "preferredDuringSchedulingIgnoredDuringExecution"),
		   "preferredDuringSchedulingIgnoredDuringExecution", check_weighted_pod_term);
	check_out(c, was);
}

void check_affinity(struct check *c, const json_t *affinity)
{
	const json_t *node = json_object_get(affinity, "nodeAffinity");
	const json_t *required =
		json_object_get(node, "requiredDuringSchedulingIgnoredDuringExecution");
	size_t was = check_in(c, "affinity"), at = check_in(c, "nodeAffinity");
	if (required) {
		size_t in = check_in(c, "requiredDuringSchedulingIgnoredDuringExecution");
		check_node_selector(c, required);
		check_out(c, in);
	}
	check_each(c, json_object_get(node, "preferredDuringSchedulingIgnoredDuringExecution"),
		   "preferredDuringSchedulingIgnoredDuringExecution", check_preferred_node);
	check_out(c, at);
	check_pod_affinity(c, affinity, "podAffinity");
	check_pod_affinity(c, affinity, "podAntiAffinity");
	check_out(c, was);
}

/* ---- tolerations ---- */

static void check_toleration_value(struct check *c, const json_t *toleration)
{
	static const char *const operators[] = { "Equal", "Exists", NULL }, *const known[] = {
		"Equal", "Exists", "Lt", "Gt", NULL
	};
	struct str op = field(toleration, "operator"), value = field(toleration, "value");
	if (op.n == 0 || str_eqz(op, "Equal")) {
		struct name_errors e = name_label_value(value);
		auto_buf all = { 0 };
		for (size_t i = 0; i < e.n; i++)
			buf_printf(&all, "%s%s", i ? ";" : "", e.text[i]);
		if (e.n)
			check_invalid_text(c, "operator", value, "%s", all.p);
	} else if (str_eqz(op, "Exists")) {
		if (value.n)
			check_invalid_text(c, "operator", value,
					   "value must be empty when `operator` is 'Exists'");
	} else {
		check_unsupported(c, "operator", json_object_get(toleration, "operator"),
				  str_in(op, known) ? known : operators);
	}
}

static void check_toleration(struct check *c, const json_t *toleration)
{
	static const char *const effects[] = { "NoSchedule", "PreferNoSchedule", "NoExecute",
					       NULL };
	struct str key = field(toleration, "key"), op = field(toleration, "operator");
	if (key.n)
		check_name(c, "key", key, name_label_key);
	else if (!str_eqz(op, "Exists"))
		check_invalid_text(c, "operator", op,
				   "operator must be Exists when `key` is empty, which means "
				   "\"match all values and all keys\"");
	if (json_object_get(toleration, "tolerationSeconds") &&
	    !str_eqz(field(toleration, "effect"), "NoExecute"))
		check_invalid_text(c, "effect", field(toleration, "effect"),
				   "effect must be 'NoExecute' when `tolerationSeconds` is set");
	check_toleration_value(c, toleration);
	check_one_of(c, toleration, "effect", effects, false);
}

void check_tolerations(struct check *c, const json_t *tolerations)
{
	check_each(c, tolerations, "tolerations", check_toleration);
}

/* ---- spreading ---- */

static void check_constraint(struct check *c, const json_t *constraint)
{
	static const char *const actions[] = { "DoNotSchedule", "ScheduleAnyway", NULL };
	static const char *const policies[] = { "Honor", "Ignore", NULL };
	const json_t *min = json_object_get(constraint, "minDomains");
	json_t *zero = json_integer(0);
	struct str action = field(constraint, "whenUnsatisfiable");
	if (json_object_get(constraint, "maxSkew"))
		check_positive(c, constraint, "maxSkew");
	else
		check_invalid(c, "maxSkew", zero, "must be greater than zero");
	json_decref(zero);
	if (field(constraint, "topologyKey").n == 0)
		check_required(c, "topologyKey", "can not be empty");
	if (!str_in(action, actions))
		check_unsupported(c, "whenUnsatisfiable",
				  json_object_get(constraint, "whenUnsatisfiable"), actions);
	check_positive(c, constraint, "minDomains");
	if (min && !str_eqz(action, "DoNotSchedule"))
		check_invalid(
			c, "minDomains", min,
			"can only use minDomains if whenUnsatisfiable=DoNotSchedule, not %.*s",
			STR_ARG(action));
	check_known_if_set(c, constraint, "nodeAffinityPolicy", policies);
	check_known_if_set(c, constraint, "nodeTaintsPolicy", policies);
	check_all_label_keys(c, constraint);
	check_label_selector(c, "labelSelector", json_object_get(constraint, "labelSelector"));
}

static void spread_pair(const json_t *constraint, struct buf *out)
{
	buf_printf(out, "{%.*s, %.*s}", STR_ARG(field(constraint, "topologyKey")),
		   STR_ARG(field(constraint, "whenUnsatisfiable")));
}

/* Of two that say the same the former is at fault. */
void check_topology_spread(struct check *c, const json_t *constraints)
{
	struct map last = { 0 };
	size_t was = check_in(c, "topologySpreadConstraints"), i;
	json_t *item;
	json_array_foreach (constraints, i, item) {
		auto_buf pair = { 0 };
		spread_pair(item, &pair);
		map_put(&last, buf_view(&pair), item);
	}
	json_array_foreach (constraints, i, item) {
		auto_buf pair = { 0 };
		size_t at = check_in_index(c, i);
		spread_pair(item, &pair);
		check_constraint(c, item);
		if (map_get(&last, buf_view(&pair)) != item)
			check_duplicate_text(c, "{topologyKey, whenUnsatisfiable}",
					     buf_view(&pair));
		check_out(c, at);
	}
	check_out(c, was);
	map_free(&last, NULL);
}

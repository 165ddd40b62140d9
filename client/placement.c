/* SPDX-License-Identifier: Apache-2.0 */
#include "client/placement.h"

const struct str *label_find(const struct api_str_map *labels, struct str key)
{
	size_t low = 0, high = labels->n; /* sorted by key */

	while (low < high) {
		size_t mid = (low + high) / 2;
		int c = str_cmp(labels->items[mid].key, key);

		if (c == 0)
			return &labels->items[mid].value;
		if (c < 0)
			low = mid + 1;
		else
			high = mid;
	}
	return NULL;
}

static bool in(const struct api_str_list *values, const struct str *v)
{
	for (size_t i = 0; v && i < values->n; i++)
		if (str_eq(values->items[i], *v))
			return true;
	return false;
}

static bool compares(const struct str *v, const struct api_str_list *values, bool greater)
{
	int64_t have, want;

	if (!v || values->n != 1 || !str_to_i64(*v, &have) || !str_to_i64(values->items[0], &want))
		return false;
	return greater ? have > want : have < want;
}

static bool requirement_holds(const struct core_v1_node_selector_requirement *r,
			      const struct str *v)
{
	if (str_eqz(r->operator, "In"))
		return in(&r->values, v);
	if (str_eqz(r->operator, "NotIn"))
		return !in(&r->values, v);
	if (str_eqz(r->operator, "Exists"))
		return v != NULL;
	if (str_eqz(r->operator, "DoesNotExist"))
		return v == NULL;
	if (str_eqz(r->operator, "Gt"))
		return compares(v, &r->values, true);
	if (str_eqz(r->operator, "Lt"))
		return compares(v, &r->values, false);
	return false;
}

bool node_term_matches(const struct core_v1_node_selector_term *t, const struct core_v1_node *n)
{
	if (!t->match_expressions.n && !t->match_fields.n)
		return false; /* an empty term selects nothing */
	for (size_t i = 0; i < t->match_expressions.n; i++) {
		const struct core_v1_node_selector_requirement *r = &t->match_expressions.items[i];

		if (!requirement_holds(r, label_find(&n->metadata.labels, r->key)))
			return false;
	}
	for (size_t i = 0; i < t->match_fields.n; i++) {
		const struct core_v1_node_selector_requirement *r = &t->match_fields.items[i];

		if (!str_eqz(r->key, "metadata.name") || !requirement_holds(r, &n->metadata.name))
			return false;
	}
	return true;
}

static bool any_term(const struct core_v1_node_selector *s, const struct core_v1_node *n)
{
	for (size_t i = 0; i < s->node_selector_terms.n; i++)
		if (node_term_matches(&s->node_selector_terms.items[i], n))
			return true;
	return false;
}

bool node_selected(const struct core_v1_pod_spec *pod, const struct core_v1_node *n)
{
	const struct core_v1_node_affinity *a = pod->affinity ? pod->affinity->node_affinity : NULL;

	for (size_t i = 0; i < pod->node_selector.n; i++) {
		const struct str *v =
			label_find(&n->metadata.labels, pod->node_selector.items[i].key);

		if (!v || !str_eq(*v, pod->node_selector.items[i].value))
			return false;
	}
	return !a || !a->required_during_scheduling_ignored_during_execution ||
	       any_term(a->required_during_scheduling_ignored_during_execution, n);
}

static bool numbers_compare(struct str taint, struct str bound, bool greater)
{
	int64_t have, want;

	if (!str_to_i64(taint, &have) || !str_to_i64(bound, &want))
		return false;
	return greater ? have > want : have < want;
}

bool toleration_covers(const struct core_v1_toleration *t, struct str key, struct str value,
		       struct str effect)
{
	if (t->effect.n && !str_eq(t->effect, effect))
		return false;
	if (t->key.n && !str_eq(t->key, key))
		return false;
	if (!t->operator.n || str_eqz(t->operator, "Equal"))
		return str_eq(t->value, value);
	if (str_eqz(t->operator, "Lt"))
		return numbers_compare(value, t->value, false);
	if (str_eqz(t->operator, "Gt"))
		return numbers_compare(value, t->value, true);
	return str_eqz(t->operator, "Exists");
}

bool pod_tolerates(const struct core_v1_pod_spec *spec, struct str key, struct str value,
		   struct str effect)
{
	for (size_t i = 0; i < spec->tolerations.n; i++)
		if (toleration_covers(&spec->tolerations.items[i], key, value, effect))
			return true;
	return false;
}

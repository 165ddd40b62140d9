/* SPDX-License-Identifier: Apache-2.0 */
/* Pods of a DaemonSet are made for one node by a required affinity to its name, and tolerate what befalls nodes. */
#include "base/mem.h"
#include "server/controllers/workloads/daemon_set_plan.h"

static struct str affine_node(const struct core_v1_node_selector *s)
{
	for (size_t i = 0; s && i < s->node_selector_terms.n; i++) {
		const struct core_v1_node_selector_term *t = &s->node_selector_terms.items[i];

		for (size_t k = 0; k < t->match_fields.n; k++)
			if (str_eqz(t->match_fields.items[k].key, "metadata.name") &&
			    t->match_fields.items[k].values.n == 1)
				return t->match_fields.items[k].values.items[0];
	}
	return STR("");
}

struct str daemon_pod_node(const struct core_v1_pod *p)
{
	const struct core_v1_affinity *a = p->spec.affinity;

	if (p->spec.node_name.n || !a || !a->node_affinity)
		return p->spec.node_name;
	return affine_node(a->node_affinity->required_during_scheduling_ignored_during_execution);
}

static void add_tolerations(const struct core_v1_pod_spec *template, struct arena *a,
			    struct core_v1_pod_spec *out)
{
	static const struct {
		const char *key, *effect;
		bool host_network_only;
	} given[] = {
		{ "node.kubernetes.io/not-ready", "NoExecute", false },
		{ "node.kubernetes.io/unreachable", "NoExecute", false },
		{ "node.kubernetes.io/disk-pressure", "NoSchedule", false },
		{ "node.kubernetes.io/memory-pressure", "NoSchedule", false },
		{ "node.kubernetes.io/pid-pressure", "NoSchedule", false },
		{ "node.kubernetes.io/unschedulable", "NoSchedule", false },
		{ "node.kubernetes.io/network-unavailable", "NoSchedule", true },
	};
	size_t n = template->tolerations.n;
	struct core_v1_toleration *items =
		ARENA_ARRAY(a, struct core_v1_toleration, n + COUNT_OF(given));

	for (size_t i = 0; i < n; i++)
		items[i] = template->tolerations.items[i];
	for (size_t i = 0; i < COUNT_OF(given); i++)
		if (!given[i].host_network_only || template->host_network)
			items[n++] =
				(struct core_v1_toleration){ .key = str_from(given[i].key),
							     .operator= STR("Exists"),
							     .effect = str_from(given[i].effect) };
	out->tolerations.items = (void *)items;
	out->tolerations.n = n;
}

static struct core_v1_node_selector *
name_selector(struct str node, const struct core_v1_node_selector *had, struct arena *a)
{
	struct core_v1_node_selector *s = ARENA_NEW(a, struct core_v1_node_selector);
	struct core_v1_node_selector_requirement *r =
		ARENA_NEW(a, struct core_v1_node_selector_requirement);
	size_t n = had && had->node_selector_terms.n ? had->node_selector_terms.n : 1;
	struct core_v1_node_selector_term *terms =
		ARENA_ARRAY(a, struct core_v1_node_selector_term, n);
	struct str *value = ARENA_NEW(a, struct str);

	*value = node;
	*r = (struct core_v1_node_selector_requirement){ .key = STR("metadata.name"),
							 .operator= STR("In"),
							 .values = { value, 1 } };
	for (size_t i = 0; i < n; i++) {
		if (had && had->node_selector_terms.n)
			terms[i].match_expressions =
				had->node_selector_terms.items[i].match_expressions;
		terms[i].match_fields.items = (void *)r;
		terms[i].match_fields.n = 1;
	}
	s->node_selector_terms.items = (void *)terms;
	s->node_selector_terms.n = n;
	return s;
}

void daemon_pod_spec(const struct core_v1_pod_spec *template, struct str node, struct arena *a,
		     struct core_v1_pod_spec *out)
{
	struct core_v1_affinity *affinity = ARENA_NEW(a, struct core_v1_affinity);
	struct core_v1_node_affinity *na = ARENA_NEW(a, struct core_v1_node_affinity);

	*out = *template;
	add_tolerations(template, a, out);
	if (!node.n)
		return;
	if (template->affinity)
		*affinity = *template->affinity;
	if (affinity->node_affinity)
		*na = *affinity->node_affinity;
	na->required_during_scheduling_ignored_during_execution =
		name_selector(node, na->required_during_scheduling_ignored_during_execution, a);
	affinity->node_affinity = na;
	out->affinity = affinity;
}

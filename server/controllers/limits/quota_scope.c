/* SPDX-License-Identifier: Apache-2.0 */
#include "server/controllers/limits/quota_scope.h"

#include "base/mem.h"

struct scope {
	struct str name, operator;
	const struct api_str_list *values; /* may be NULL */
};

static bool class_in(const struct scope *s, struct str class)
{
	if (str_eqz(s->operator, "Exists"))
		return class.n > 0;
	if (str_eqz(s->operator, "DoesNotExist"))
		return class.n == 0;
	for (size_t i = 0; s->values && i < s->values->n; i++)
		if (class.n && str_eq(s->values->items[i], class))
			return str_eqz(s->operator, "In");
	return str_eqz(s->operator, "NotIn");
}

/* --- pods --- */

static bool asks(const struct core_v1_resource_requirements *r)
{
	return r->requests.n || r->limits.n;
}

static bool is_best_effort(const struct core_v1_pod_spec *s)
{
	if (s->resources && asks(s->resources))
		return false;
	for (size_t i = 0; i < s->containers.n; i++)
		if (asks(&s->containers.items[i].resources))
			return false;
	for (size_t i = 0; i < s->init_containers.n; i++)
		if (asks(&s->init_containers.items[i].resources))
			return false;
	return true;
}

static bool term_crosses(const struct core_v1_pod_affinity_term *t)
{
	return t->namespaces.n || t->namespace_selector;
}

static bool any_crosses(const struct core_v1_pod_affinity_term *required, size_t nrequired,
			const struct core_v1_weighted_pod_affinity_term *preferred,
			size_t npreferred)
{
	for (size_t i = 0; i < nrequired; i++)
		if (term_crosses(&required[i]))
			return true;
	for (size_t i = 0; i < npreferred; i++)
		if (term_crosses(&preferred[i].pod_affinity_term))
			return true;
	return false;
}

#define REQUIRED  required_during_scheduling_ignored_during_execution
#define PREFERRED preferred_during_scheduling_ignored_during_execution

static bool crosses_namespaces(const struct core_v1_affinity *a)
{
	const struct core_v1_pod_affinity *near = a ? a->pod_affinity : NULL;
	const struct core_v1_pod_anti_affinity *far = a ? a->pod_anti_affinity : NULL;
	return (near && any_crosses(near->REQUIRED.items, near->REQUIRED.n, near->PREFERRED.items,
				    near->PREFERRED.n)) ||
	       (far && any_crosses(far->REQUIRED.items, far->REQUIRED.n, far->PREFERRED.items,
				   far->PREFERRED.n));
}

static bool is_terminating(const struct core_v1_pod *p)
{
	return p->spec.active_deadline_seconds && *p->spec.active_deadline_seconds >= 0;
}

static bool holds_pod(const struct scope *s, const struct core_v1_pod *p)
{
	if (str_eqz(s->name, "Terminating"))
		return is_terminating(p);
	if (str_eqz(s->name, "NotTerminating"))
		return !is_terminating(p);
	if (str_eqz(s->name, "BestEffort"))
		return is_best_effort(&p->spec);
	if (str_eqz(s->name, "NotBestEffort"))
		return !is_best_effort(&p->spec);
	if (str_eqz(s->name, "CrossNamespacePodAffinity"))
		return crosses_namespaces(p->spec.affinity);
	return str_eqz(s->name, "PriorityClass") && class_in(s, p->spec.priority_class_name);
}

/* --- claims: the class that is asked for, the one that it has, and the one on its way --- */

static bool holds_claim(const struct scope *s, const struct core_v1_persistent_volume_claim *c)
{
	const struct core_v1_modify_volume_status *modify = c->status.modify_volume_status;
	const struct str names[] = {
		c->spec.volume_attributes_class_name,
		c->status.current_volume_attributes_class_name,
		modify ? modify->target_volume_attributes_class_name : STR(""),
	};
	bool any = false;
	if (!str_eqz(s->name, "VolumeAttributesClass"))
		return false;
	for (size_t i = 0; i < COUNT_OF(names); i++) {
		any |= names[i].n > 0;
		if (names[i].n && class_in(s, names[i]))
			return true;
	}
	return !any && class_in(s, STR(""));
}

/* --- the scopes of a quota --- */

static size_t selector_size(const struct core_v1_resource_quota *q)
{
	return q->spec.scope_selector ? q->spec.scope_selector->match_expressions.n : 0;
}

bool quota_has_scopes(const struct core_v1_resource_quota *q)
{
	return q->spec.scopes.n || selector_size(q);
}

static struct scope scope_at(const struct core_v1_resource_quota *q, size_t i)
{
	if (i < q->spec.scopes.n)
		return (struct scope){ q->spec.scopes.items[i], STR("Exists"), NULL };
	const struct core_v1_scoped_resource_selector_requirement *r =
		&q->spec.scope_selector->match_expressions.items[i - q->spec.scopes.n];
	return (struct scope){ r->scope_name, r->operator, & r->values };
}

bool quota_scopes_pod(const struct core_v1_resource_quota *q, const struct core_v1_pod *p)
{
	for (size_t i = 0; i < q->spec.scopes.n + selector_size(q); i++) {
		const struct scope s = scope_at(q, i);
		if (!holds_pod(&s, p))
			return false;
	}
	return true;
}

bool quota_scopes_claim(const struct core_v1_resource_quota *q,
			const struct core_v1_persistent_volume_claim *c)
{
	for (size_t i = 0; i < q->spec.scopes.n + selector_size(q); i++) {
		const struct scope s = scope_at(q, i);
		if (!holds_claim(&s, c))
			return false;
	}
	return true;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* spec.podFailurePolicy and spec.successPolicy (pod_failure_policy.go, success_policy.go): the first rule that matches counts. */
#include "base/mem.h"
#include "server/controllers/jobs/job_planning.h"

static bool code_matches(const struct batch_v1_pod_failure_policy_on_exit_codes_requirement *r,
			 int32_t code)
{
	bool in = false;

	for (size_t i = 0; i < r->values.n; i++)
		in |= r->values.items[i] == code;
	return str_eqz(r->operator, "In") ? in : str_eqz(r->operator, "NotIn") && !in;
}

static const struct core_v1_container_status *
container_in(const struct core_v1_container_status *s, size_t n,
	     const struct batch_v1_pod_failure_policy_on_exit_codes_requirement *r)
{
	for (size_t i = 0; i < n; i++) {
		const struct core_v1_container_state_terminated *t = s[i].state.terminated;

		if (t && t->exit_code &&
		    (!r->container_name.n || str_eq(r->container_name, s[i].name)) &&
		    code_matches(r, t->exit_code))
			return &s[i];
	}
	return NULL;
}

static const struct core_v1_container_status *
failed_container(const struct core_v1_pod *p,
		 const struct batch_v1_pod_failure_policy_on_exit_codes_requirement *r)
{
	const struct core_v1_container_status *found =
		container_in(p->status.container_statuses.items, p->status.container_statuses.n, r);

	return found ? found
		     : container_in(p->status.init_container_statuses.items,
				    p->status.init_container_statuses.n, r);
}

static const struct core_v1_pod_condition *
matching_condition(const struct core_v1_pod *p, const struct batch_v1_pod_failure_policy_rule *rule)
{
	for (size_t i = 0; i < p->status.conditions.n; i++)
		for (size_t k = 0; k < rule->on_pod_conditions.n; k++) {
			struct str wanted = rule->on_pod_conditions.items[k].status;

			if (str_eq(p->status.conditions.items[i].type,
				   rule->on_pod_conditions.items[k].type) &&
			    str_eq(p->status.conditions.items[i].status,
				   wanted.n ? wanted : STR("True")))
				return &p->status.conditions.items[i];
		}
	return NULL;
}

/* The message of a FailJob rule that matches; NULL: the rule does not match. */
static const char *match(const struct core_v1_pod *p,
			 const struct batch_v1_pod_failure_policy_rule *rule, size_t index,
			 struct arena *a)
{
	const struct core_v1_container_status *c;
	const struct core_v1_pod_condition *condition;

	if (rule->on_exit_codes) {
		c = failed_container(p, rule->on_exit_codes);
		return c ? arena_printf(a,
					"Container %.*s for pod %.*s/%.*s failed with exit code %d "
					"matching %.*s rule at index %zu",
					STR_ARG(c->name), STR_ARG(p->metadata.namespace),
					STR_ARG(p->metadata.name), c->state.terminated->exit_code,
					STR_ARG(rule->action), index)
			 : NULL;
	}
	condition = matching_condition(p, rule);
	return condition ? arena_printf(a,
					"Pod %.*s/%.*s has condition %.*s matching %.*s rule at "
					"index %zu",
					STR_ARG(p->metadata.namespace), STR_ARG(p->metadata.name),
					STR_ARG(condition->type), STR_ARG(rule->action), index)
			 : NULL;
}

struct job_verdict job_failure_policy(const struct batch_v1_job *j, const struct core_v1_pod *p,
				      struct arena *a)
{
	struct job_verdict v = { .counts = true };

	for (size_t i = 0; j->spec.pod_failure_policy && i < j->spec.pod_failure_policy->rules.n;
	     i++) {
		const struct batch_v1_pod_failure_policy_rule *rule =
			&j->spec.pod_failure_policy->rules.items[i];
		const char *text = match(p, rule, i, a);

		if (!text)
			continue;
		v.counts = !str_eqz(rule->action, "Ignore");
		v.fails_index = str_eqz(rule->action, "FailIndex");
		v.reason = str_eqz(rule->action, "FailJob") ? text : NULL;
		return v;
	}
	return v;
}

static bool rule_met(const struct batch_v1_success_policy_rule *rule,
		     const struct job_indexes *completed, struct arena *a)
{
	struct job_indexes wanted;
	int32_t have = 0;

	if (!rule->succeeded_indexes.n)
		return rule->succeeded_count &&
		       job_indexes_count(completed) >= *rule->succeeded_count;
	job_indexes_read(&wanted, completed->n, rule->succeeded_indexes, a);
	for (int32_t i = 0; i < wanted.n; i++)
		have += wanted.has[i] && completed->has[i];
	if (!job_indexes_count(&wanted))
		return false;
	return have == job_indexes_count(&wanted) ||
	       (rule->succeeded_count && have >= *rule->succeeded_count);
}

int job_success_policy(const struct batch_v1_job *j, const struct job_indexes *completed,
		       struct arena *a)
{
	if (!j->spec.success_policy || !job_indexes_count(completed))
		return -1;
	for (size_t i = 0; i < j->spec.success_policy->rules.n; i++)
		if (rule_met(&j->spec.success_policy->rules.items[i], completed, a))
			return (int)i;
	return -1;
}

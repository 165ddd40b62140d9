/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/kubelet/pod/restart.h"

static bool matches(const struct core_v1_container_restart_rule_on_exit_codes *codes, int exit_code)
{
	bool listed = false;
	if (!codes)
		return false;
	for (size_t i = 0; i < codes->values.n; i++)
		listed = listed || codes->values.items[i] == exit_code;
	return str_eqz(codes->operator, "In") ? listed
					      : str_eqz(codes->operator, "NotIn") && !listed;
}

/* The first that matches decides; one with an action that is not known leaves it to the policies. */
static enum restart by_rules(const struct core_v1_container *c, int exit_code)
{
	for (size_t i = 0; i < c->restart_policy_rules.n; i++) {
		const struct core_v1_container_restart_rule *r = &c->restart_policy_rules.items[i];
		if (!matches(r->exit_codes, exit_code))
			continue;
		if (str_eqz(r->action, "RestartAllContainers"))
			return RESTART_ALL;
		return str_eqz(r->action, "Restart") ? RESTART_ITSELF : RESTART_NOT;
	}
	return RESTART_NOT;
}

static bool by_policy(struct str policy, int exit_code)
{
	return str_eqz(policy, "OnFailure") ? exit_code != 0 : !str_eqz(policy, "Never");
}

enum restart restart_after(const struct core_v1_pod_spec *spec, const struct core_v1_container *c,
			   enum container_role role, int exit_code)
{
	if (role == ROLE_EPHEMERAL)
		return RESTART_NOT;
	enum restart r = c->restart_policy.n ? by_rules(c, exit_code) : RESTART_NOT;
	if (r == RESTART_ALL)
		return r;
	if (role == ROLE_INIT && exit_code == 0)
		return RESTART_NOT; /* it did its work */
	if (r == RESTART_NOT &&
	    by_policy(c->restart_policy.n ? c->restart_policy : spec->restart_policy, exit_code))
		r = RESTART_ITSELF;
	return r;
}

static bool restarts_all(const struct core_v1_container *c)
{
	for (size_t i = 0; i < c->restart_policy_rules.n; i++)
		if (str_eqz(c->restart_policy_rules.items[i].action, "RestartAllContainers"))
			return true;
	return false;
}

bool restart_all_possible(const struct core_v1_pod_spec *spec)
{
	for (size_t i = 0; i < spec->init_containers.n; i++)
		if (restarts_all(&spec->init_containers.items[i]))
			return true;
	for (size_t i = 0; i < spec->containers.n; i++)
		if (restarts_all(&spec->containers.items[i]))
			return true;
	return false;
}

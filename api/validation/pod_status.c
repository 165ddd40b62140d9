/* SPDX-License-Identifier: Apache-2.0 */
/* What may change of a pod's status: a container that has ended starts again only where its policy and rules allow it. */
#include "api/object/meta.h"
#include "api/validation/kinds.h"
#include "api/validation/pod_parts.h"
#include "base/mem.h"

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

/* SPDX-License-Identifier: Apache-2.0 */
#include "server/controllers/node_health.h"

#include "base/mem.h"

/* condition, its status, the taint. Ready's two also evict (NoExecute). */
static const struct {
	const char *condition, *status;
	struct node_health_taint taint;
} rules[] = {
	{ "Ready", "False", { "node.kubernetes.io/not-ready", "NoSchedule" } },
	{ "Ready", "False", { "node.kubernetes.io/not-ready", "NoExecute" } },
	{ "Ready", "Unknown", { "node.kubernetes.io/unreachable", "NoSchedule" } },
	{ "Ready", "Unknown", { "node.kubernetes.io/unreachable", "NoExecute" } },
	{ "MemoryPressure", "True", { "node.kubernetes.io/memory-pressure", "NoSchedule" } },
	{ "DiskPressure", "True", { "node.kubernetes.io/disk-pressure", "NoSchedule" } },
	{ "PIDPressure", "True", { "node.kubernetes.io/pid-pressure", "NoSchedule" } },
	{ "NetworkUnavailable",
	  "True",
	  { "node.kubernetes.io/network-unavailable", "NoSchedule" } },
};
static const struct node_health_taint unschedulable = { "node.kubernetes.io/unschedulable",
							"NoSchedule" };

static struct str status_of(const struct core_v1_node *node, const char *type)
{
	for (size_t i = 0; i < node->status.conditions.n; i++)
		if (str_eqz(node->status.conditions.items[i].type, type))
			return node->status.conditions.items[i].status;
	return strcmp(type, "Ready") ? STR("") : STR("False"); /* not a word yet: not ready */
}

static bool same(struct str key, struct str effect, const struct node_health_taint *t)
{
	return str_eqz(key, t->key) && str_eqz(effect, t->effect);
}

bool node_health_owns_taint(struct str key, struct str effect)
{
	if (same(key, effect, &unschedulable))
		return true;
	for (size_t i = 0; i < COUNT_OF(rules); i++)
		if (same(key, effect, &rules[i].taint))
			return true;
	return false;
}

static bool has_taint(const struct core_v1_node *node, const struct node_health_taint *t)
{
	for (size_t i = 0; i < node->spec.taints.n; i++)
		if (same(node->spec.taints.items[i].key, node->spec.taints.items[i].effect, t))
			return true;
	return false;
}

static size_t count_owned(const struct core_v1_node *node)
{
	size_t n = 0;
	for (size_t i = 0; i < node->spec.taints.n; i++)
		n += node_health_owns_taint(node->spec.taints.items[i].key,
					    node->spec.taints.items[i].effect);
	return n;
}

void node_health_plan(const struct core_v1_node *node, int64_t silent_ms,
		      struct node_health_plan *out)
{
	*out = (struct node_health_plan){ .turn_unknown =
						  silent_ms >= NODE_GRACE_MS &&
						  !str_eqz(status_of(node, "Ready"), "Unknown") };
	for (size_t i = 0; i < COUNT_OF(rules); i++) {
		bool ready = strcmp(rules[i].condition, "Ready") == 0;
		struct str status = ready && out->turn_unknown
					    ? STR("Unknown")
					    : status_of(node, rules[i].condition);
		if (str_eqz(status, rules[i].status))
			out->taints[out->ntaints++] = rules[i].taint;
	}
	if (node->spec.unschedulable)
		out->taints[out->ntaints++] = unschedulable;
	out->change_taints = count_owned(node) != out->ntaints;
	for (size_t i = 0; i < out->ntaints; i++)
		out->change_taints |= !has_taint(node, &out->taints[i]);
}

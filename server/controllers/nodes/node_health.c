/* SPDX-License-Identifier: Apache-2.0 */
#include "server/controllers/nodes/node_health.h"

#include "api/decode.h"
#include "base/clock.h"
#include "base/mem.h"

#define NOT_READY   "node.kubernetes.io/not-ready"
#define UNREACHABLE "node.kubernetes.io/unreachable"
#define NO_SCHEDULE "NoSchedule"
#define NO_EXECUTE  "NoExecute"

const struct node_health_config node_health_defaults = { .grace_ms = 50000, .startup_ms = 60000 };

/* condition, its status, and the taint that keeps pods away */
static const struct {
	const char *condition, *status, *taint;
} rules[] = {
	{ "Ready", "False", NOT_READY },
	{ "Ready", "Unknown", UNREACHABLE },
	{ "MemoryPressure", "True", "node.kubernetes.io/memory-pressure" },
	{ "DiskPressure", "True", "node.kubernetes.io/disk-pressure" },
	{ "NetworkUnavailable", "True", "node.kubernetes.io/network-unavailable" },
	{ "PIDPressure", "True", "node.kubernetes.io/pid-pressure" },
};
#define UNSCHEDULABLE "node.kubernetes.io/unschedulable"

/* What a kubelet reports. NetworkUnavailable is not its word. */
static const char *const reported[] = { "Ready", "MemoryPressure", "DiskPressure", "PIDPressure" };

static const struct core_v1_node_condition *condition_of(const struct core_v1_node *node,
							 const char *type)
{
	for (size_t i = 0; i < node->status.conditions.n; i++)
		if (str_eqz(node->status.conditions.items[i].type, type))
			return &node->status.conditions.items[i];
	return NULL;
}

const struct core_v1_node_condition *node_ready(const struct core_v1_node *node)
{
	return condition_of(node, "Ready");
}

const struct str *node_label(const struct core_v1_node *node, const char *key)
{
	for (size_t i = 0; i < node->metadata.labels.n; i++)
		if (str_eqz(node->metadata.labels.items[i].key, key))
			return &node->metadata.labels.items[i].value;
	return NULL;
}

static bool is(const struct core_v1_taint *t, const char *key, const char *effect)
{
	return str_eqz(t->key, key) && str_eqz(t->effect, effect);
}

static bool has_taint(const struct core_v1_node *node, const char *key, const char *effect)
{
	for (size_t i = 0; i < node->spec.taints.n; i++)
		if (is(&node->spec.taints.items[i], key, effect))
			return true;
	return false;
}

static bool keeps_away(const struct core_v1_taint *t)
{
	if (is(t, UNSCHEDULABLE, NO_SCHEDULE))
		return true;
	for (size_t i = 0; i < COUNT_OF(rules); i++)
		if (is(t, rules[i].taint, NO_SCHEDULE))
			return true;
	return false;
}

static bool evicts(const struct core_v1_taint *t)
{
	return is(t, NOT_READY, NO_EXECUTE) || is(t, UNREACHABLE, NO_EXECUTE);
}

bool node_health_evicts(const struct core_v1_node *node)
{
	return has_taint(node, NOT_READY, NO_EXECUTE) || has_taint(node, UNREACHABLE, NO_EXECUTE);
}

/* --- the plan --- */

static void plan_no_schedule(const struct core_v1_node *node, struct node_health_plan *out)
{
	for (size_t i = 0; i < COUNT_OF(rules); i++) {
		const struct core_v1_node_condition *c = condition_of(node, rules[i].condition);
		if (c && str_eqz(c->status, rules[i].status))
			out->no_schedule[out->nno_schedule++] =
				(struct node_health_taint){ rules[i].taint, NO_SCHEDULE };
	}
	if (node->spec.unschedulable)
		out->no_schedule[out->nno_schedule++] =
			(struct node_health_taint){ UNSCHEDULABLE, NO_SCHEDULE };
	size_t owned = 0;
	for (size_t i = 0; i < node->spec.taints.n; i++)
		owned += keeps_away(&node->spec.taints.items[i]);
	out->change_no_schedule = owned != out->nno_schedule;
	for (size_t i = 0; i < out->nno_schedule; i++)
		out->change_no_schedule |=
			!has_taint(node, out->no_schedule[i].key, out->no_schedule[i].effect);
}

static void plan_eviction(const struct core_v1_node *node, struct node_health_plan *out)
{
	const struct core_v1_node_condition *ready = node_ready(node);
	if (!ready)
		return;
	if (str_eqz(ready->status, "True")) {
		if (node_health_evicts(node))
			out->eviction = EVICTION_END;
		return;
	}
	bool silent = str_eqz(ready->status, "Unknown");
	if (!silent && !str_eqz(ready->status, "False"))
		return;
	const char *need = silent ? UNREACHABLE : NOT_READY;
	out->no_execute = (struct node_health_taint){ need, NO_EXECUTE };
	if (has_taint(node, silent ? NOT_READY : UNREACHABLE, NO_EXECUTE))
		out->eviction = EVICTION_SWAP;
	else if (!has_taint(node, need, NO_EXECUTE))
		out->eviction = EVICTION_WAIT;
}

int64_t node_health_grace_ms(const struct node_health_config *c, const struct core_v1_node *node)
{
	return node_ready(node) ? c->grace_ms : c->startup_ms;
}

void node_health_plan(const struct core_v1_node *node, const struct node_health_config *c,
		      int64_t silent_ms, struct node_health_plan *out)
{
	const struct core_v1_node_condition *ready = node_ready(node);
	*out = (struct node_health_plan){
		.turn_unknown = silent_ms >= node_health_grace_ms(c, node) &&
				!(ready && str_eqz(ready->status, "Unknown")),
		.was_ready = ready && str_eqz(ready->status, "True"),
		.silent = ready && str_eqz(ready->status, "Unknown"),
	};
	plan_no_schedule(node, out);
	plan_eviction(node, out);
}

/* --- what is written --- */

static bool stays(const struct core_v1_taint *t, const struct node_health_plan *plan)
{
	if (evicts(t))
		return plan->eviction != EVICTION_END && plan->eviction != EVICTION_SWAP;
	if (!keeps_away(t))
		return true;
	for (size_t i = 0; i < plan->nno_schedule; i++)
		if (str_eqz(t->key, plan->no_schedule[i].key))
			return true;
	return false;
}

static void taint_add(const struct node_health_taint *t, const char *now, const char **comma,
		      struct buf *out)
{
	buf_printf(out, "%s{\"key\":\"%s\",\"effect\":\"%s\",\"timeAdded\":\"%s\"}", *comma, t->key,
		   t->effect, now);
	*comma = ",";
}

void node_health_taints(const struct core_v1_node *node, const struct node_health_plan *plan,
			bool evict, const char *now, struct buf *out)
{
	const char *comma = "";
	buf_puts(out, "[");
	for (size_t i = 0; i < node->spec.taints.n; i++) {
		const struct core_v1_taint *t = &node->spec.taints.items[i];
		if (!stays(t, plan))
			continue;
		buf_puts(out, comma);
		struct_write_json(api_struct_core_v1_taint, t, out);
		comma = ",";
	}
	for (size_t i = 0; i < plan->nno_schedule; i++)
		if (!has_taint(node, plan->no_schedule[i].key, NO_SCHEDULE))
			taint_add(&plan->no_schedule[i], now, &comma, out);
	if (plan->eviction == EVICTION_SWAP || (plan->eviction == EVICTION_WAIT && evict))
		taint_add(&plan->no_execute, now, &comma, out);
	buf_puts(out, "]");
}

void node_health_unknown(const struct core_v1_node *node, const char *now, struct buf *out)
{
	char created[TIME_TEXT_MAX];
	const char *comma = "";
	time_format(node->metadata.creation_timestamp.us / 1000000, created);
	buf_puts(out, "[");
	for (size_t i = 0; i < COUNT_OF(reported); i++) {
		const struct core_v1_node_condition *c = condition_of(node, reported[i]);
		if (c && str_eqz(c->status, "Unknown"))
			continue;
		buf_printf(out,
			   "%s{\"type\":\"%s\",\"status\":\"Unknown\",\"reason\":\"%s\","
			   "\"message\":\"%s\",\"lastTransitionTime\":\"%s\"",
			   comma, reported[i], c ? "NodeStatusUnknown" : "NodeStatusNeverUpdated",
			   c ? "Kubelet stopped posting node status."
			     : "Kubelet never posted node status.",
			   now);
		buf_printf(out, c ? "}" : ",\"lastHeartbeatTime\":\"%s\"}", created);
		comma = ",";
	}
	buf_puts(out, "]");
}

/* --- labels --- */

bool node_health_labels(const struct core_v1_node *node, struct buf *out)
{
	static const char *const repeated[][2] = {
		{ "kubernetes.io/os", "beta.kubernetes.io/os" },
		{ "kubernetes.io/arch", "beta.kubernetes.io/arch" },
	};
	const char *comma = "{";
	for (size_t i = 0; i < COUNT_OF(repeated); i++) {
		const struct str *from = node_label(node, repeated[i][0]);
		const struct str *to = node_label(node, repeated[i][1]);
		if (!from || (to && str_eq(*from, *to)))
			continue;
		buf_printf(out, "%s\"%s\":\"%.*s\"", comma, repeated[i][1], STR_ARG(*from));
		comma = ",";
	}
	if (*comma == '{')
		return false;
	buf_puts(out, "}");
	return true;
}

void node_zone_key(const struct core_v1_node *node, struct buf *out)
{
	static const char *const keys[][2] = {
		{ "failure-domain.beta.kubernetes.io/region", "topology.kubernetes.io/region" },
		{ "failure-domain.beta.kubernetes.io/zone", "topology.kubernetes.io/zone" },
	};
	struct str part[2];
	for (size_t i = 0; i < 2; i++) {
		const struct str *v = node_label(node, keys[i][0]);
		if (!v)
			v = node_label(node, keys[i][1]);
		part[i] = v ? *v : STR("");
	}
	buf_reset(out);
	if (part[0].n || part[1].n)
		buf_printf(out, "%.*s:%.*s", STR_ARG(part[0]), STR_ARG(part[1]));
}

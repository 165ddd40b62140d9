/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/kubelet/admission.h"

#include "client/amounts.h"
#include "client/placement.h"

static void refuse(struct admission *out, struct arena *a, const char *predicate, const char *why)
{
	out->reason = predicate;
	out->message = arena_printf(a, "Predicate %s failed: %s", predicate, why);
}

/* False when it was refused. */
static bool enough(struct admission *out, struct arena *a, const char *name, int64_t requested,
		   int64_t used, int64_t capacity)
{
	if (requested <= 0 || requested <= capacity - used)
		return true;
	out->reason = arena_printf(a, "OutOf%s", name);
	out->message =
		arena_printf(a,
			     "Node didn't have enough resource: %s, requested: %lld, used: "
			     "%lld, capacity: %lld",
			     name, (long long)requested, (long long)used, (long long)capacity);
	return false;
}

/* Extended resources that the node does not know are somebody else's. */
static bool others_fit(const struct amounts *want, const struct amounts *used,
		       const struct amounts *have, struct arena *a, struct admission *out)
{
	for (size_t i = 0; i < want->nothers; i++) {
		const struct amount *x = &want->others[i];
		bool known = false;
		for (size_t k = 0; k < have->nothers; k++)
			known = known || !strcmp(have->others[k].name, x->name);
		if (known && !enough(out, a, arena_strdup(a, str_from(x->name)), x->value,
				     amounts_other(used, x->name), amounts_other(have, x->name)))
			return false;
	}
	return true;
}

static bool resources_fit(const struct amounts *want, const struct amounts *used, size_t npods,
			  const struct core_v1_node *node, struct arena *a, struct admission *out)
{
	struct amounts have = { 0 };
	amounts_read(&have, &node->status.allocatable);
	bool fits = enough(out, a, "pods", 1, (int64_t)npods, amounts_other(&have, "pods")) &&
		    enough(out, a, "cpu", want->milli_cpu, used->milli_cpu, have.milli_cpu) &&
		    enough(out, a, "memory", want->memory, used->memory, have.memory) &&
		    enough(out, a, "ephemeral-storage", want->ephemeral, used->ephemeral,
			   have.ephemeral) &&
		    others_fit(want, used, &have, a, out);
	amounts_free(&have);
	return fits;
}

static bool ports_conflict(const struct pod_usage *x, const struct pod_usage *y)
{
	for (size_t i = 0; i < x->nports; i++)
		for (size_t k = 0; k < y->nports; k++)
			if (host_port_conflicts(&x->ports[i], &y->ports[k]))
				return true;
	return false;
}

static bool taints_tolerated(const struct core_v1_pod_spec *spec, const struct core_v1_node *node)
{
	for (size_t i = 0; i < node->spec.taints.n; i++) {
		const struct core_v1_taint *t = &node->spec.taints.items[i];
		if (str_eqz(t->effect, "NoExecute") &&
		    !pod_tolerates(spec, t->key, t->value, t->effect))
			return false;
	}
	return true;
}

static bool system_fits(const struct core_v1_pod *pod, struct admission *out)
{
	const struct str *os = label_find(&pod->metadata.labels, STR("kubernetes.io/os"));
	if (os && !str_eqz(*os, "linux")) {
		out->reason = "PodOSSelectorNodeLabelDoesNotMatch";
		out->message = "Failed to admit pod as the `kubernetes.io/os` label doesn't match "
			       "node label";
	} else if (pod->spec.os && !str_eqz(pod->spec.os->name, "linux")) {
		out->reason = "PodOSNotSupported";
		out->message = "Failed to admit pod as the OS field doesn't match node OS";
	}
	return !out->reason;
}

void admission_check(const struct core_v1_pod *pod, const struct core_v1_pod *const *others,
		     size_t nothers, const struct core_v1_node *node, struct arena *a,
		     struct admission *out)
{
	struct pod_usage mine;
	struct amounts used = { 0 };
	bool conflict = false;
	*out = (struct admission){ 0 };
	if (!system_fits(pod, out))
		return;
	pod_usage_read(pod, &mine);
	for (size_t i = 0; i < nothers; i++) {
		struct pod_usage theirs;
		pod_usage_read(others[i], &theirs);
		amounts_add(&used, &theirs.request, 1);
		conflict = conflict || ports_conflict(&mine, &theirs);
		pod_usage_free(&theirs);
	}
	bool tolerated = taints_tolerated(&pod->spec, node);
	if (!resources_fit(&mine.request, &used, nothers, node, a, out)) {
		/* said */
	} else if (!node_selected(&pod->spec, node)) {
		refuse(out, a, "NodeAffinity", "node(s) didn't match Pod's node affinity/selector");
		out->only_labels = !conflict && tolerated;
	} else if (conflict) {
		refuse(out, a, "NodePorts",
		       "node(s) didn't have free ports for the requested pod ports");
	} else if (!tolerated) {
		refuse(out, a, "TaintToleration",
		       "node(s) had taints that the pod didn't tolerate");
	}
	amounts_free(&used);
	pod_usage_free(&mine);
}

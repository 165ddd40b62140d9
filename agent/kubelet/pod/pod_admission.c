/* SPDX-License-Identifier: Apache-2.0 */
/* A pod is admitted once, before anything is made for it: when this node's pods and its Node object are known. One that may not run
 * here has failed, and stays for somebody to see. */
#include "agent/kubelet/admission.h"
#include "agent/kubelet/app_armor.h"
#include "agent/kubelet/node/node.h"
#include "agent/kubelet/pod/pod.h"
#include "agent/kubelet/pod/pod_status.h"
#include "agent/kubelet/sysctls.h"
#include "base/mem.h"

/* Does it still take something of the node? */
static bool is_active(const struct pod *p)
{
	struct str phase = str_from(pod_phase(p));
	return p->admitted && !p->frozen && !p->gone && !p->finished && !p->rejected &&
	       !str_eqz(phase, "Succeeded") && !str_eqz(phase, "Failed");
}

static void reject(struct pod *p, const struct admission *verdict)
{
	pod_event(p, NULL, true, verdict->reason, "%s", verdict->message);
	p->rejected = true;
	p->stop_reason = str_dup(str_from(verdict->reason));
	p->stop_message = str_printf("Pod was rejected: %s", verdict->message);
}

static void refuse(struct admission *out, struct arena *a, const char *reason, struct buf *why)
{
	*out = (struct admission){ .reason = reason, .message = arena_strdup(a, buf_view(why)) };
}

static void check(const struct pod *p, const struct core_v1_pod *const *others, size_t n,
		  const struct core_v1_node *node, struct arena *a, struct admission *out)
{
	auto_buf why = { 0 };
	const struct kubelet *k = p->k;
	if (!pressure_admits(eviction_conditions(k->eviction), &p->api, &why)) {
		refuse(out, a, "Evicted", &why);
	} else if (!sysctls_admitted(&p->api.spec, k->config.allowed_unsafe_sysctls, &why)) {
		refuse(out, a, "SysctlForbidden", &why);
	} else {
		admission_check(&p->api, others, n, node, a, out);
		if (!out->reason && !app_armor_admitted(&p->api, &why))
			refuse(out, a, "AppArmor", &why);
	}
}

bool pod_admit(struct pod *p)
{
	struct kubelet *k = p->k;
	const struct core_v1_node *node = k->node ? node_object(k->node) : NULL;
	auto_arena a = { 0 };
	struct admission verdict;
	size_t n = 0, at = 0;
	if (p->admitted || p->frozen || pod_is_terminating(p))
		return true;
	if (!node || !k->pods_synced || p->asks_node)
		return false;
	auto_free const struct core_v1_pod **others =
		mem_zalloc((k->pods.count + 1) * sizeof(*others));
	for (struct map_entry *e; (e = map_next(&k->pods, &at));) {
		const struct pod *other = e->value;
		if (other != p && is_active(other))
			others[n++] = &other->api;
	}
	check(p, others, n, node, &a, &verdict);
	if (verdict.only_labels && !p->asked_node) {
		p->asks_node = p->asked_node = true;
		node_ask(k->node);
		return false;
	}
	p->admitted = true;
	if (verdict.reason)
		reject(p, &verdict);
	return true;
}

static int older_first(const void *a, const void *b)
{
	const struct pod *x = *(struct pod *const *)a, *y = *(struct pod *const *)b;
	int64_t d = x->api.metadata.creation_timestamp.us - y->api.metadata.creation_timestamp.us;
	return d < 0 ? -1 : d > 0;
}

void pods_admit(struct kubelet *k)
{
	size_t n = 0, at = 0;
	auto_free struct pod **list = mem_zalloc((k->pods.count + 1) * sizeof(*list));
	for (struct map_entry *e; (e = map_next(&k->pods, &at));) {
		struct pod *p = e->value;
		if (!p->admitted && !p->frozen && !pod_is_terminating(p) && p->object)
			list[n++] = p;
	}
	qsort(list, n, sizeof(struct pod *), older_first);
	for (size_t i = 0; i < n; i++) {
		list[i]->asks_node = false;
		pod_sync(list[i]);
	}
}

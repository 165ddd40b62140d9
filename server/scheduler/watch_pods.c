/* SPDX-License-Identifier: Apache-2.0 */
/* What happens to a pod: it waits and is in the queue, it has a place and is in the cluster, or it is gone and has made room. */
#include "base/mem.h"
#include "client/selectors.h"
#include "generated/api_tables.h"
#include "server/scheduler/scheduler_state.h"

static const char *gate(const struct core_v1_pod *pod)
{
	for (size_t i = 0; i < sched_plugin_count; i++) {
		const char *why =
			sched_plugins[i]->pre_enqueue ? sched_plugins[i]->pre_enqueue(pod) : NULL;

		if (why)
			return why;
	}
	return NULL;
}

static bool is_over(const struct core_v1_pod *pod)
{
	return str_eqz(pod->status.phase, "Succeeded") || str_eqz(pod->status.phase, "Failed");
}

/* It made room. */
static void pod_gone(struct scheduler *s, struct str key, const struct object *o)
{
	bool held = cluster_nominated_node(&s->cluster, key).n > 0;
	auto_arena arena = { 0 };
	struct core_v1_pod pod = { 0 };
	struct sched_event e = { .what = SCHED_EVENT_POD_DELETE, .pod_before = o };

	sched_queue_del(&s->queue, key);
	cluster_nominate_not(&s->cluster, key);
	if (!cluster_pod_del(&s->cluster, key) && !held)
		return;
	if (object_decode(o, &arena, api_struct_core_v1_pod, &pod, NULL) == 0)
		e.decoded = &pod;
	scheduler_event(s, &e);
}

static bool has_shrunk(const struct pod_usage *before, const struct pod_usage *now)
{
	return now->request.milli_cpu < before->request.milli_cpu ||
	       now->request.memory < before->request.memory ||
	       now->request.ephemeral < before->request.ephemeral;
}

static void pod_placed(struct scheduler *s, struct str key, const struct object *o,
		       const struct core_v1_pod *pod)
{
	struct placed_pod *p = cluster_pod(&s->cluster, key);
	struct sched_event e = { .pod = o, .decoded = pod };
	const struct object *before = p ? object_ref(p->object) : NULL;
	struct pod_usage usage;

	sched_queue_del(&s->queue, key);
	pod_usage_read(pod, &usage);
	if (!p || p->assumed)
		e.what |= SCHED_EVENT_POD_ADD;
	if (p && !object_labels_equal(before, o))
		e.what |= SCHED_EVENT_POD_LABELS;
	if (p && has_shrunk(&p->usage, &usage))
		e.what |= SCHED_EVENT_POD_SCALED_DOWN;
	pod_usage_free(&usage);
	if (!p || !cluster_pod_refresh(p, o, pod))
		cluster_pod_set(&s->cluster, key, pod->spec.node_name, o, pod, false);
	e.pod_before = before;
	scheduler_event(s, &e);
	object_unref(before);
}

static void pod_waits(struct scheduler *s, struct str key, const struct object *o,
		      const struct core_v1_pod *pod, struct arena *arena)
{
	struct str nominated = pod->status.nominated_node_name;

	if (cluster_pod(&s->cluster, key))
		return; /* assumed: its binding is under way */
	if (nominated.n && !str_eq(nominated, cluster_nominated_node(&s->cluster, key)))
		cluster_nominate(&s->cluster, key, nominated, o, pod);
	sched_queue_put(&s->queue, key, o, arena, pod, gate(pod) != NULL, scheduler_now_ms());
	scheduler_wake(s);
}

/* What was assumed has come true: nothing is new but the object. */
static bool pod_is_as_assumed(struct scheduler *s, struct str key, const struct object *o)
{
	struct placed_pod *p = cluster_pod(&s->cluster, key);
	struct sched_event e = { .what = SCHED_EVENT_POD_ADD, .pod = o };

	if (!p || !p->assumed || !cluster_pod_confirm(p, o))
		return false;
	sched_queue_del(&s->queue, key);
	scheduler_event(s, &e);
	return true;
}

static void pod_present(struct scheduler *s, struct str key, const struct object *o)
{
	auto_arena arena = { 0 };
	struct core_v1_pod pod = { 0 };

	if (pod_is_as_assumed(s, key, o) ||
	    object_decode(o, &arena, api_struct_core_v1_pod, &pod, NULL) < 0)
		return;
	if (is_over(&pod))
		pod_gone(s, key, o);
	else if (pod.spec.node_name.n)
		pod_placed(s, key, o, &pod);
	else if (o->deleting || !str_eqz(pod.spec.scheduler_name, SCHEDULER_NAME))
		sched_queue_del(&s->queue, key);
	else
		pod_waits(s, key, o, &pod, &arena);
}

void scheduler_on_pod(void *ctx, const struct object *old, const struct object *new)
{
	struct scheduler *s = ctx;
	auto_buf key = { 0 };

	scheduler_pod_key(new ? new : old, &key);
	if (old && new && !str_eq(old->uid, new->uid))
		pod_gone(s, buf_view(&key), old); /* another one under the old name */
	if (new)
		pod_present(s, buf_view(&key), new);
	else
		pod_gone(s, buf_view(&key), old);
}

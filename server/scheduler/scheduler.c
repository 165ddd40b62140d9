/* SPDX-License-Identifier: Apache-2.0 */
/* The runner: events of nodes and pods feed cluster and queue; at the end of a loop's turn the pods that are due are decided
 * one after the other, each assumed on its node at once, while its binding is still under way. Decisions take no time that
 * anything else could change the cluster in, so a pod that does not fit has missed nothing when it is parked. */
#include "base/clock.h"
#include "base/encode.h"
#include "base/mem.h"
#include "generated/api_tables.h"
#include "server/scheduler/scheduler_state.h"

#define SCHEDULER_NAME "default-scheduler"
#define PODS_PER_TURN  64

static void schedule_one(struct scheduler *s, struct pending_pod *p)
{
	struct pod_usage usage;
	const struct sched_pod who = { &p->pod, &usage, p->key };
	struct decision d;

	pod_usage_read(&p->pod, &usage);
	schedule_decide(&s->cluster, &who, rand_u64(), &d);
	if (d.node) {
		cluster_pod_set(&s->cluster, p->key, d.node->node.metadata.name, p->object, &p->pod,
				true);
		scheduler_bind(s, p, d.node);
	} else {
		scheduler_does_not_fit(s, p, &who, &d.message);
	}
	buf_free(&d.message);
	pod_usage_free(&usage);
}

static void arm_timer(struct scheduler *s)
{
	int64_t next = sched_queue_next_ms(&s->queue);

	if (next == INT64_MAX)
		loop_timer_stop(&s->timer);
	else
		loop_timer_start(&s->timer, next > scheduler_now_ms()
						    ? (uint64_t)(next - scheduler_now_ms())
						    : 0);
}

static void run(struct loop_later *l)
{
	struct scheduler *s = CONTAINER_OF(l, struct scheduler, later);
	struct pending_pod *p;
	int n = 0;

	if (s->stopped || !informer_synced(s->nodes) || !informer_synced(s->pods) ||
	    !informer_synced(s->namespaces))
		return;
	while (n < PODS_PER_TURN && (p = sched_queue_pop(&s->queue, scheduler_now_ms()))) {
		schedule_one(s, p);
		n++;
	}
	if (n == PODS_PER_TURN)
		loop_later(s->client->loop, &s->later);
	arm_timer(s);
}

static void on_timer(struct loop_timer *t)
{
	struct scheduler *s = CONTAINER_OF(t, struct scheduler, timer);

	loop_later(s->client->loop, &s->later);
}

static void cluster_changed(struct scheduler *s)
{
	sched_queue_wake(&s->queue, scheduler_now_ms());
	loop_later(s->client->loop, &s->later);
}

static void on_node(void *ctx, const struct object *old, const struct object *new)
{
	struct scheduler *s = ctx;

	if (!new)
		cluster_node_del(&s->cluster, old->name);
	else if (cluster_node_set(&s->cluster, new))
		cluster_changed(s);
}

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

static void pod_gone(struct scheduler *s, struct str key)
{
	sched_queue_del(&s->queue, key);
	cluster_nominate_not(&s->cluster, key);
	if (cluster_pod_del(&s->cluster, key))
		cluster_changed(s); /* it made room */
}

static void pod_present(struct scheduler *s, struct str key, const struct object *o)
{
	auto_arena arena = { 0 };
	struct core_v1_pod pod = { 0 };

	if (object_decode(o, &arena, api_struct_core_v1_pod, &pod, NULL) < 0)
		return;
	if (is_over(&pod)) {
		pod_gone(s, key);
	} else if (pod.spec.node_name.n) {
		sched_queue_del(&s->queue, key);
		cluster_pod_set(&s->cluster, key, pod.spec.node_name, o, &pod, false);
	} else if (o->deleting || !str_eqz(pod.spec.scheduler_name, SCHEDULER_NAME)) {
		sched_queue_del(&s->queue, key);
	} else {
		sched_queue_set(&s->queue, key, o, gate(&pod) != NULL, scheduler_now_ms());
		if (pod.status.nominated_node_name.n)
			cluster_nominate(&s->cluster, key, pod.status.nominated_node_name, &pod);
		loop_later(s->client->loop, &s->later);
	}
}

static void on_pod(void *ctx, const struct object *old, const struct object *new)
{
	struct scheduler *s = ctx;
	auto_buf key = { 0 };

	scheduler_pod_key(new ? new : old, &key);
	if (old && new && !str_eq(old->uid, new->uid))
		pod_gone(s, buf_view(&key)); /* another one under the old name */
	if (new)
		pod_present(s, buf_view(&key), new);
	else
		pod_gone(s, buf_view(&key));
}

static void on_synced(void *ctx)
{
	struct scheduler *s = ctx;

	loop_later(s->client->loop, &s->later);
}

static const struct object *find_namespace(void *ctx, struct str name)
{
	return informer_get(((struct scheduler *)ctx)->namespaces, STR(""), name);
}

static struct metric *attempts(const char *result)
{
	static const char *const labels[] = { "result", "profile", NULL };
	const char *values[] = { result, SCHEDULER_NAME, NULL };

	return metric_with(metric_family(METRIC_COUNTER, "scheduler_schedule_attempts_total",
					 "Number of attempts to schedule pods, by the result.",
					 labels, NULL, 0),
			   values);
}

int scheduler_start(struct client *c, struct scheduler **out, struct err *err)
{
	struct scheduler *s = NEW(struct scheduler);

	(void)err;
	s->client = c;
	s->nodes = informer_new(c, API_CORE_V1_NODES, STR(""), STR(""), STR(""));
	s->pods = informer_new(c, API_CORE_V1_PODS, STR(""), STR(""), STR(""));
	s->namespaces = informer_new(c, API_CORE_V1_NAMESPACES, STR(""), STR(""), STR(""));
	s->cluster.find_namespace = find_namespace;
	s->cluster.namespace_ctx = s;
	s->events = event_recorder_new(c, clock_real(), SCHEDULER_NAME);
	s->m_scheduled = attempts("scheduled");
	s->m_unschedulable = attempts("unschedulable");
	s->m_error = attempts("error");
	sched_queue_init(&s->queue);
	loop_later_init(&s->later, run);
	loop_timer_init(c->loop, &s->timer, on_timer);
	informer_hook_add(s->nodes, on_node, on_synced, s);
	informer_hook_add(s->pods, on_pod, on_synced, s);
	informer_hook_add(s->namespaces, NULL, on_synced, s);
	informer_start(s->namespaces);
	informer_start(s->nodes);
	informer_start(s->pods);
	*out = s;
	return 0;
}

static void on_timer_closed(struct loop_timer *t)
{
	struct scheduler *s = CONTAINER_OF(t, struct scheduler, timer);

	s->timer_closed = true;
	scheduler_free_when_idle(s);
}

void scheduler_stop(struct scheduler *s)
{
	if (!s)
		return;
	s->stopped = true;
	informer_free(s->nodes);
	informer_free(s->pods);
	informer_free(s->namespaces);
	loop_later_cancel(&s->later);
	loop_timer_close(&s->timer, on_timer_closed);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* The runner: events of nodes and pods feed cluster and queue; at the end of a loop's turn the pods that are due are decided
 * one after the other, each assumed on its node at once, while its binding is still under way. Decisions take no time that
 * anything else could change the cluster in, so a pod that does not fit has missed nothing when it is parked. */
#include "server/scheduler/scheduler.h"

#include "base/clock.h"
#include "base/encode.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/metrics.h"
#include "client/events.h"
#include "client/informer.h"
#include "generated/api_tables.h"
#include "server/scheduler/decide.h"
#include "server/scheduler/pod_status.h"
#include "server/scheduler/preempt.h"
#include "server/scheduler/queue.h"

#define SCHEDULER_NAME "default-scheduler"
#define PODS_PER_TURN  64

struct scheduler {
	struct client *client;
	struct informer *nodes, *pods, *namespaces;
	struct event_recorder *events;
	struct cluster cluster;
	struct sched_queue queue;
	struct loop_later later;
	struct loop_timer timer;
	bool stopped;
	size_t in_flight; /* calls that have yet to answer; the last one frees a stopped scheduler */
	bool timer_closed;
	struct metric *m_scheduled, *m_unschedulable, *m_error;
};

static int64_t now_ms(void)
{
	return clock_mono_ms(clock_real());
}

static void key_of(const struct object *o, struct buf *out)
{
	buf_str(out, o->ns);
	buf_putc(out, '/');
	buf_str(out, o->name);
}

static void free_when_idle(struct scheduler *s)
{
	if (!s->stopped || !s->timer_closed || s->in_flight)
		return;
	sched_queue_free(&s->queue);
	cluster_free(&s->cluster);
	event_recorder_free(s->events);
	free(s);
}

struct binding {
	struct scheduler *scheduler;
	const struct object *pod;
	char *node;
};

static void binding_failed(struct scheduler *s, struct str key, struct pending_pod *p,
			   const struct err *err)
{
	cluster_pod_del(&s->cluster, key);
	metric_add(s->m_error, 1);
	if (!p || p->place != POD_IN_FLIGHT)
		return;
	if (err->reason == ERR_NOT_FOUND) { /* the pod is gone; its event will say so, too */
		sched_queue_del(&s->queue, key);
		return;
	}
	event_record(s->events, p->object, EVENT_WARNING, "FailedScheduling", "Scheduling", "%s",
		     err_text(err));
	sched_queue_retry(&s->queue, p, now_ms());
}

static void on_bound(void *ctx, const struct client_result *r)
{
	struct binding *b = ctx;
	struct scheduler *s = b->scheduler;
	auto_buf key = { 0 };

	s->in_flight--;
	key_of(b->pod, &key);
	if (!s->stopped && r->err) {
		binding_failed(s, buf_view(&key), sched_queue_find(&s->queue, buf_view(&key)),
			       r->err);
		loop_later(s->client->loop, &s->later);
	} else if (!s->stopped) {
		metric_add(s->m_scheduled, 1);
		event_record(s->events, b->pod, EVENT_NORMAL, "Scheduled", "Binding",
			     "Successfully assigned %.*s to %s", STR_ARG(buf_view(&key)), b->node);
	}
	object_unref(b->pod);
	free(b->node);
	free(b);
	free_when_idle(s);
}

static void bind_pod(struct scheduler *s, struct pending_pod *p, const struct node_info *n)
{
	struct binding *b = NEW(struct binding);
	auto_buf body = { 0 };

	*b = (struct binding){ s, object_ref(p->object), str_dup(n->node.metadata.name) };
	buf_printf(&body,
		   "{\"kind\":\"Binding\",\"apiVersion\":\"v1\",\"metadata\":{\"name\":\"%.*s\","
		   "\"namespace\":\"%.*s\","
		   "\"uid\":\"%.*s\"},\"target\":{\"kind\":\"Node\",\"name\":\"%s\"}}",
		   STR_ARG(p->object->name), STR_ARG(p->object->ns), STR_ARG(p->object->uid),
		   b->node);
	const struct client_call call = { .verb = API_CREATE,
					  .resource = API_CORE_V1_PODS,
					  .ns = p->object->ns,
					  .name = p->object->name,
					  .subresource = STR("binding"),
					  .body = buf_view(&body),
					  .done = on_bound,
					  .ctx = b };
	s->in_flight++;
	client_do(s->client, &call);
}

static void on_status(void *ctx, const struct client_result *r)
{
	struct scheduler *s = ctx;

	if (r->err && r->err->reason != ERR_NOT_FOUND && r->err->reason != ERR_CONFLICT)
		log_warn("pod condition was not written", LOG_S("error", err_text(r->err)));
	s->in_flight--;
	free_when_idle(s);
}

static void write_status(struct scheduler *s, const struct object *pod, struct str patch)
{
	const struct client_call call = { .verb = API_PATCH,
					  .resource = API_CORE_V1_PODS,
					  .ns = pod->ns,
					  .name = pod->name,
					  .subresource = STR("status"),
					  .content_type =
						  STR("application/strategic-merge-patch+json"),
					  .body = patch,
					  .done = on_status,
					  .ctx = s };

	s->in_flight++;
	client_do(s->client, &call);
}

static void report_unschedulable(struct scheduler *s, struct pending_pod *p, struct str message,
				 struct str nominated)
{
	auto_buf patch = { 0 };

	metric_add(s->m_unschedulable, 1);
	event_record(s->events, p->object, EVENT_WARNING, "FailedScheduling", "Scheduling", "%.*s",
		     STR_ARG(message));
	if (unschedulable_patch(&p->pod, message, nominated, clock_wall_s(clock_real()), &patch))
		write_status(s, p->object, buf_view(&patch));
}

static void evict(struct scheduler *s, struct placed_pod *victim, const struct pending_pod *by)
{
	auto_buf patch = { 0 }, options = { 0 };
	const struct object *o = victim->object;

	victim->leaving = true;
	preempted_patch(o->uid, clock_wall_s(clock_real()), &patch);
	write_status(s, o, buf_view(&patch));
	buf_printf(&options,
		   "{\"kind\":\"DeleteOptions\",\"apiVersion\":\"v1\",\"preconditions\":{\"uid\":"
		   "\"%.*s\"}}",
		   STR_ARG(o->uid));
	const struct client_call call = { .verb = API_DELETE,
					  .resource = API_CORE_V1_PODS,
					  .ns = o->ns,
					  .name = o->name,
					  .body = buf_view(&options),
					  .done = on_status,
					  .ctx = s };
	s->in_flight++;
	client_do(s->client, &call);
	event_record(s->events, o, EVENT_NORMAL, "Preempted", "Preempting",
		     "Preempted by pod %.*s on node %s", STR_ARG(by->object->uid), victim->node);
}

/* It fits nowhere: room is made, if others matter less; it waits in either case. */
static void does_not_fit(struct scheduler *s, struct pending_pod *p, const struct sched_pod *who,
			 struct buf *message)
{
	struct preemption room;

	schedule_preempt(&s->cluster, who, &room);
	if (room.message.n) {
		buf_putc(message, ' ');
		buf_str(message, buf_view(&room.message));
	}
	if (room.node)
		cluster_nominate(&s->cluster, p->key, room.node->node.metadata.name, &p->pod);
	for (size_t i = 0; i < room.nvictims; i++)
		if (!room.victims[i]->leaving)
			evict(s, room.victims[i], p);
	sched_queue_park(&s->queue, p, now_ms());
	report_unschedulable(s, p, buf_view(message),
			     room.node ? room.node->node.metadata.name : STR(""));
	preemption_free(&room);
}

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
		bind_pod(s, p, d.node);
	} else {
		does_not_fit(s, p, &who, &d.message);
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
		loop_timer_start(&s->timer, next > now_ms() ? (uint64_t)(next - now_ms()) : 0);
}

static void run(struct loop_later *l)
{
	struct scheduler *s = CONTAINER_OF(l, struct scheduler, later);
	struct pending_pod *p;
	int n = 0;

	if (s->stopped || !informer_synced(s->nodes) || !informer_synced(s->pods) ||
	    !informer_synced(s->namespaces))
		return;
	while (n < PODS_PER_TURN && (p = sched_queue_pop(&s->queue, now_ms()))) {
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
	sched_queue_wake(&s->queue, now_ms());
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
		sched_queue_set(&s->queue, key, o, gate(&pod) != NULL, now_ms());
		if (pod.status.nominated_node_name.n)
			cluster_nominate(&s->cluster, key, pod.status.nominated_node_name, &pod);
		loop_later(s->client->loop, &s->later);
	}
}

static void on_pod(void *ctx, const struct object *old, const struct object *new)
{
	struct scheduler *s = ctx;
	auto_buf key = { 0 };

	key_of(new ? new : old, &key);
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
	free_when_idle(s);
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

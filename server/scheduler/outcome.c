/* SPDX-License-Identifier: Apache-2.0 */
/* What follows from a decision: a binding, or an event and a condition in upstream's words and perhaps a preemption. */
#include "base/log.h"
#include "base/mem.h"
#include "generated/api_tables.h"
#include "server/scheduler/pod_status.h"
#include "server/scheduler/preempt.h"
#include "server/scheduler/scheduler_state.h"

int64_t scheduler_now_ms(void)
{
	return clock_mono_ms(clock_real());
}

void scheduler_pod_key(const struct object *o, struct buf *out)
{
	buf_str(out, o->ns);
	buf_putc(out, '/');
	buf_str(out, o->name);
}

void scheduler_free_when_idle(struct scheduler *s)
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
	sched_queue_retry(&s->queue, p, scheduler_now_ms());
}

static void on_bound(void *ctx, const struct client_result *r)
{
	struct binding *b = ctx;
	struct scheduler *s = b->scheduler;
	auto_buf key = { 0 };

	s->in_flight--;
	scheduler_pod_key(b->pod, &key);
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
	scheduler_free_when_idle(s);
}

void scheduler_bind(struct scheduler *s, struct pending_pod *p, const struct node_info *n)
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
	scheduler_free_when_idle(s);
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
void scheduler_does_not_fit(struct scheduler *s, struct pending_pod *p, const struct sched_pod *who,
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
	sched_queue_park(&s->queue, p, scheduler_now_ms());
	report_unschedulable(s, p, buf_view(message),
			     room.node ? room.node->node.metadata.name : STR(""));
	preemption_free(&room);
}

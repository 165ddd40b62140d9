/* SPDX-License-Identifier: Apache-2.0 */
/* What follows from a decision: a binding, or an event and a condition in upstream's words and perhaps a preemption. */
#include "base/log.h"
#include "base/mem.h"
#include "generated/api_tables.h"
#include "server/scheduler/pod_status.h"
#include "server/scheduler/scheduler_state.h"

#define NOTE_MAX 1024 /* bytes of an event's text */

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

/* --- the pod's status --- */

static void on_status(void *ctx, const struct client_result *r)
{
	struct scheduler *s = ctx;

	if (r->err && r->err->reason != ERR_NOT_FOUND && r->err->reason != ERR_CONFLICT)
		log_warn("pod condition was not written", LOG_S("error", err_text(r->err)));
	s->in_flight--;
	scheduler_free_when_idle(s);
}

void scheduler_patch_pod_status(struct scheduler *s, const struct object *pod, struct str patch)
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

/* The event's text ends where upstream's does. */
static void report(struct scheduler *s, struct pending_pod *p, const char *reason,
		   struct str message, const struct str *nominate)
{
	auto_buf patch = { 0 };
	struct str note = message;

	if (note.n > NOTE_MAX)
		note.n = NOTE_MAX - 4;
	event_record(s->events, p->object, EVENT_WARNING, "FailedScheduling", "Scheduling",
		     "%.*s%s", STR_ARG(note), note.n < message.n ? " ..." : "");
	if (unscheduled_patch(&p->pod, reason, message, nominate, clock_wall_s(clock_real()),
			      &patch))
		scheduler_patch_pod_status(s, p->object, buf_view(&patch));
}

/* --- binding --- */

struct binding {
	struct scheduler *scheduler;
	const struct object *pod;
	char *node;
	int attempts;
	int64_t added_ms;
};

void scheduler_binding_failed(struct scheduler *s, const struct object *pod, bool gone,
			      const char *why)
{
	struct pending_pod *p;
	struct sched_event e = { .what = SCHED_EVENT_POD_DELETE, .pod_before = pod };
	auto_buf key = { 0 };

	scheduler_pod_key(pod, &key);
	p = sched_queue_find(&s->queue, buf_view(&key));
	metric_add(s->metrics.error, 1);
	cluster_pod_del(&s->cluster, buf_view(&key));
	if (gone) { /* its event will say so, too */
		sched_queue_del(&s->queue, buf_view(&key));
	} else if (p && p->place == POD_IN_FLIGHT) {
		sched_queue_retry(&s->queue, p, scheduler_now_ms());
		report(s, p, "SchedulerError", str_from(why), &STR(""));
	}
	scheduler_event(s, &e);
}

static void on_bound(void *ctx, const struct client_result *r)
{
	struct binding *b = ctx;
	struct scheduler *s = b->scheduler;

	s->in_flight--;
	if (!s->stopped && r->err) {
		auto_free char *why =
			str_printf("running Bind plugin \"DefaultBinder\": %s", err_text(r->err));

		scheduler_binding_failed(s, b->pod, r->err->reason == ERR_NOT_FOUND, why);
	} else if (!s->stopped) {
		metric_add(s->metrics.scheduled, 1);
		metric_observe(s->metrics.attempts_needed, b->attempts);
		metric_observe(s->metrics.sli, (double)(scheduler_now_ms() - b->added_ms) / 1e3);
		event_record(s->events, b->pod, EVENT_NORMAL, "Scheduled", "Binding",
			     "Successfully assigned %.*s/%.*s to %s", STR_ARG(b->pod->ns),
			     STR_ARG(b->pod->name), b->node);
	}
	object_unref(b->pod);
	free(b->node);
	free(b);
	scheduler_free_when_idle(s);
}

void scheduler_bind(struct scheduler *s, const struct object *pod, struct str node)
{
	struct binding *b = NEW(struct binding);
	const struct pending_pod *p;
	auto_buf body = { 0 }, key = { 0 };

	*b = (struct binding){ s, object_ref(pod), str_dup(node), 1, scheduler_now_ms() };
	scheduler_pod_key(pod, &key);
	p = sched_queue_find(&s->queue, buf_view(&key));
	if (p) {
		b->attempts = p->attempts;
		b->added_ms = p->added_ms;
	}
	buf_printf(&body,
		   "{\"kind\":\"Binding\",\"apiVersion\":\"v1\",\"metadata\":{\"name\":\"%.*s\","
		   "\"namespace\":\"%.*s\","
		   "\"uid\":\"%.*s\"},\"target\":{\"kind\":\"Node\",\"name\":\"%s\"}}",
		   STR_ARG(pod->name), STR_ARG(pod->ns), STR_ARG(pod->uid), b->node);
	const struct client_call call = { .verb = API_CREATE,
					  .resource = API_CORE_V1_PODS,
					  .ns = pod->ns,
					  .name = pod->name,
					  .subresource = STR("binding"),
					  .body = buf_view(&body),
					  .done = on_bound,
					  .ctx = b };
	s->in_flight++;
	client_do(s->client, &call);
}

/* --- preemption --- */

/* All evictions for one pod, which waits until they have been asked for. */
struct room_making {
	struct scheduler *scheduler;
	char *pod; /* its key */
	size_t calls;
	bool any_gone;
};
struct eviction {
	struct room_making *round;
	const struct object *victim;
};

static void room_made(struct room_making *m)
{
	struct scheduler *s = m->scheduler;
	struct pending_pod *p = s->stopped ? NULL : sched_queue_find(&s->queue, str_from(m->pod));

	if (--m->calls)
		return;
	if (p) {
		sched_queue_release(&s->queue, p, m->any_gone, scheduler_now_ms());
		scheduler_wake(s);
	}
	free(m->pod);
	free(m);
}

static void on_evicted(void *ctx, const struct client_result *r)
{
	struct eviction *e = ctx;
	struct scheduler *s = e->round->scheduler;
	auto_buf key = { 0 };
	struct placed_pod *victim;

	s->in_flight--;
	scheduler_pod_key(e->victim, &key);
	victim = s->stopped ? NULL : cluster_pod(&s->cluster, buf_view(&key));
	if (victim && str_eq(victim->object->uid, e->victim->uid))
		victim->evicting = false;
	else
		e->round->any_gone = true;
	if (r->err && r->err->reason != ERR_NOT_FOUND && r->err->reason != ERR_CONFLICT)
		log_warn("pod was not evicted", LOG_STR("pod", e->victim->name),
			 LOG_S("error", err_text(r->err)));
	room_made(e->round);
	object_unref(e->victim);
	free(e);
	scheduler_free_when_idle(s);
}

static void evict(struct scheduler *s, struct placed_pod *victim, const struct pending_pod *by,
		  struct room_making *round)
{
	auto_buf patch = { 0 }, options = { 0 };
	struct eviction *e = NEW(struct eviction);
	const struct object *o = object_ref(victim->object);

	*e = (struct eviction){ round, o };
	victim->evicting = true;
	round->calls++;
	preempted_patch(o->uid, clock_wall_s(clock_real()), &patch);
	scheduler_patch_pod_status(s, o, buf_view(&patch));
	buf_printf(&options,
		   "{\"kind\":\"DeleteOptions\",\"apiVersion\":\"v1\",\"preconditions\":{\"uid\":"
		   "\"%.*s\"}}",
		   STR_ARG(o->uid));
	const struct client_call call = { .verb = API_DELETE,
					  .resource = API_CORE_V1_PODS,
					  .ns = o->ns,
					  .name = o->name,
					  .body = buf_view(&options),
					  .done = on_evicted,
					  .ctx = e };
	event_record(s->events, o, EVENT_NORMAL, "Preempted", "Preempting",
		     "Preempted by pod %.*s on node %s", STR_ARG(by->object->uid),
		     victim->node->name);
	s->in_flight++;
	client_do(s->client, &call);
}

/* Pods that matter less and were promised room there look for another place. */
static void take_over(struct scheduler *s, const struct node_info *n, int32_t priority)
{
	for (size_t i = n->nnominated; i-- > 0;) {
		struct placed_pod *p = n->nominated[i];
		auto_buf patch = { 0 };

		if (p->priority >= priority)
			continue;
		buf_printf(
			&patch,
			"{\"metadata\":{\"uid\":\"%.*s\"},\"status\":{\"nominatedNodeName\":null}}",
			STR_ARG(p->object->uid));
		scheduler_patch_pod_status(s, p->object, buf_view(&patch));
		auto_free char *key = str_dup(str_from(p->key));

		cluster_nominate_not(&s->cluster, str_from(key));
	}
}

static void make_room(struct scheduler *s, struct pending_pod *p, const struct preemption *room)
{
	struct room_making *m = NEW(struct room_making);

	metric_observe(s->metrics.victims, (double)room->nvictims);
	*m = (struct room_making){ .scheduler = s, .pod = str_dup(p->key), .calls = 1 };
	p->held = true;
	for (size_t i = 0; i < room->nvictims; i++)
		if (!room->victims[i]->leaving && !room->victims[i]->evicting)
			evict(s, room->victims[i], p, m);
	room_made(m);
	take_over(s, room->node, pod_priority(&p->pod));
	cluster_nominate(&s->cluster, p->key, room->node->node->metadata.name, p->object, &p->pod);
}

/* It fits nowhere: room is made, if others matter less; it waits in either case. */
void scheduler_does_not_fit(struct scheduler *s, struct pending_pod *p, struct sched_look *look,
			    struct decision *d)
{
	struct str nominated = cluster_nominated_node(&s->cluster, p->key), node = STR("");
	struct preemption room;

	schedule_preempt(look, d, &s->budgets, nominated, look->cycle.cluster->next, &room);
	if (room.message.n) {
		metric_add(s->metrics.preemptions, 1);
		buf_putc(&d->message, ' ');
		buf_str(&d->message, buf_view(&room.message));
	}
	metric_add(s->metrics.unschedulable, 1);
	sched_queue_park(&s->queue, p, look->rejected_by, scheduler_now_ms());
	if (room.node) {
		make_room(s, p, &room);
		node = room.node->node->metadata.name;
	} else if (!room.not_now) {
		cluster_nominate_not(&s->cluster, p->key);
	}
	report(s, p, "Unschedulable", buf_view(&d->message), room.not_now ? NULL : &node);
	preemption_free(&room);
}

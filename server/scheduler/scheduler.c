/* SPDX-License-Identifier: Apache-2.0 */
/* The runner: at the end of a loop's turn the pods that are due are decided one after the other, each assumed on its node at
 * once, while its binding is still under way. Decisions take no time that anything else could change the cluster in, so a pod
 * that does not fit has missed nothing when it is parked. */
#include "base/clock.h"
#include "base/encode.h"
#include "base/mem.h"
#include "server/scheduler/scheduler_state.h"

#define PODS_PER_TURN 64

static void assume(struct scheduler *s, struct pending_pod *p, const struct node_info *n,
		   const struct sched_look *look)
{
	struct volume_plan plan;

	if (!volume_binding_plan(&look->cycle, n, &plan))
		plan.n = 0; /* it has passed the filter a moment ago */
	cluster_pod_set(&s->cluster, p->key, n->node->metadata.name, p->object, &p->pod, true);
	if (plan.n)
		scheduler_bind_volumes(s, p->object, n->node->metadata.name, &plan);
	else
		scheduler_bind(s, p->object, n->node->metadata.name);
}

static void schedule_one(struct scheduler *s, struct pending_pod *p)
{
	const struct sched_view view = { &s->cluster, &s->volumes, &s->owners };
	const struct sched_pod who = { &p->pod, p->object, &p->usage, p->key };
	int64_t start_us = clock_real()->mono_us(clock_real());
	struct sched_look look;
	struct decision d;

	sched_look_open(&look, &view, &who);
	schedule_decide(&look, cluster_nominated_node(&s->cluster, p->key), rand_u64(), &d);
	if (d.node)
		assume(s, p, d.node, &look);
	else
		scheduler_does_not_fit(s, p, &look, &d);
	metric_observe(d.node ? s->metrics.took_scheduled : s->metrics.took_unschedulable,
		       (double)(clock_real()->mono_us(clock_real()) - start_us) / 1e6);
	buf_free(&d.message);
	sched_look_close(&look);
}

static void arm_timer(struct scheduler *s)
{
	int64_t next = sched_queue_next_ms(&s->queue), now = scheduler_now_ms();
	int64_t volumes = scheduler_volume_bindings_next_ms(s);

	next = volumes < next ? volumes : next;
	if (next == INT64_MAX)
		loop_timer_stop(&s->timer);
	else
		loop_timer_start(&s->timer, next > now ? (uint64_t)(next - now) : 0);
}

static void run(struct loop_later *l)
{
	struct scheduler *s = CONTAINER_OF(l, struct scheduler, later);
	struct pending_pod *p;
	int n = 0;

	if (s->stopped || !scheduler_synced(s))
		return;
	scheduler_volume_bindings_due(s);
	while (n < PODS_PER_TURN && (p = sched_queue_pop(&s->queue, scheduler_now_ms()))) {
		schedule_one(s, p);
		n++;
	}
	if (n == PODS_PER_TURN)
		scheduler_wake(s);
	sched_metrics_pending(&s->metrics, &s->queue);
	arm_timer(s);
}

void scheduler_wake(struct scheduler *s)
{
	loop_later(s->client->loop, &s->later);
}

static void on_timer(struct loop_timer *t)
{
	scheduler_wake(CONTAINER_OF(t, struct scheduler, timer));
}

int scheduler_start(struct client *c, struct scheduler **out, struct err *err)
{
	struct scheduler *s = NEW(struct scheduler);

	(void)err;
	s->client = c;
	s->events = event_recorder_new(c, clock_real(), SCHEDULER_NAME);
	sched_metrics_init(&s->metrics);
	sched_queue_init(&s->queue);
	list_init(&s->volume_bindings);
	loop_later_init(&s->later, run);
	loop_timer_init(c->loop, &s->timer, on_timer);
	scheduler_watch(s);
	*out = s;
	return 0;
}

void scheduler_free_when_idle(struct scheduler *s)
{
	if (!s->stopped || !s->timer_closed || s->in_flight)
		return;
	scheduler_volume_bindings_free(s);
	sched_queue_free(&s->queue);
	cluster_free(&s->cluster);
	volumes_free(&s->volumes);
	owners_free(&s->owners);
	budgets_free(&s->budgets);
	event_recorder_free(s->events);
	free(s);
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
	for (size_t i = 0; i < WATCHED_COUNT; i++)
		informer_free(s->watched[i]);
	loop_later_cancel(&s->later);
	loop_timer_close(&s->timer, on_timer_closed);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Inside of the scheduler: scheduler.c feeds it with events and runs it, outcome.c carries decisions out. */
#ifndef SERVER_SCHEDULER_SCHEDULER_STATE_H
#define SERVER_SCHEDULER_SCHEDULER_STATE_H

#include "base/metrics.h"
#include "client/events.h"
#include "client/informer.h"
#include "server/scheduler/decide.h"
#include "server/scheduler/queue.h"
#include "server/scheduler/scheduler.h"

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

int64_t scheduler_now_ms(void);
void scheduler_pod_key(const struct object *o, struct buf *out); /* "ns/name" */
void scheduler_free_when_idle(struct scheduler *s); /* after a stop, when all calls have answered */
/* Binds a pod that has been assumed on the node. */
void scheduler_bind(struct scheduler *s, struct pending_pod *p, const struct node_info *n);
/* Makes room if others matter less, says why the pod waits, and parks it. `message` is added to. */
void scheduler_does_not_fit(struct scheduler *s, struct pending_pod *p, const struct sched_pod *who,
			    struct buf *message);

#endif

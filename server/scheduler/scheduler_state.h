/* SPDX-License-Identifier: Apache-2.0 */
/* Inside of the scheduler: scheduler.c runs it, watch.c and watch_pods.c feed it with events, outcome.c carries decisions out, and bind_volumes.c
 * does what has to be done about a pod's volumes first. */
#ifndef SERVER_SCHEDULER_SCHEDULER_STATE_H
#define SERVER_SCHEDULER_SCHEDULER_STATE_H

#include "client/events.h"
#include "client/informer.h"
#include "server/scheduler/budgets.h"
#include "server/scheduler/decide.h"
#include "server/scheduler/plugins/volume_binding.h"
#include "server/scheduler/preempt.h"
#include "server/scheduler/queue.h"
#include "server/scheduler/sched_metrics.h"
#include "server/scheduler/scheduler.h"

#define SCHEDULER_NAME "default-scheduler"

enum watched {
	WATCHED_NAMESPACES,
	WATCHED_NODES,
	WATCHED_SERVICES,
	WATCHED_REPLICATION_CONTROLLERS,
	WATCHED_REPLICA_SETS,
	WATCHED_STATEFUL_SETS,
	WATCHED_BUDGETS,
	WATCHED_CLAIMS,
	WATCHED_VOLUMES,
	WATCHED_CLASSES,
	WATCHED_CSI_NODES,
	WATCHED_CSI_DRIVERS,
	WATCHED_CAPACITIES,
	WATCHED_ATTACHMENTS,
	WATCHED_PODS,
	WATCHED_COUNT
};
struct scheduler {
	struct client *client;
	struct informer *watched[WATCHED_COUNT];
	struct event_recorder *events;
	struct cluster cluster;
	struct volumes volumes;
	struct owners owners;
	struct budgets budgets;
	struct sched_queue queue;
	struct list volume_bindings; /* pods that wait for their volumes */
	struct loop_later later;
	struct loop_timer timer;
	bool stopped;
	size_t in_flight; /* calls that have yet to answer; the last one frees a stopped scheduler */
	bool timer_closed;
	struct sched_metrics metrics;
};

int64_t scheduler_now_ms(void);
void scheduler_pod_key(const struct object *o, struct buf *out); /* "ns/name" */
void scheduler_free_when_idle(struct scheduler *s); /* after a stop, when all calls have answered */
void scheduler_wake(struct scheduler *s);           /* look at the queue at the end of this turn */
/* Something happened; the queue hears of it. */
void scheduler_event(struct scheduler *s, const struct sched_event *e);
void scheduler_watch(struct scheduler *s); /* starts all informers */
void scheduler_on_pod(void *ctx, const struct object *old, const struct object *new);
bool scheduler_synced(const struct scheduler *s);
/* Binds a pod that has been assumed on the node. */
void scheduler_bind(struct scheduler *s, const struct object *pod, struct str node);
/* The same, once its volumes are there. The plan is read during the call only. */
void scheduler_bind_volumes(struct scheduler *s, const struct object *pod, struct str node,
			    const struct volume_plan *plan);
void scheduler_claim_changed(struct scheduler *s, const struct object *claim, bool gone);
void scheduler_volume_bindings_due(struct scheduler *s); /* gives those up that take too long */
int64_t scheduler_volume_bindings_next_ms(const struct scheduler *s);
void scheduler_volume_bindings_free(struct scheduler *s);
/* The pod's binding failed: it is taken back and tried again. */
void scheduler_binding_failed(struct scheduler *s, const struct object *pod, bool gone,
			      const char *why);
/* Makes room if others matter less, says why the pod waits, and parks it. */
void scheduler_does_not_fit(struct scheduler *s, struct pending_pod *p, struct sched_look *look,
			    struct decision *d);
void scheduler_patch_pod_status(struct scheduler *s, const struct object *pod, struct str patch);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* Pods that wait for a node.
 *
 *   active   highest priority first, then the longest waiting
 *   backoff  did not fit a short while ago: 1 s, doubling up to 10 s; sooner when nothing is active
 *   errors   the same for pods whose binding failed; never sooner
 *   parked   did not fit; comes back when something happens that helps with what turned it away (or after five minutes,
 *            whatever happens), or, held by a gate, when the pod itself changes
 *
 * Time is the caller's, in milliseconds. Control loop only. */
#ifndef SERVER_SCHEDULER_QUEUE_H
#define SERVER_SCHEDULER_QUEUE_H

#include "api/decode.h"
#include "base/list.h"
#include "base/map.h"
#include "server/scheduler/plugin.h"
#include "server/scheduler/pod_heap.h"

#define SCHED_BACKOFF_MIN_MS 1000
#define SCHED_BACKOFF_MAX_MS 10000
#define SCHED_PARKED_MAX_MS  (5 * 60 * 1000)

enum pod_place { POD_ACTIVE, POD_BACKOFF, POD_ERRORS, POD_PARKED, POD_IN_FLIGHT };
struct pending_pod {
	struct list link;            /* in parked or gated */
	struct str key;              /* "ns/name", behind it */
	const struct object *object; /* a reference */
	struct arena arena;
	struct core_v1_pod pod; /* decoded into it */
	struct pod_usage usage;
	enum pod_place place;
	bool gated;
	uint32_t rejected_by; /* plug-ins, as a mask; 0: whatever happens may help */
	bool held; /* others are being evicted for it: nothing wakes it before that is done */
	size_t at; /* index in its heap */
	int attempts;
	int64_t added_ms, failed_ms;
};
struct sched_queue {
	struct map pods; /* all of them, by key */
	struct pod_heap active, backoff, errors;
	struct list parked, gated; /* the latter are parked, too, and nobody walks over them */
	size_t nparked, ngated;    /* of both; of the latter */
	size_t parked_by[SCHED_PLUGINS_MAX +
			 1]; /* how many each plug-in turned away; the last: nobody */
};

void sched_queue_init(struct sched_queue *q);
void sched_queue_free(struct sched_queue *q);
/* New, or changed: what is parked gets another chance. False: it cannot be read. */
bool sched_queue_set(struct sched_queue *q, struct str key, const struct object *o, bool gated,
		     int64_t now_ms);
/* The same with the pod decoded already; its arena is taken over. */
void sched_queue_put(struct sched_queue *q, struct str key, const struct object *o,
		     struct arena *arena, const struct core_v1_pod *pod, bool gated,
		     int64_t now_ms);
void sched_queue_del(struct sched_queue *q, struct str key);
struct pending_pod *sched_queue_find(const struct sched_queue *q, struct str key);
struct pending_pod *sched_queue_pop(struct sched_queue *q,
				    int64_t now_ms); /* in flight from now on; NULL: none is due */
/* It did not fit: these plug-ins turned it away. */
void sched_queue_park(struct sched_queue *q, struct pending_pod *p, uint32_t rejected_by,
		      int64_t now_ms);
void sched_queue_retry(struct sched_queue *q, struct pending_pod *p,
		       int64_t now_ms); /* its binding failed */
/* Something happened: parked pods that it may help get their chance. */
void sched_queue_event(struct sched_queue *q, const struct sched_event *e, int64_t now_ms);
/* A parked pod is not held any more; `now_helped`: what it waits for has happened meanwhile. */
void sched_queue_release(struct sched_queue *q, struct pending_pod *p, bool now_helped,
			 int64_t now_ms);
/* When something becomes due by time alone; INT64_MAX: never. */
int64_t sched_queue_next_ms(const struct sched_queue *q);

#endif

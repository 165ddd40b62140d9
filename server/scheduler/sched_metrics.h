/* SPDX-License-Identifier: Apache-2.0 */
/* What kube-scheduler tells about itself, by upstream's names (k8s.io/kubernetes/pkg/scheduler/metrics). Any thread. */
#ifndef SERVER_SCHEDULER_SCHED_METRICS_H
#define SERVER_SCHEDULER_SCHED_METRICS_H

#include "base/metrics.h"
#include "server/scheduler/queue.h"

struct sched_metrics {
	struct metric *scheduled, *unschedulable, *error;   /* attempts, by result */
	struct metric *took_scheduled, *took_unschedulable; /* seconds of an attempt */
	struct metric *sli, *attempts_needed;               /* of pods that were bound */
	struct metric *preemptions, *victims;
	struct metric *active, *backoff, *parked, *gated; /* pods that wait */
};
void sched_metrics_init(struct sched_metrics *m);
void sched_metrics_pending(struct sched_metrics *m, const struct sched_queue *q);

#endif

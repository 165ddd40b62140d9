/* SPDX-License-Identifier: Apache-2.0 */
/* Asking for metrics: metrics.k8s.io for resources; for all others custom.metrics.k8s.io and external.metrics.k8s.io, when an
 * APIService says that somebody serves them. Control loop only. */
#ifndef SERVER_CONTROLLERS_AUTOSCALING_METRICS_APIS_H
#define SERVER_CONTROLLERS_AUTOSCALING_METRICS_APIS_H

#include "server/controllers/autoscaling/metric.h"
#include "server/controllers/controller.h"

/* Makes the informers that are looked at; for start(). */
void metrics_apis_start(struct controller *c);

struct metric_question {
	struct controller *controller;
	const struct autoscaling_v2_metric_spec *spec;
	struct str ns, selector; /* of the autoscaler, of its target's pods */
	struct arena *arena;     /* of the answer */
	struct metric_answer *answer;
	void (*done)(void *ctx); /* the answer is there; may come before metric_ask() returns */
	void *ctx;
};
/* `q` stays until `done`. */
void metric_ask(struct metric_question *q);

#endif

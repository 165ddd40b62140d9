/* SPDX-License-Identifier: Apache-2.0 */
/* What is done about one HorizontalPodAutoscaler: pure but for its scaling_memory. In this order:
 *
 *	no scale                → autoscaler_no_scale()
 *	autoscaler_needs_metrics() → the metrics are asked for, each answer is a metric_answer
 *	autoscaler_plan()       → when it says `rescale` the scale is written, and autoscaler_rescaled() told how that ended
 *	then the status is written, and the news become events
 *
 * Follows reconcileAutoscaler() of pkg/controller/podautoscaler of v1.37, its words included. */
#ifndef SERVER_CONTROLLERS_AUTOSCALING_AUTOSCALER_PLAN_H
#define SERVER_CONTROLLERS_AUTOSCALING_AUTOSCALER_PLAN_H

#include "server/controllers/autoscaling/autoscaler_config.h"
#include "server/controllers/autoscaling/metric.h"
#include "server/controllers/autoscaling/scaling_rules.h"

struct autoscaler_view {
	const struct autoscaling_v2_horizontal_pod_autoscaler *hpa;
	int32_t current, counted; /* the target's spec.replicas and status.replicas */
	struct str selector;      /* of its scale */
	const char *bad_selector; /* why that can't be read; NULL: it can */
	const char *
		rivals; /* the autoscalers that select the same pods, this one among them; NULL: only this one */
	const struct pod_views *pods;
	const struct metric_answer *answers; /* one per metric of the spec */
	const struct autoscaler_config *config;
	struct scaling_memory *memory;
	int64_t now_us;
	struct arena *arena;
};
#define AUTOSCALER_NEWS_MAX 128
struct autoscaler_news { /* an event */
	const char *type, *reason, *message;
};
struct autoscaler_plan {
	struct autoscaling_v2_horizontal_pod_autoscaler_status status;
	bool rescale;
	int32_t replicas;
	const char *why; /* "cpu resource utilization (percentage of request) above target" */
	struct autoscaler_news news[AUTOSCALER_NEWS_MAX];
	size_t nnews;
};
void autoscaler_no_scale(const struct autoscaler_view *v, const char *failure,
			 struct autoscaler_plan *out);
bool autoscaler_needs_metrics(const struct autoscaling_v2_horizontal_pod_autoscaler *hpa,
			      int32_t current);
void autoscaler_plan(const struct autoscaler_view *v, struct autoscaler_plan *out);
void autoscaler_rescaled(const struct autoscaler_view *v, struct autoscaler_plan *p,
			 const char *failure); /* NULL: it was done */

#endif

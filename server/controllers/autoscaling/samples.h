/* SPDX-License-Identifier: Apache-2.0 */
/* What the metrics APIs answer, read into numbers: thousandths of a core, of a byte, of whatever it is. Pure. Follows
 * pkg/controller/podautoscaler/metrics of v1.37. */
#ifndef SERVER_CONTROLLERS_AUTOSCALING_SAMPLES_H
#define SERVER_CONTROLLERS_AUTOSCALING_SAMPLES_H

#include "base/arena.h"
#include "base/str.h"

struct pod_sample {
	struct str pod;
	int64_t milli;
	int64_t at_us, window_us; /* when it was taken, over how long */
};
struct samples {
	struct pod_sample *items; /* of an external metric: values whose `pod` is empty */
	size_t n;
};

/* Each reads the body of an answer; everything in `out` lives in the arena. NULL, or why there is nothing (in the arena, too):
 * the tail of the sentence that ends in events. */
/* metrics.k8s.io/v1beta1 PodMetricsList; of one container, or (empty) of all: a pod of which one is missing is left out. */
const char *samples_of_resource(struct str body, struct str resource, struct str container,
				struct arena *a, struct samples *out);
/* custom.metrics.k8s.io MetricValueList: of pods, or of the one object that was asked about. */
const char *samples_of_custom(struct str body, struct arena *a, struct samples *out);
/* external.metrics.k8s.io ExternalMetricValueList */
const char *samples_of_external(struct str body, struct arena *a, struct samples *out);

#endif

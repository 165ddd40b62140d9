/* SPDX-License-Identifier: Apache-2.0 */
/* What kube-controller-manager's flags say about autoscaling. */
#ifndef SERVER_CONTROLLERS_AUTOSCALING_AUTOSCALER_CONFIG_H
#define SERVER_CONTROLLERS_AUTOSCALING_AUTOSCALER_CONFIG_H

#include <stdint.h>

struct autoscaler_config {         /* --horizontal-pod-autoscaler-… */
	int64_t sync_ms;           /* sync-period */
	int64_t patience_ms;       /* downscale-stabilization */
	int64_t initialization_ms; /* cpu-initialization-period */
	int64_t first_ready_ms;    /* initial-readiness-delay */
	double tolerance;          /* tolerance */
};

#endif

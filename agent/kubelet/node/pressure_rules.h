/* SPDX-License-Identifier: Apache-2.0 */
/* What a node was told about running short: the flags --eviction-*, read; and soft thresholds, which count when they were met for their
 * grace period. Pure. Follows upstream's pkg/kubelet/eviction (ParseThresholdConfig, thresholdsMetGracePeriod). */
#ifndef AGENT_KUBELET_NODE_PRESSURE_RULES_H
#define AGENT_KUBELET_NODE_PRESSURE_RULES_H

#include "agent/kubelet/node/pressure.h"

#define PRESSURE_TRANSITION "5m0s"

struct pressure_options {        /* as the flags have them; NULL: the default */
	const char *hard;        /* "memory.available<100Mi,nodefs.available<10%" */
	const char *soft;        /* likewise; each needs a grace */
	const char *soft_grace;  /* "memory.available=1m30s" */
	const char *transition;  /* how long a condition stays after the last time that it was so */
	int64_t max_pod_grace_s; /* of a pod that goes for a soft threshold */
};
struct pressure_rules {
	struct pressure_thresholds hard, soft;
	int64_t soft_grace_us[PRESSURE_SIGNALS];
	int64_t transition_us, max_pod_grace_us;
};
int pressure_rules_parse(const struct pressure_options *o, struct pressure_rules *out,
			 struct err *err);
/* Those of `met` that have been so for their grace. since_us: when each was first met in a row; 0: it is not. */
unsigned pressure_soft_due(const struct pressure_rules *r, unsigned met, int64_t now_us,
			   int64_t since_us[PRESSURE_SIGNALS]);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* Single results against thresholds. Pure. */
#ifndef AGENT_KUBELET_POD_PROBE_COUNT_H
#define AGENT_KUBELET_POD_PROBE_COUNT_H

#include <stdbool.h>

struct probe_limits {
	int success, failure;
};
struct probe_count {
	bool last_ok;
	int run; /* results of the same kind in a row */
};
enum probe_verdict { VERDICT_NONE, VERDICT_PASSED, VERDICT_FAILED };
/* Counts one more result; what it amounts to now. */
enum probe_verdict probe_judge(struct probe_count *c, const struct probe_limits *limits, bool ok);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* From what the metrics ask for to what is done: limits of size, of speed, and patience. Pure but for the memory, which keeps what
 * was asked for and done before; it begins anew with the process, as upstream's. Follows pkg/controller/podautoscaler of v1.37. */
#ifndef SERVER_CONTROLLERS_AUTOSCALING_SCALING_RULES_H
#define SERVER_CONTROLLERS_AUTOSCALING_SCALING_RULES_H

#include "generated/api_structs.h"

struct scaling_note {
	int64_t at_us;
	int32_t n; /* replicas that were asked for, or by how many they changed */
};
struct scaling_notes {
	struct scaling_note *items;
	size_t n, cap;
};
struct scaling_memory { /* start with {0} */
	struct scaling_notes asked, up, down;
};
void scaling_memory_free(struct scaling_memory *m);

struct scaling_rules {
	const struct autoscaling_v2_horizontal_pod_autoscaler_behavior *behavior; /* may be NULL */
	int32_t min, max, current;
	int64_t patience_us; /* before going down, where the behavior doesn't say */
	int64_t now_us;
};
struct scaling_verdict {
	int32_t replicas;
	const char *able_reason, *able_message;                 /* of AbleToScale, which is True */
	const char *limited, *limited_reason, *limited_message; /* ScalingLimited: its status, … */
};
/* The size that a target has when it is seen for the first time counts as asked for. */
void scaling_begin(struct scaling_memory *m, int32_t current, int64_t now_us);
struct scaling_verdict scaling_decide(struct scaling_memory *m, const struct scaling_rules *r,
				      int32_t asked);
/* A change was made; only those with a behavior are kept in mind. */
void scaling_changed(struct scaling_memory *m, const struct scaling_rules *r, int32_t replicas);

#endif

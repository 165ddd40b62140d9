/* SPDX-License-Identifier: Apache-2.0 */
/* How many pods the controllers of a budget's pods want together: the sum of their sizes, each counted once. Sizes of the built-in kinds
 * are read from the informers; any other kind, custom resources too, is asked through its subresource scale, which takes a turn:
 * what was answered is kept until the budget is looked at again. After getExpectedScale() of pkg/controller/disruption of v1.37. */
#ifndef SERVER_CONTROLLERS_LIMITS_DISRUPTION_SCALE_H
#define SERVER_CONTROLLERS_LIMITS_DISRUPTION_SCALE_H

#include "server/controllers/pods.h"

struct scale_answers { /* start with {0}; control loop only */
	struct map of;
};
struct scale_sum {
	int32_t wanted;
	size_t unmanaged;   /* pods that nobody would make again */
	struct buf failure; /* why there is no sum; the caller frees it */
};
enum scale_verdict {
	SCALE_SUM,
	SCALE_ASKS, /* calls were added to the round; look again when it has ended */
	SCALE_FAILS,
};
enum scale_verdict disruption_scale(struct scale_answers *answers, struct round *round,
				    struct controller *c, struct str key,
				    const struct pod_views *pods, struct scale_sum *out);
void scale_answers_forget(struct scale_answers *answers, struct str key);
void scale_answers_free(struct scale_answers *answers);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* How often one and the same thing may be done: PACE_BURST times at once, then PACE_RATE times a second. It is there for two writers who
 * undo each other's work, which would otherwise go round as fast as the machine can. Of the keys that were busy lately only as many are
 * known as there are slots; one that finds its slot taken goes unpaced. Pure but for its own state. */
#ifndef CLIENT_PACE_H
#define CLIENT_PACE_H

#include "base/str.h"

#define PACE_RATE  50
#define PACE_BURST 500
#define PACE_SLOTS 128

struct pace { /* start with {0} */
	struct pace_slot {
		uint64_t hash;
		int64_t paid_until_us;
	} slots[PACE_SLOTS];
};
void pace_count(struct pace *p, struct str key, int64_t now_us);            /* it is done */
int64_t pace_wait_us(const struct pace *p, struct str key, int64_t now_us); /* 0: it may be done */

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* The generic cell rate algorithm: each time costs 1/PACE_RATE s, paid from now on; who has paid for more than the burst ahead waits. */
#include "client/pace.h"

#define COST_US  (1000000 / PACE_RATE)
#define AHEAD_US (PACE_BURST * (int64_t)COST_US)

void pace_count(struct pace *p, struct str key, int64_t now_us)
{
	uint64_t hash = str_hash(key);
	struct pace_slot *s = &p->slots[hash % PACE_SLOTS];
	if (s->paid_until_us < now_us)
		*s = (struct pace_slot){ hash, now_us };
	if (s->hash == hash)
		s->paid_until_us += COST_US;
}

int64_t pace_wait_us(const struct pace *p, struct str key, int64_t now_us)
{
	uint64_t hash = str_hash(key);
	const struct pace_slot *s = &p->slots[hash % PACE_SLOTS];
	int64_t ahead = s->hash == hash ? s->paid_until_us - now_us : 0;
	return ahead > AHEAD_US ? ahead - AHEAD_US : 0;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "storage/etcd/compaction.h"

#define VACUUM_START_PAGES 256 /* 1 MiB: below it the free pages are simply used again */
#define VACUUM_STEP_PAGES  64

static int64_t min64(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

void compaction_init(struct compaction *c, int64_t every_us, int64_t keep, int64_t now_us,
		     int64_t revision)
{
	*c = (struct compaction){ .every_us = every_us,
				  .keep = keep,
				  .next_round_us = now_us + every_us,
				  .round_revision = revision,
				  .step = 256 };
}

void compaction_plan(struct compaction *c, int64_t now_us, int64_t revision, int64_t request)
{
	if (request > c->goal)
		c->goal = min64(request, revision);
	if (now_us < c->next_round_us)
		return;
	if (min64(c->round_revision, revision - c->keep) > c->goal)
		c->goal = min64(c->round_revision, revision - c->keep);
	c->round_revision = revision;
	c->next_round_us = now_us + c->every_us;
}

int64_t compaction_next(const struct compaction *c, int64_t compacted)
{
	return compacted < c->goal ? min64(compacted + c->step, c->goal) : 0;
}

void compaction_took(struct compaction *c, int64_t us)
{
	if (us > COMPACTION_STEP_US && c->step > COMPACTION_STEP_MIN)
		c->step /= 2;
	else if (us < COMPACTION_STEP_US / 2 && c->step < COMPACTION_STEP_MAX)
		c->step *= 2;
}

/* Starts when a quarter of the file is free, goes on until an eighth is: the file's size follows the live data. */
int64_t compaction_vacuum(struct compaction *c, int64_t pages, int64_t unused)
{
	if (unused > VACUUM_START_PAGES && unused > pages / 4)
		c->vacuum = true;
	else if (unused <= VACUUM_START_PAGES / 2 || unused <= pages / 8)
		c->vacuum = false;
	return c->vacuum ? VACUUM_STEP_PAGES : 0;
}

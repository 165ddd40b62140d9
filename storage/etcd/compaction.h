/* SPDX-License-Identifier: Apache-2.0 */
/* What history the table may forget, decided apart from doing it. Every `every_us` the revision of the round before becomes
 * the goal (so history reaches back at least that long), but `keep` revisions always stay. Steps towards the goal are
 * sized by how long the last one took, so that a write never waits more than a few milliseconds. */
#ifndef STORAGE_ETCD_COMPACTION_H
#define STORAGE_ETCD_COMPACTION_H

#include <stdbool.h>
#include <stdint.h>

#define COMPACTION_STEP_MIN 16
#define COMPACTION_STEP_MAX 4096
#define COMPACTION_STEP_US  2000 /* aim of one step */

struct compaction {
	int64_t every_us, keep;
	int64_t next_round_us;
	int64_t round_revision; /* the store's at the last round */
	int64_t goal;           /* compact up to here */
	int64_t step;           /* revisions per step */
	bool vacuum;            /* free pages are being returned */
};

void compaction_init(struct compaction *c, int64_t every_us, int64_t keep, int64_t now_us,
		     int64_t revision);
/* Moves the goal: a new round when it is time, or a request (0: none). */
void compaction_plan(struct compaction *c, int64_t now_us, int64_t revision, int64_t request);
/* The next step's end, or 0 when the goal is reached. */
int64_t compaction_next(const struct compaction *c, int64_t compacted);
void compaction_took(struct compaction *c, int64_t us);
/* Pages to give back now, for a file of `pages` of which `unused` are free. 0: enough. */
int64_t compaction_vacuum(struct compaction *c, int64_t pages, int64_t unused);

#endif

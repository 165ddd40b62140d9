/* SPDX-License-Identifier: Apache-2.0 */
/* Sets of completion indexes, as text like "0-2,5". */
#ifndef SERVER_CONTROLLERS_JOBS_JOB_INDEXES_H
#define SERVER_CONTROLLERS_JOBS_JOB_INDEXES_H

#include "base/arena.h"

struct job_indexes {
	bool *has; /* in an arena */
	int32_t n; /* completions */
};
void job_indexes_read(struct job_indexes *x, int32_t completions, struct str text, struct arena *a);
void job_indexes_add(struct job_indexes *x, int32_t index);
int32_t job_indexes_count(const struct job_indexes *x);
struct str job_indexes_text(const struct job_indexes *x, struct arena *a);

#endif

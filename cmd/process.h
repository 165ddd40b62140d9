/* SPDX-License-Identifier: Apache-2.0 */
/* What `allinone server` and `allinone agent` have in common as processes: one at a time on a data directory, and an end that TERM or
 * INT asks for, which may not take longer than four seconds. Main thread. */
#ifndef CMD_PROCESS_H
#define CMD_PROCESS_H

#include "base/err.h"
#include "net/loop.h"

struct process {
	int lock_fd; /* held until the process ends */
	uv_signal_t signals[2];
	bool stopping;
	void (*stop)(void *ctx);
	void *ctx;
};
/* kind: "server" or "agent", and the directory of that name below the data directory. */
int process_lock(struct process *p, const char *kind, const char *data_dir, struct err *err);
/* stop: on the loop, at the first of the signals. */
void process_watch_signals(struct process *p, struct loop *l, void (*stop)(void *ctx), void *ctx);

#endif

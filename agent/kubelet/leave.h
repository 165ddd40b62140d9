/* SPDX-License-Identifier: Apache-2.0 */
/* Takes down all that a node left on this machine, for when no agent runs here: pods with their processes, control groups, mounts and
 * logs, and the network. Images, volumes of claims and certificates stay in DATADIR. */
#ifndef AGENT_KUBELET_LEAVE_H
#define AGENT_KUBELET_LEAVE_H

#include "base/err.h"
#include "net/loop.h"

struct leave_config {
	struct loop *loop; /* runs until `done` */
	const char *data_dir, *run_dir;
	void (*done)(void *ctx, size_t npods,
		     const struct err *err); /* err == NULL: nothing is left */
	void *ctx;
};
/* An error at once: nothing was done. Node loop. */
int kubelet_leave(const struct leave_config *c, struct err *err);

#endif

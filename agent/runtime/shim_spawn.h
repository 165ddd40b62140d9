/* SPDX-License-Identifier: Apache-2.0 */
/* Starting a pod's shim, in a session of its own. Blocking; any thread. */
#ifndef AGENT_RUNTIME_SHIM_SPAWN_H
#define AGENT_RUNTIME_SHIM_SPAWN_H

#include <sys/types.h>

#include "base/err.h"

struct shim_program {
	int shim_fd, crun_fd; /* to execute; borrowed */
};
/* Listens on run_dir/socket and starts the shim behind it. cgroup_dir: born in that cgroup (v2), or NULL. */
int shim_spawn(const char *pod_uid, const char *run_dir, const struct shim_program *program,
	       const char *cgroup_dir, pid_t *out, struct err *err);
int shim_connect(const char *run_dir, int *out_fd,
		 struct err *err); /* ERR_UNAVAILABLE when nobody listens */

#endif

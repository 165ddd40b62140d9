/* SPDX-License-Identifier: Apache-2.0 */
/* Programs that are baked in, as open descriptors to execute: "crun" and "shim". Blocking; any thread. */
#ifndef AGENT_RUNTIME_PROGRAM_H
#define AGENT_RUNTIME_PROGRAM_H

#include "base/err.h"

/* A sealed memory file. In a build without them: the crun on PATH, and for the shim this very executable. */
int program_open(const char *name, const char *run_dir, int *out_fd, struct err *err);

#endif

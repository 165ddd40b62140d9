/* SPDX-License-Identifier: Apache-2.0 */
/* The OCI runtime as an open descriptor: what is baked in, in a sealed memory file; in a build without it, the one on PATH. */
#ifndef AGENT_RUNTIME_CRUN_H
#define AGENT_RUNTIME_CRUN_H

#include "base/err.h"

int crun_open(const char *run_dir, int *out_fd, struct err *err);

#endif

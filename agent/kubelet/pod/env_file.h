/* SPDX-License-Identifier: Apache-2.0 */
/* A file of variables that an init container left in a volume: NAME='value' with comments, blank lines, values of several lines,
 * and nothing else of a shell. Pure. Follows upstream's pkg/kubelet/util/env. */
#ifndef AGENT_KUBELET_POD_ENV_FILE_H
#define AGENT_KUBELET_POD_ENV_FILE_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"

/* The first value of that name, in the arena; p == NULL: there is none. What follows it is not looked at. */
int env_file_value(struct str text, struct str name, struct arena *a, struct str *out,
		   struct err *err);

#endif

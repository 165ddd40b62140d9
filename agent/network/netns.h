/* SPDX-License-Identifier: Apache-2.0 */
/* Network namespaces: made on the calling thread and pinned by a bind mount, so that they outlive this process. A thread
 * that can't return to where it came from ends the process: nothing else may run on it. Blocking; any pool thread. */
#ifndef AGENT_NETWORK_NETNS_H
#define AGENT_NETWORK_NETNS_H

#include <stdbool.h>

#include "base/err.h"

/* Makes a namespace pinned at `path`; `inside` runs in it (may be NULL). */
int netns_create(const char *path, int (*inside)(void *ctx, struct err *err), void *ctx,
		 struct err *err);
/* Runs `inside` on this thread in the namespace pinned at `path`. */
int netns_run(const char *path, int (*inside)(void *ctx, struct err *err), void *ctx,
	      struct err *err);
bool netns_pinned(const char *path);                 /* a namespace is mounted there */
int netns_remove(const char *path, struct err *err); /* absent is fine */

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* Paths below a directory that somebody else filled: links in it, absolute or with "..", never lead out of it (openat2 with
 * RESOLVE_IN_ROOT, Linux 5.6). Any thread. */
#ifndef AGENT_RUNTIME_ROOT_PATH_H
#define AGENT_RUNTIME_ROOT_PATH_H

#include <fcntl.h>
#include <sys/types.h>

int root_open(int root, const char *path, int flags); /* -1 and errno */
int root_create(int root, const char *path, int flags, mode_t mode);

#endif

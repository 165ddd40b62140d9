/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AGENT_RUNTIME_STATE_FILE_H
#define AGENT_RUNTIME_STATE_FILE_H

#include <sys/types.h>

#include "base/err.h"

/* A plain write of what need not survive a power cut, or is synced together with others. Blocking. */
int file_write_plain(const char *path, const void *p, size_t n, mode_t mode, struct err *err);

#endif

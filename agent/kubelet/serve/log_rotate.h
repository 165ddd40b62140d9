/* SPDX-License-Identifier: Apache-2.0 */
/* Container logs don't grow without bound: a file above 10 MiB is renamed (0.log.20260102-030405) and begun anew, and of the
 * renamed ones the newest four stay; upstream's containerLogMaxSize and containerLogMaxFiles. Called every ten seconds. Loop
 * thread; a stat per running container. */
#ifndef AGENT_KUBELET_SERVE_LOG_ROTATE_H
#define AGENT_KUBELET_SERVE_LOG_ROTATE_H

#include "agent/kubelet/state.h"

void logs_rotate(struct kubelet *k);
/* Removes all but the newest `keep` renamed files of this log. */
void log_drop_old(const char *path, size_t keep);

#endif

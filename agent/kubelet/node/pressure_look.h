/* SPDX-License-Identifier: Apache-2.0 */
/* How much there is of what a node may run short of. What can't be found out has no capacity (pressure.h). */
#ifndef AGENT_KUBELET_NODE_PRESSURE_LOOK_H
#define AGENT_KUBELET_NODE_PRESSURE_LOOK_H

#include "agent/kubelet/node/pressure.h"

void pressure_look(const char *data_dir, int64_t memory_bytes,
		   struct pressure_amount out[PRESSURE_SIGNALS]);

#endif

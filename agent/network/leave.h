/* SPDX-License-Identifier: Apache-2.0 */
/* Takes down all that a node's network left on this machine: pinned namespaces with their links, tables of nf_tables, routes to other
 * nodes, the VXLAN device, addresses of the machine's own. For when no agent runs here. Blocking. */
#ifndef AGENT_NETWORK_LEAVE_H
#define AGENT_NETWORK_LEAVE_H

#include "base/err.h"

/* run_dir: RUNDIR. Goes on after a failure; the first one is told. */
int network_leave(const char *run_dir, struct err *err);

#endif

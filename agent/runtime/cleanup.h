/* SPDX-License-Identifier: Apache-2.0 */
/* Taking down what a container or a sandbox left: mounts, groups, files. Each step does what it can and goes on. Blocking. */
#ifndef AGENT_RUNTIME_CLEANUP_H
#define AGENT_RUNTIME_CLEANUP_H

#include "agent/runtime/state.h"

void cleanup_container(const struct ctr *c);
void cleanup_sandbox(const struct sandbox *s); /* its containers first */

#endif

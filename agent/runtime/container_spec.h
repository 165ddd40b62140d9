/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AGENT_RUNTIME_CONTAINER_SPEC_H
#define AGENT_RUNTIME_CONTAINER_SPEC_H

#include "agent/runtime/runtime.h"
#include "base/arena.h"

/* A deep copy that lives as long as the arena. */
struct container_spec *container_spec_copy(struct arena *a, const struct container_spec *s);

#endif

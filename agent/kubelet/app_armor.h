/* SPDX-License-Identifier: Apache-2.0 */
/* A pod that asks for an AppArmor profile is not run without one: the runtime sets none. Follows upstream's pkg/security/apparmor, for a
 * host that can't. */
#ifndef AGENT_KUBELET_APP_ARMOR_H
#define AGENT_KUBELET_APP_ARMOR_H

#include "base/buf.h"
#include "generated/api_structs.h"

/* False: why not is written to `why`. */
bool app_armor_admitted(const struct core_v1_pod *pod, struct buf *why);

#endif

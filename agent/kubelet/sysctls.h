/* SPDX-License-Identifier: Apache-2.0 */
/* Which kernel parameters a pod may set: those that are its own and harm no other pod, and those that --allowed-unsafe-sysctls names.
 * Pure. Follows upstream's pkg/kubelet/sysctl. */
#ifndef AGENT_KUBELET_SYSCTLS_H
#define AGENT_KUBELET_SYSCTLS_H

#include "base/buf.h"
#include "base/err.h"
#include "generated/api_structs.h"

/* --allowed-unsafe-sysctls: "kernel.msg*,net.core.somaxconn". Each has to belong to a namespace. */
int sysctls_check_allowed(const char *list, struct err *err);
/* False: why not is written to `why`. */
bool sysctls_admitted(const struct core_v1_pod_spec *spec, const char *allowed, struct buf *why);

#endif

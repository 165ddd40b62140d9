/* SPDX-License-Identifier: Apache-2.0 */
/* Which configmaps, secrets and claims a pod refers to: volumes, env, envFrom, imagePullSecrets. Pure. */
#ifndef AGENT_KUBELET_POD_REFS_H
#define AGENT_KUBELET_POD_REFS_H

#include "agent/kubelet/volumes/sources.h"
#include "generated/api_structs.h"

/* fn may be told of the same one several times. */
void refs_each(const struct core_v1_pod *pod,
	       void (*fn)(void *ctx, enum source_kind kind, struct str name), void *ctx);

bool refs_trust_bundles(const struct core_v1_pod *pod); /* has a projected clusterTrustBundle */

#endif

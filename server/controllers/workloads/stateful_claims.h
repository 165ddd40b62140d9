/* SPDX-License-Identifier: Apache-2.0 */
/* The claims of a StatefulSet's pods: made before their pod, and owned as spec.persistentVolumeClaimRetentionPolicy says, so that the
 * garbage collector removes them with the pod or with the set (stateful_pod_control.go of v1.37). Control loop only. */
#ifndef SERVER_CONTROLLERS_WORKLOADS_STATEFUL_CLAIMS_H
#define SERVER_CONTROLLERS_WORKLOADS_STATEFUL_CLAIMS_H

#include "server/controllers/pods.h"

struct stateful_claims {
	struct round *round;
	const struct pod_owner *owner;
	const struct apps_v1_stateful_set *set;
	struct informer *claims;
	struct arena *arena;
};
/* Makes the missing claims of the ordinal and, when all are there, the pod (JSON). A claim that is on its way out holds it up: the
 * caller looks again when the claim has gone. */
void stateful_create(const struct stateful_claims *c, int32_t ordinal, struct str name,
		     struct str pod);
/* Makes the missing claims of a pod that waits for them. */
void stateful_claims_complete(const struct stateful_claims *c, int32_t ordinal);
/* Brings the owner references of the pod's claims in order. `wanted`: its ordinal is one of the set's. */
void stateful_claims_own(const struct stateful_claims *c, const struct object *pod, int32_t ordinal,
			 bool wanted);

enum claim_owner { CLAIM_OWNER_NONE, CLAIM_OWNER_SET, CLAIM_OWNER_POD };
/* Who is to own a claim: pure. */
enum claim_owner stateful_claim_owner(const struct apps_v1_stateful_set *set, bool wanted);

#endif

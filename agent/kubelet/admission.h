/* SPDX-License-Identifier: Apache-2.0 */
/* May a pod that was given to this node run here? The scheduler has asked that, too, but pods come without it, and what it knew
 * may be old. Pure. Follows upstream's pkg/kubelet/lifecycle/predicate.go and pkg/scheduler AdmissionCheck(). */
#ifndef AGENT_KUBELET_ADMISSION_H
#define AGENT_KUBELET_ADMISSION_H

#include "base/arena.h"
#include "generated/api_structs.h"

struct admission {
	const char *reason; /* "OutOfcpu", "NodePorts", …; NULL: it may */
	const char *message;
	bool only_labels; /* nothing but the node's labels is against it, and we may not have seen the newest */
};
/* others: what runs here already. Texts lie in the arena. */
void admission_check(const struct core_v1_pod *pod, const struct core_v1_pod *const *others,
		     size_t nothers, const struct core_v1_node *node, struct arena *a,
		     struct admission *out);

#endif

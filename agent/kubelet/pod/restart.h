/* SPDX-License-Identifier: Apache-2.0 */
/* What follows when a container has ended: the rules of the container for its exit code, then its own policy, then the pod's. Pure.
 * Follows upstream's pkg/api/v1/pod (ContainerShouldRestart). */
#ifndef AGENT_KUBELET_POD_RESTART_H
#define AGENT_KUBELET_POD_RESTART_H

#include "agent/kubelet/pod/pod_plan.h"
#include "generated/api_structs.h"

enum restart {
	RESTART_NOT,
	RESTART_ITSELF,
	RESTART_ALL /* the whole pod in its place: init containers, too */
};
enum restart restart_after(const struct core_v1_pod_spec *spec, const struct core_v1_container *c,
			   enum container_role role, int exit_code);
/* Has any container a rule that restarts all of them? */
bool restart_all_possible(const struct core_v1_pod_spec *spec);

#endif

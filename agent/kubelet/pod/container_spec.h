/* SPDX-License-Identifier: Apache-2.0 */
/* From a container of a pod's spec to what the runtime runs. Pure but for the arena. Follows upstream's
 * pkg/kubelet/kuberuntime/kuberuntime_container.go and security_context.go. */
#ifndef AGENT_KUBELET_POD_CONTAINER_SPEC_H
#define AGENT_KUBELET_POD_CONTAINER_SPEC_H

#include "agent/kubelet/pod/env.h"
#include "agent/kubelet/volumes/volume.h"
#include "agent/runtime/runtime.h"

struct container_view_spec {
	const struct core_v1_pod *pod;
	const struct core_v1_container *container;
	const struct env_list *env;
	const struct volume_list *volumes;
	const struct pod_dirs *dirs;
	const char *termination_log; /* file on the host */
	const char *seccomp_dir;     /* of Localhost profiles */
	const char *image_user;      /* may be NULL */
	const char *image_id;
	int attempt;
	int64_t node_memory_bytes;
};
/* A mount of a part of a volume: the worker binds it to `target` first (volume_sub_path). */
struct sub_path {
	const char *volume, *sub, *target;
};
size_t container_sub_paths(const struct container_view_spec *v, struct arena *a,
			   struct sub_path **out);
/* ERR_INVALID: CreateContainerConfigError, in upstream's words. */
int container_spec_build(const struct container_view_spec *v, struct arena *a,
			 struct container_spec *out, struct err *err);
int signal_number(struct str name); /* "SIGTERM" → 15, "SIGRTMIN+3"; 0: unknown */

#endif

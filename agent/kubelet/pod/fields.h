/* SPDX-License-Identifier: Apache-2.0 */
/* The downward API: what a pod may learn about itself, as environment variables and files. Pure; results in the arena.
 * Follows upstream's pkg/fieldpath and pkg/api/v1/resource. */
#ifndef AGENT_KUBELET_POD_FIELDS_H
#define AGENT_KUBELET_POD_FIELDS_H

#include "base/arena.h"
#include "base/err.h"
#include "generated/api_structs.h"

struct field_view {
	const struct core_v1_pod *pod;
	const char *const *pod_ips, *const *host_ips; /* NULL-terminated, primary first */
	int64_t node_cpu_milli,
		node_memory_bytes; /* allocatable: stands in for a limit that is not set */
};
/* "metadata.labels['app']", "status.podIP", …; ERR_INVALID for what is no such field. */
int field_value(const struct field_view *v, struct str path, struct arena *a, struct str *out,
		struct err *err);
/* "limits.cpu" and its kin of `container`, divided by the divisor and rounded up. */
int field_resource(const struct field_view *v, const struct core_v1_container *container,
		   const struct core_v1_resource_field_selector *s, struct arena *a,
		   struct str *out, struct err *err);
const struct core_v1_container *field_container(const struct core_v1_pod *pod,
						struct str name); /* NULL if absent */

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* May a pod be on a node: labels, node affinity, taints; on decoded structs (k8s.io/component-helpers/scheduling/corev1). For
 * the scheduler, DaemonSets, the eviction by taints and the kubelet's admission. Pure; any thread. */
#ifndef CLIENT_PLACEMENT_H
#define CLIENT_PLACEMENT_H

#include "generated/api_structs.h"

const struct str *label_find(const struct api_str_map *labels, struct str key); /* NULL: absent */
bool node_term_matches(const struct core_v1_node_selector_term *t, const struct core_v1_node *n);
/* nodeSelector and required node affinity of a pod. */
bool node_selected(const struct core_v1_pod_spec *pod, const struct core_v1_node *n);

/* core/v1 Toleration.ToleratesTaint */
bool toleration_covers(const struct core_v1_toleration *t, struct str key, struct str value,
		       struct str effect);
bool pod_tolerates(const struct core_v1_pod_spec *spec, struct str key, struct str value,
		   struct str effect);

#endif

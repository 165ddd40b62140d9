/* SPDX-License-Identifier: Apache-2.0 */
/* Node selectors on decoded structs (core/v1 NodeSelectorTerm, k8s.io/component-helpers/scheduling/corev1/nodeaffinity). */
#ifndef SERVER_SCHEDULER_LABELS_H
#define SERVER_SCHEDULER_LABELS_H

#include "generated/api_structs.h"

const struct str *label_find(const struct api_str_map *labels, struct str key); /* NULL: absent */
bool node_term_matches(const struct core_v1_node_selector_term *t, const struct core_v1_node *n);
/* nodeSelector and required node affinity of a pod. */
bool node_selected(const struct core_v1_pod_spec *pod, const struct core_v1_node *n);

#endif

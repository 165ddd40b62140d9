/* SPDX-License-Identifier: Apache-2.0 */
/* The parts of a pod's warnings. All stand where the pod or its template does. Private to warnings. */
#ifndef API_WARNINGS_POD_PARTS_H
#define API_WARNINGS_POD_PARTS_H

#include "api/warnings/warnings.h"

/* pod_placement.c: where it may run */
void warn_pod_node_labels(struct warnings *w, const json_t *spec);
void warn_pod_node_affinity(struct warnings *w, const json_t *spec);
void warn_pod_spread(struct warnings *w, const json_t *spec);
void warn_pod_affinity(struct warnings *w, const json_t *spec);

/* pod_ports.c: ports of all containers, held against each other */
void warn_pod_ports(struct warnings *w, const json_t *spec);

/* Each container of the three lists, with the path at it. */
typedef void (*container_fn)(struct warnings *w, const json_t *container, void *ctx);
void pod_each_container(struct warnings *w, const json_t *spec, container_fn fn, void *ctx);

#endif

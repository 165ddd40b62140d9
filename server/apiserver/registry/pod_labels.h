/* SPDX-License-Identifier: Apache-2.0 */
/* matchLabelKeys and mismatchLabelKeys of a pod's terms: at its creation they become requirements on the values that its own labels
 * have. */
#ifndef SERVER_APISERVER_REGISTRY_POD_LABELS_H
#define SERVER_APISERVER_REGISTRY_POD_LABELS_H

#include <jansson.h>

void pod_labels_merge(json_t *spec, const json_t *labels);

#endif

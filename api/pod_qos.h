/* SPDX-License-Identifier: Apache-2.0 */
/* A pod's quality of service class from its containers' resources. Follows upstream's pkg/apis/core/v1/helper/qos. Pure. */
#ifndef API_POD_QOS_H
#define API_POD_QOS_H

#include <jansson.h>

const char *pod_qos(const json_t *spec); /* "Guaranteed", "Burstable", "BestEffort" */

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* Resources of a pod as a whole, where they are said in part: the rest follows from its containers. After admission, which may add
 * containers. Follows upstream's pkg/api/pod, DefaultPodLevelResources. */
#ifndef SERVER_APISERVER_REGISTRY_POD_LEVEL_H
#define SERVER_APISERVER_REGISTRY_POD_LEVEL_H

#include <jansson.h>

void pod_level_default(json_t *spec);

#endif

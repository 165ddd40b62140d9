/* SPDX-License-Identifier: Apache-2.0 */
/* Credentials for a registry from a pod's imagePullSecrets (kubernetes.io/dockerconfigjson and dockercfg). Pure; results in
 * the arena. */
#ifndef AGENT_KUBELET_IMAGE_AUTH_H
#define AGENT_KUBELET_IMAGE_AUTH_H

#include "agent/kubelet/pod/pod_source.h"
#include "agent/runtime/image.h"

bool image_auth_find(const struct pod_source *s, struct str image, struct arena *a,
		     struct image_auth *out);

#endif

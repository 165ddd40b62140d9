/* SPDX-License-Identifier: Apache-2.0 */
/* Which objects a pod on a node, or a volume that is bound to a claim, lets the node see. Follows upstream's
 * pkg/api/v1/pod/util.go and pkg/api/v1/persistentvolume/util.go. Any thread. */
#ifndef SERVER_APISERVER_AUTHZ_NODE_REFS_H
#define SERVER_APISERVER_AUTHZ_NODE_REFS_H

#include <jansson.h>

#include "generated/api_structs.h"

enum node_ref {
	NODE_REF_SECRET,
	NODE_REF_CONFIG_MAP,
	NODE_REF_ACCOUNT,
	NODE_REF_CLAIM,           /* PersistentVolumeClaim */
	NODE_REF_RESOURCE_CLAIM,  /* ResourceClaim */
	NODE_REF_VOLUME,          /* PersistentVolume */
	NODE_REF_ATTACHMENT,      /* VolumeAttachment */
	NODE_REF_SLICE,           /* ResourceSlice */
	NODE_REF_POD_CERTIFICATE, /* PodCertificateRequest */
};
/* Empty names are left out; the same one may come several times. A mirror pod refers to nothing. */
typedef void (*node_refs_visit)(void *ctx, enum node_ref what, struct str ns, struct str name);
void node_refs_of_pod(const struct core_v1_pod *pod, node_refs_visit fn, void *ctx);
/* The secrets of a PersistentVolume that a kubelet needs. */
void node_refs_of_volume(const json_t *volume, node_refs_visit fn, void *ctx);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* Claims and volumes that belong together (k8s.io/component-helpers/storage/volume). For the scheduler and the binder of
 * volumes, which have to agree. Pure; any thread. */
#ifndef CLIENT_VOLUME_MATCH_H
#define CLIENT_VOLUME_MATCH_H

#include "generated/api_structs.h"

#define ANN_BIND_COMPLETED          "pv.kubernetes.io/bind-completed"
#define ANN_BOUND_BY_CONTROLLER     "pv.kubernetes.io/bound-by-controller"
#define ANN_SELECTED_NODE           "volume.kubernetes.io/selected-node"
#define ANN_PROVISIONED_BY          "pv.kubernetes.io/provisioned-by"
#define ANN_STORAGE_PROVISIONER     "volume.kubernetes.io/storage-provisioner"
#define ANN_STORAGE_PROVISIONER_OLD "volume.beta.kubernetes.io/storage-provisioner"
#define ANN_STORAGE_CLASS_OLD       "volume.beta.kubernetes.io/storage-class"
#define ANN_DEFAULT_CLASS           "storageclass.kubernetes.io/is-default-class"
#define NO_PROVISIONER              "kubernetes.io/no-provisioner"

typedef struct core_v1_persistent_volume volume_struct;
typedef struct core_v1_persistent_volume_claim claim_struct;

/* NULL: absent. */
const struct str *annotation_get(const struct meta_v1_object_meta *m, const char *name);
struct str claim_class(const claim_struct *c);
struct str volume_class(const volume_struct *v);
/* In bytes; 0: none is named. */
int64_t claim_size(const claim_struct *c);
int64_t volume_size(const volume_struct *v);
bool claim_is_bound(const claim_struct *c); /* completely: volumeName and the annotation */
bool volume_is_for(const volume_struct *v, const claim_struct *c); /* spec.claimRef names it */
bool volume_modes_differ(const claim_struct *c, const volume_struct *v);
bool volume_has_access_modes(const volume_struct *v, const claim_struct *c);
/* The volume can be reached from the node. */
bool volume_reaches(const volume_struct *v, const struct core_v1_node *n);

/* May this volume be chosen for the claim? A look at one of them. */
enum volume_fit {
	VOLUME_NO,
	VOLUME_MAYBE,
	VOLUME_MEANT,          /* it was made for this claim */
	VOLUME_MEANT_ELSEWHERE /* … and can't be reached from the node: no other will do there */
};
/* node: from the scheduler; NULL: from the binder, which leaves free volumes to the scheduler if `delayed`. */
enum volume_fit volume_fits(const volume_struct *v, const claim_struct *c,
			    const struct core_v1_node *node, bool delayed);

#endif

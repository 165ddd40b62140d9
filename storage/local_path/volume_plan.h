/* SPDX-License-Identifier: Apache-2.0 */
/* What the provisioner decides. Pure. */
#ifndef STORAGE_LOCAL_PATH_VOLUME_PLAN_H
#define STORAGE_LOCAL_PATH_VOLUME_PLAN_H

#include "base/arena.h"
#include "base/buf.h"
#include "client/volume_match.h"

#define LOCAL_PATH_PROVISIONER "rancher.io/local-path"
/* Of a node: where its volumes lie. */
#define LOCAL_PATH_ANNOTATION  "local-path.rancher.io/path"
#define LOCAL_PATH_DEFAULT     "/opt/local-path-provisioner"

/* Is the claim ours to provide for, now? */
bool local_path_wants(const claim_struct *c, const struct storage_v1_storage_class *class);
/* Why it can't be done, or NULL. */
const char *local_path_refuses(const claim_struct *c);
/* "ROOT/pvc-UID_NS_NAME". False: a name that would leave the root, which the API does not let through. */
bool local_path_directory(struct str root, const claim_struct *c, struct buf *out);
/* The PersistentVolume as JSON. `node`: the one that was selected. */
bool local_path_volume(const claim_struct *c, const struct storage_v1_storage_class *class,
		       const struct core_v1_node *node, struct buf *out);
/* A released volume of ours goes; its node has to be there to see it, or gone for good. */
bool local_path_deletes(const volume_struct *v);
struct str local_path_node(const volume_struct *v); /* that it was made for; empty: unknown */
bool local_path_node_listens(const struct core_v1_node *n); /* NULL: it is gone */

#endif

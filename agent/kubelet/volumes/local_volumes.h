/* SPDX-License-Identifier: Apache-2.0 */
/* Directories of this node that are volumes (rancher.io/local-path): removed when their volume is released with policy Delete, and
 * never anything but a directory right below the root. They are made when a pod mounts them (volume_lay.c). Node loop. */
#ifndef AGENT_KUBELET_VOLUMES_LOCAL_VOLUMES_H
#define AGENT_KUBELET_VOLUMES_LOCAL_VOLUMES_H

#include "client/client.h"
#include "client/volume_match.h"

#define LOCAL_VOLUMES_PROVISIONER "rancher.io/local-path"
#define LOCAL_VOLUMES_ANNOTATION  "local-path.rancher.io/path" /* of the node: the root */

struct local_volumes;
/* Watches volumes from now on. `root`: DATADIR/storage. */
struct local_volumes *local_volumes_start(struct client *c, const char *node, const char *root);
void local_volumes_stop(struct local_volumes *l);

/* The name below the root of a volume that is given up: this node's, Delete, and released (or `gone`: its object is). Empty:
 * nothing is to be removed. Pure. */
struct str local_volume_to_remove(const volume_struct *v, struct str node, struct str root,
				  bool gone);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* The local-path provisioner (as rancher.io/local-path): a claim whose first pod was given a node gets a volume that is a directory
 * on that node. It only writes objects; the node's agent makes the directory when a pod mounts it, and removes it when the volume
 * is released with policy Delete (agent/kubelet/volumes/local_volumes.h). Control loop only, through its client. */
#ifndef STORAGE_LOCAL_PATH_LOCAL_PATH_H
#define STORAGE_LOCAL_PATH_LOCAL_PATH_H

#include "client/client.h"

struct local_path;
/* `client`: system:serviceaccount:kube-system:local-path-provisioner-service-account. Makes the StorageClasses local-path and
 * standard (the default) when they are missing. It ends with its loop. */
int local_path_start(struct client *client, struct local_path **out, struct err *err);

#endif

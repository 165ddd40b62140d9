/* SPDX-License-Identifier: Apache-2.0 */
/* May a claim's volume be made on a node: does its class have a provisioner, does it allow the node's topology, and does the driver, if it
 * tells, have enough space there (CSIStorageCapacity). A part of VolumeBinding. */
#ifndef SERVER_SCHEDULER_PLUGINS_VOLUME_PROVISION_H
#define SERVER_SCHEDULER_PLUGINS_VOLUME_PROVISION_H

#include "server/scheduler/plugin.h"

#define VOLUME_NOT_FOUND "node(s) didn't find available persistent volumes to bind"

/* NULL: it can be made here. */
const char *volume_provision_trouble(const struct sched_cycle *c, const claim_struct *claim,
				     const struct node_info *n);

#endif

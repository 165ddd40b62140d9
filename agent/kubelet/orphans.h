/* SPDX-License-Identifier: Apache-2.0 */
/* What is left of pods that ended while nobody looked: sandboxes that were found again, directories, addresses, mounts, logs. */
#ifndef AGENT_KUBELET_ORPHANS_H
#define AGENT_KUBELET_ORPHANS_H

struct kubelet;

/* Once, when the pods of this node are known. Loop thread; the work goes to the pool. */
void orphans_remove(struct kubelet *k);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* Images that are unused and have been here for two minutes go when the disk is 85 % full, the largest first, until it is 80 % full;
 * upstream's imageMinimumGCAge, imageGCHighThresholdPercent and imageGCLowThresholdPercent. Looked at every five minutes. Loop thread;
 * the work is a worker's. */
#ifndef AGENT_KUBELET_NODE_IMAGE_GC_H
#define AGENT_KUBELET_NODE_IMAGE_GC_H

#include "agent/kubelet/state.h"

#define IMAGE_GC_HIGH_PERCENT 85
#define IMAGE_GC_LOW_PERCENT  80
#define IMAGE_GC_MIN_AGE_S    120

void image_gc(struct kubelet *k);
/* All that nobody uses, however full the disk is; then done(ctx). */
void image_gc_unused(struct kubelet *k, void (*done)(void *ctx), void *ctx);

/* Pure: bytes to be freed, 0 when the disk is not full enough. */
int64_t image_gc_wanted(int64_t size_bytes, int64_t available_bytes);
struct image_gc_item {
	const char *id;
	int64_t size_bytes;
	bool used; /* or too young to go */
};
/* Sorts the items; the first `n` that this gives are to be removed. */
size_t image_gc_choose(struct image_gc_item *items, size_t count, int64_t wanted_bytes);

#endif

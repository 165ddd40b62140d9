/* SPDX-License-Identifier: Apache-2.0 */
/* An image as a volume: its layers as one tree, read-only and without execution, kept as long as the owner wants it. Blocking. */
#ifndef AGENT_RUNTIME_IMAGE_VOLUME_H
#define AGENT_RUNTIME_IMAGE_VOLUME_H

#include "agent/runtime/image.h"

/* Mounts it on the directory `target`, where it may be already. owner: a pod's uid; name: unique with that owner. */
int image_volume_mount(struct image_store *s, const struct image *image, const char *target,
		       const char *owner, const char *name, struct err *err);
/* The owner's mounts are gone: its images may go, too. */
void image_volumes_release(struct image_store *s, const char *owner);

#endif

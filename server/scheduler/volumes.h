/* SPDX-License-Identifier: Apache-2.0 */
/* What the scheduler knows of storage: claims, volumes, classes, drivers; and what it has promised to pods that are on their way
 * (a volume to a claim, a node to a claim that is to be provisioned). Volumes are kept decoded by class. Control loop only. */
#ifndef SERVER_SCHEDULER_VOLUMES_H
#define SERVER_SCHEDULER_VOLUMES_H

#include "api/decode.h"
#include "base/map.h"
#include "client/volume_match.h"

struct volume_known {
	struct arena arena;
	volume_struct volume;
	char *promised; /* "ns/name" of the claim that gets it; NULL: nobody */
};
struct volumes {
	/* Objects as the API has them; NULL: there is none. */
	const struct object *(*find)(void *ctx, const struct api_resource *r, struct str ns,
				     struct str name);
	void (*each)(void *ctx, const struct api_resource *r,
		     bool (*fn)(void *arg, const struct object *o), void *arg);
	void *ctx;
	struct map known; /* name → volume_known */
	struct map
		selected; /* "ns/name" of a claim → name of the node (heap) where it will be made */
};
void volumes_set(struct volumes *all, const struct object *volume);
void volumes_del(struct volumes *all, struct str name);
const struct volume_known *volumes_get(const struct volumes *all, struct str name);
void volumes_promise(struct volumes *all, struct str volume,
		     const char *claim); /* NULL: not any more */
void volumes_select(struct volumes *all, struct str claim,
		    struct str node); /* empty: not any more */
struct str volumes_selected(const struct volumes *all, struct str claim);
/* Decoded into the arena, or NULL. */
const claim_struct *volumes_claim(const struct volumes *all, struct arena *a, struct str ns,
				  struct str name);
const struct storage_v1_storage_class *volumes_class(const struct volumes *all, struct arena *a,
						     struct str name);
bool class_waits(const struct storage_v1_storage_class *c); /* WaitForFirstConsumer; NULL: no */
void volumes_free(struct volumes *all);

#endif

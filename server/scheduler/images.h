/* SPDX-License-Identifier: Apache-2.0 */
/* Which nodes have which container images, for the score of image locality. Nodes are known by a slot. Control loop only. */
#ifndef SERVER_SCHEDULER_IMAGES_H
#define SERVER_SCHEDULER_IMAGES_H

#include "base/map.h"
#include "generated/api_structs.h"

struct image_place {
	int64_t size_bytes;
	uint64_t *slots; /* a bit for each node that has it */
	size_t words, nodes;
};
struct images {
	struct map by_name; /* image_place */
	size_t *spare;      /* slots that are free again */
	size_t nspare, spare_cap, slots_used;
};
size_t images_slot_take(struct images *all);
void images_slot_give(struct images *all, size_t slot);
void images_note(struct images *all, size_t slot, const struct core_v1_node_status *node,
		 bool present);
const struct image_place *images_find(const struct images *all, struct str name); /* or NULL */
bool image_on(const struct image_place *p, size_t slot);
void images_free(struct images *all);

#endif

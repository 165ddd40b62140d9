/* SPDX-License-Identifier: Apache-2.0 */
#include "server/scheduler/images.h"

#include "base/mem.h"

#define WORD_BITS 64

size_t images_slot_take(struct images *all)
{
	return all->nspare ? all->spare[--all->nspare] : all->slots_used++;
}

void images_slot_give(struct images *all, size_t slot)
{
	all->spare = mem_array_grow(all->spare, &all->spare_cap, all->nspare + 1, sizeof(size_t));
	all->spare[all->nspare++] = slot;
}

bool image_on(const struct image_place *p, size_t slot)
{
	return slot / WORD_BITS < p->words && p->slots[slot / WORD_BITS] >> slot % WORD_BITS & 1;
}

static void place_free(void *v)
{
	struct image_place *p = v;

	free(p->slots);
	free(p);
}

static void add(struct images *all, size_t slot, struct str name, int64_t size_bytes)
{
	struct image_place *p = map_get(&all->by_name, name);
	size_t had;

	if (!p) {
		p = NEW(struct image_place);
		map_put(&all->by_name, name, p);
	}
	had = p->words;
	p->slots = mem_array_grow(p->slots, &p->words, slot / WORD_BITS + 1, sizeof(uint64_t));
	if (p->words > had)
		memset(p->slots + had, 0, (p->words - had) * sizeof(uint64_t));
	p->size_bytes = size_bytes;
	if (image_on(p, slot))
		return;
	p->slots[slot / WORD_BITS] |= 1ULL << slot % WORD_BITS;
	p->nodes++;
}

static void del(struct images *all, size_t slot, struct str name)
{
	struct image_place *p = map_get(&all->by_name, name);

	if (!p || !image_on(p, slot))
		return;
	p->slots[slot / WORD_BITS] &= ~(1ULL << slot % WORD_BITS);
	if (--p->nodes == 0)
		place_free(map_del(&all->by_name, name));
}

void images_note(struct images *all, size_t slot, const struct core_v1_node_status *node,
		 bool present)
{
	for (size_t i = 0; i < node->images.n; i++) {
		const struct core_v1_container_image *image = &node->images.items[i];

		for (size_t k = 0; k < image->names.n; k++)
			if (present)
				add(all, slot, image->names.items[k], image->size_bytes);
			else
				del(all, slot, image->names.items[k]);
	}
}

const struct image_place *images_find(const struct images *all, struct str name)
{
	return map_get(&all->by_name, name);
}

void images_free(struct images *all)
{
	map_free(&all->by_name, place_free);
	free(all->spare);
}

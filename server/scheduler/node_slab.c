/* SPDX-License-Identifier: Apache-2.0 */
#include "server/scheduler/node_slab.h"

#include <stdint.h>
#include <stdlib.h>

#include "base/mem.h"
#include "server/scheduler/cluster.h"

#define NODES_PER_CHUNK 64

struct node_chunk { /* the nodes follow, aligned */
	struct node_chunk *next;
};

static void add_chunk(struct node_slab *s)
{
	const size_t align = _Alignof(struct node_info);
	struct node_chunk *chunk =
		mem_zalloc(sizeof(*chunk) + align - 1 + NODES_PER_CHUNK * sizeof(struct node_info));
	uintptr_t first = ((uintptr_t)(chunk + 1) + align - 1) & ~(uintptr_t)(align - 1);
	struct node_info *nodes = (struct node_info *)first;

	chunk->next = s->chunks;
	s->chunks = chunk;
	for (size_t i = NODES_PER_CHUNK; i-- > 0;)
		node_slab_give(s, &nodes[i]);
}

struct node_info *node_slab_take(struct node_slab *s)
{
	struct node_info *n;

	if (!s->spare)
		add_chunk(s);
	n = s->spare;
	s->spare = n->next_spare;
	*n = (struct node_info){ 0 };
	return n;
}

void node_slab_give(struct node_slab *s, struct node_info *n)
{
	n->next_spare = s->spare;
	s->spare = n;
}

void node_slab_free(struct node_slab *s)
{
	while (s->chunks) {
		struct node_chunk *next = s->chunks->next;

		free(s->chunks);
		s->chunks = next;
	}
	s->spare = NULL;
}

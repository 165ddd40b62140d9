/* SPDX-License-Identifier: Apache-2.0 */
/* Hash map from byte strings to pointers. Copies its keys. Not thread-safe. Start with {0}. */
#ifndef BASE_MAP_H
#define BASE_MAP_H

#include "base/str.h"

struct map_entry {
	struct str key; /* owned by the map, NUL-terminated; p == NULL: free slot */
	void *value;
	uint64_t hash;
};
struct map {
	struct map_entry *slots;
	size_t cap, count;
};

void *map_get(const struct map *m, struct str key); /* NULL if absent */
void *map_put(struct map *m, struct str key,
	      void *value); /* returns the value replaced, or NULL; value != NULL */
void *map_del(struct map *m, struct str key);             /* returns the value removed, or NULL */
void map_free(struct map *m, void (*free_value)(void *)); /* free_value may be NULL */
/* Iteration: `size_t i = 0; struct map_entry *e; while ((e = map_next(m, &i)))`. No put or del meanwhile. */
struct map_entry *map_next(const struct map *m, size_t *i);

#endif

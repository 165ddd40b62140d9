/* SPDX-License-Identifier: Apache-2.0 */
/* Open addressing, linear probing, deletion by shifting back; at most three quarters full. */
#include "base/map.h"

#include "base/mem.h"

static size_t home(const struct map *m, uint64_t hash)
{
	return (size_t)hash & (m->cap - 1);
}

static size_t probe(const struct map *m, struct str key, uint64_t hash)
{
	size_t i = home(m, hash);
	while (m->slots[i].key.p && !(m->slots[i].hash == hash && str_eq(m->slots[i].key, key)))
		i = (i + 1) & (m->cap - 1);
	return i;
}

static void grow(struct map *m)
{
	struct map old = *m;
	m->cap = old.cap ? old.cap * 2 : 16;
	m->slots = mem_zalloc(m->cap * sizeof(*m->slots));
	for (size_t i = 0; i < old.cap; i++) {
		if (!old.slots[i].key.p)
			continue;
		m->slots[probe(m, old.slots[i].key, old.slots[i].hash)] = old.slots[i];
	}
	free(old.slots);
}

void *map_get(const struct map *m, struct str key)
{
	if (m->count == 0)
		return NULL;
	return m->slots[probe(m, key, str_hash(key))].value;
}

void *map_put(struct map *m, struct str key, void *value)
{
	if ((m->count + 1) * 4 > m->cap * 3)
		grow(m);
	uint64_t hash = str_hash(key);
	struct map_entry *e = &m->slots[probe(m, key, hash)];
	void *old = e->value;
	if (!e->key.p) {
		e->key = str_of(str_dup(key), key.n);
		e->hash = hash;
		m->count++;
	}
	e->value = value;
	return old;
}

void *map_del(struct map *m, struct str key)
{
	if (m->count == 0)
		return NULL;
	size_t hole = probe(m, key, str_hash(key));
	if (!m->slots[hole].key.p)
		return NULL;
	void *value = m->slots[hole].value;
	free((void *)(uintptr_t)m->slots[hole].key.p);
	m->count--;
	for (size_t i = (hole + 1) & (m->cap - 1); m->slots[i].key.p; i = (i + 1) & (m->cap - 1)) {
		/* An entry may move back to the hole unless its home lies cyclically in (hole, i]. */
		size_t distance = (i - home(m, m->slots[i].hash)) & (m->cap - 1);
		if (distance < ((i - hole) & (m->cap - 1)))
			continue;
		m->slots[hole] = m->slots[i];
		hole = i;
	}
	m->slots[hole] = (struct map_entry){ 0 };
	return value;
}

void map_free(struct map *m, void (*free_value)(void *))
{
	for (size_t i = 0; i < m->cap; i++) {
		if (!m->slots[i].key.p)
			continue;
		free((void *)(uintptr_t)m->slots[i].key.p);
		if (free_value)
			free_value(m->slots[i].value);
	}
	free(m->slots);
	*m = (struct map){ 0 };
}

struct map_entry *map_next(const struct map *m, size_t *i)
{
	while (*i < m->cap) {
		struct map_entry *e = &m->slots[(*i)++];
		if (e->key.p)
			return e;
	}
	return NULL;
}

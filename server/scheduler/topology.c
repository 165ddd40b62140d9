/* SPDX-License-Identifier: Apache-2.0 */
#include "server/scheduler/topology.h"

#include "base/mem.h"

struct topology *topology_new(struct str key)
{
	struct topology *t = NEW(struct topology);

	t->key = str_dup(key);
	return t;
}

void topology_free(struct topology *t)
{
	if (!t)
		return;
	for (size_t i = 0; i < t->ids_used; i++)
		free(t->values[i]);
	map_free(&t->ids, NULL);
	free(t->values);
	free(t->nodes);
	free(t->of_node);
	free(t->spare);
	free(t->key);
	free(t);
}

static int32_t number_of(struct topology *t, struct str value)
{
	size_t found = (size_t)(uintptr_t)map_get(&t->ids, value), id;

	if (found)
		return (int32_t)(found - 1);
	if (t->nspare) {
		id = (size_t)t->spare[--t->nspare];
	} else {
		id = t->ids_used++;
		t->values = mem_array_grow(t->values, &t->values_cap, t->ids_used, sizeof(char *));
		t->nodes = mem_array_grow(t->nodes, &t->nodes_cap, t->ids_used, sizeof(int32_t));
	}
	t->values[id] = str_dup(value);
	t->nodes[id] = 0;
	map_put(&t->ids, value, (void *)(uintptr_t)(id + 1));
	return (int32_t)id;
}

static void leave(struct topology *t, int32_t id)
{
	if (id == DOMAIN_NONE)
		return;
	t->nlabeled--;
	if (--t->nodes[id])
		return;
	t->ndomains--;
	map_del(&t->ids, str_from(t->values[id]));
	free(TAKE(t->values[id]));
	t->spare = mem_array_grow(t->spare, &t->spare_cap, t->nspare + 1, sizeof(int32_t));
	t->spare[t->nspare++] = id;
}

void topology_node_set(struct topology *t, size_t place, const struct str *value)
{
	size_t known = t->places_cap;
	int32_t id = DOMAIN_NONE;

	t->of_node = mem_array_grow(t->of_node, &t->places_cap, place + 1, sizeof(int32_t));
	for (; known < t->places_cap; known++)
		t->of_node[known] = DOMAIN_NONE;
	if (value) { /* enters the new one before it leaves the old one: they may be the same */
		id = number_of(t, *value);
		t->nlabeled++;
		if (t->nodes[id]++ == 0)
			t->ndomains++;
	}
	leave(t, t->of_node[place]);
	t->of_node[place] = id;
}

void topology_node_del(struct topology *t, size_t place, size_t last)
{
	leave(t, t->of_node[place]);
	t->of_node[place] = t->of_node[last];
	t->of_node[last] = DOMAIN_NONE;
}

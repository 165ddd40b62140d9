/* SPDX-License-Identifier: Apache-2.0 */
#include "server/apiserver/authz/rbac_grants.h"

#include "base/mem.h"

static struct rbac_grant *grant_find(struct rbac_grants *g, const struct rbac_role *role)
{
	for (size_t i = 0; i < g->n; i++)
		if (g->items[i].role == role)
			return &g->items[i];
	return NULL;
}

void rbac_grants_add(struct rbac_grants *g, struct rbac_binding *b)
{
	struct rbac_grant *it = grant_find(g, b->role);
	if (!it) {
		g->items = mem_array_grow(g->items, &g->cap, g->n + 1, sizeof(*g->items));
		it = &g->items[g->n++];
		*it = (struct rbac_grant){ .role = b->role };
	}
	it->bindings = mem_array_grow(it->bindings, &it->cap, it->n + 1, sizeof(*it->bindings));
	it->bindings[it->n++] = b;
}

void rbac_grants_remove(struct rbac_grants *g, const struct rbac_binding *b)
{
	struct rbac_grant *it = grant_find(g, b->role);
	for (size_t i = 0; it && i < it->n; i++) {
		if (it->bindings[i] != b)
			continue;
		it->bindings[i] = it->bindings[--it->n];
		break;
	}
	if (!it || it->n)
		return;
	free(it->bindings);
	*it = g->items[--g->n];
}

void rbac_grants_free(void *p)
{
	struct rbac_grants *g = p;
	for (size_t i = 0; i < g->n; i++)
		free(g->items[i].bindings);
	free(g->items);
	free(g);
}

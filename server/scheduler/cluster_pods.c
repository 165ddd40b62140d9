/* SPDX-License-Identifier: Apache-2.0 */
/* The pods of the cluster: on nodes, and nominated for one. */
#include "base/mem.h"
#include "server/scheduler/cluster_parts.h"

static void list_add_pod(struct placed_pod ***list, size_t *cap, size_t *n, struct placed_pod *p)
{
	*list = mem_array_grow(*list, cap, *n + 1, sizeof(p));
	p->at = *n;
	(*list)[(*n)++] = p;
}

static void list_del_pod(struct placed_pod **list, size_t *n, const struct placed_pod *p)
{
	list[p->at] = list[--*n];
	list[p->at]->at = p->at;
}

static void unplace(struct cluster *c, struct placed_pod *p)
{
	struct node_info *n = p->node;

	pod_count(c, p, -1);
	list_del_pod(n->pods, &n->npods_known, p);
	placed_free(c, p);
	node_forget_if_unused(c, n);
}

void cluster_pod_set(struct cluster *c, struct str key, struct str node, const struct object *o,
		     const struct core_v1_pod *pod, bool assumed)
{
	struct placed_pod *p = placed_new(c, key, node, o, pod), *old;

	p->assumed = assumed;
	list_add_pod(&p->node->pods, &p->node->pods_cap, &p->node->npods_known, p);
	old = map_put(&c->placed, key, p);
	if (old)
		unplace(c, old);
	cluster_nominate_not(c, key);
	pod_count(c, p, 1);
}

bool cluster_pod_del(struct cluster *c, struct str key)
{
	struct placed_pod *p = map_del(&c->placed, key);

	if (p)
		unplace(c, p);
	return p != NULL;
}

struct placed_pod *cluster_pod(const struct cluster *c, struct str key)
{
	return map_get(&c->placed, key);
}

static void denominate(struct cluster *c, struct placed_pod *p)
{
	struct node_info *n = p->node;

	list_del_pod(n->nominated, &n->nnominated, p);
	placed_free(c, p);
	node_forget_if_unused(c, n);
}

void cluster_nominate(struct cluster *c, struct str key, struct str node, const struct object *o,
		      const struct core_v1_pod *pod)
{
	struct placed_pod *p = placed_new(c, key, node, o, pod), *old;

	list_add_pod(&p->node->nominated, &p->node->nominated_cap, &p->node->nnominated, p);
	old = map_put(&c->nominated, key, p);
	if (old)
		denominate(c, old);
}

void cluster_nominate_not(struct cluster *c, struct str key)
{
	struct placed_pod *p = map_del(&c->nominated, key);

	if (p)
		denominate(c, p);
}

struct str cluster_nominated_node(const struct cluster *c, struct str key)
{
	const struct placed_pod *p = map_get(&c->nominated, key);

	return p ? str_from(p->node->name) : STR("");
}

static void free_placed_of(struct cluster *c, struct map *pods, bool nominated)
{
	struct map_entry *e;

	for (size_t i = 0; (e = map_next(pods, &i));)
		if (nominated)
			denominate(c, e->value);
		else
			unplace(c, e->value);
	map_free(pods, NULL);
}

void cluster_pods_free(struct cluster *c)
{
	free_placed_of(c, &c->nominated, true);
	free_placed_of(c, &c->placed, false);
}

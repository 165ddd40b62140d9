/* SPDX-License-Identifier: Apache-2.0 */
/* A pod is `counted` while its node exists: then it is in the node's sums and in every tally that means it. */
#include "base/mem.h"
#include "server/scheduler/cluster_parts.h"

static void ports_add(struct node_info *n, const struct pod_usage *u)
{
	for (size_t i = 0; i < u->nports; i++) {
		n->ports =
			mem_array_grow(n->ports, &n->ports_cap, n->nports + 1, sizeof(*n->ports));
		n->ports[n->nports++] = u->ports[i];
	}
}

static void ports_del(struct node_info *n, const struct pod_usage *u)
{
	for (size_t i = 0; i < u->nports; i++)
		for (size_t k = 0; k < n->nports; k++)
			if (!memcmp(&n->ports[k], &u->ports[i], sizeof(n->ports[k]))) {
				n->ports[k] = n->ports[--n->nports];
				break;
			}
}

static void carried_count(const struct placed_pod *p, int64_t sign)
{
	for (size_t i = 0; i < p->ncarried; i++)
		tally_add(p->carried[i].tally, p->node->place, sign * p->carried[i].weight);
}

static void claims_count(struct cluster *c, const struct placed_pod *p, int sign)
{
	for (size_t i = 0; i < p->nclaims; i++) {
		struct str key = str_from(p->claims[i]);
		uintptr_t n = (uintptr_t)map_get(&c->claims, key);

		n = sign > 0 ? n + 1 : n - 1;
		if (n)
			map_put(&c->claims, key, (void *)n);
		else
			map_del(&c->claims, key);
	}
}

/* In a function of its own, so that the common case saves no registers. */
__attribute__((noinline)) static void count_all_else(struct cluster *c, struct placed_pod *p,
						     int sign)
{
	amounts_add_others(&p->node->requested, &p->usage.request, sign);
	if (p->usage.nports)
		(sign > 0 ? ports_add : ports_del)(p->node, &p->usage);
	carried_count(p, sign);
	if (c->tallies.selecting.count)
		tallies_add(&c->tallies, p->object, &p->meant_by, p->node->place, sign);
	claims_count(c, p, sign);
}

/* Preemption does this thousands of times for a pod: most pods have only the sums. */
void pod_count(struct cluster *c, struct placed_pod *p, int sign)
{
	struct node_info *n = p->node;
	const struct pod_usage *u = &p->usage;

	if (!n->listed || p->counted == (sign > 0))
		return;
	p->counted = sign > 0;
	n->npods += (size_t)sign;
	n->nonzero_milli_cpu += sign * u->nonzero_milli_cpu;
	n->nonzero_memory += sign * u->nonzero_memory;
	amounts_add_main(&n->requested, &u->request, sign);
	if (u->request.nothers | u->nports | p->ncarried | p->nclaims | c->tallies.selecting.count)
		count_all_else(c, p, sign);
}

void pods_count(struct cluster *c, struct node_info *n, int sign)
{
	for (size_t i = 0; i < n->npods_known; i++)
		pod_count(c, n->pods[i], sign);
}

void cluster_try(struct cluster *c, struct placed_pod *p, bool present)
{
	pod_count(c, p, present ? 1 : -1);
}

size_t cluster_claim_users(const struct cluster *c, struct str claim)
{
	return (size_t)(uintptr_t)map_get(&c->claims, claim);
}

static const struct str *label_of(const struct node_info *n, const char *key)
{
	const struct api_str_map *labels = &n->node->metadata.labels;

	if (!*key)
		return &n->node->metadata.name;
	for (size_t i = 0; i < labels->n; i++)
		if (str_eqz(labels->items[i].key, key))
			return &labels->items[i].value;
	return NULL;
}

void topologies_see(struct cluster *c, const struct node_info *n)
{
	struct map_entry *e;

	for (size_t i = 0; (e = map_next(&c->topologies, &i));) {
		struct topology *t = e->value;

		topology_node_set(t, n->place, label_of(n, t->key));
	}
}

struct topology *cluster_topology(struct cluster *c, struct str key)
{
	struct topology *t = map_get(&c->topologies, key);

	if (t)
		return t;
	t = topology_new(key);
	map_put(&c->topologies, key, t);
	for (size_t i = 0; i < c->nlist; i++)
		topology_node_set(t, i, label_of(c->list[i], t->key));
	return t;
}

struct tally *cluster_count(struct cluster *c, const struct pod_terms *terms,
			    struct str topology_key)
{
	bool made;
	struct tally *t =
		tally_selecting(&c->tallies, terms, cluster_topology(c, topology_key), &made);

	for (size_t i = 0; made && i < c->nlist; i++) {
		const struct node_info *n = c->list[i];

		for (size_t k = 0; k < n->npods_known; k++)
			if (n->pods[k]->counted &&
			    pod_terms_match(&c->tallies, &t->terms, n->pods[k]->object))
				tally_add(t, i, 1);
	}
	return t;
}

static void free_topology(void *t)
{
	topology_free(t);
}

void cluster_counts_free(struct cluster *c)
{
	map_free(&c->claims, NULL);
	map_free(&c->topologies, free_topology);
	tallies_free(&c->tallies);
}

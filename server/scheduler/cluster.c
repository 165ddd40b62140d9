/* SPDX-License-Identifier: Apache-2.0 */
/* The nodes of the cluster. Whoever changes what a count depends on (a node's labels, its place, its end) uncounts the node's pods
 * before and counts them again after. Beside it: cluster_counts.c, cluster_pods.c, placed_pod.c. */
#include "base/mem.h"
#include "server/scheduler/cluster_parts.h"

struct node_info *node_known(struct cluster *c, struct str name)
{
	struct node_info *n = map_get(&c->nodes, name);

	if (n)
		return n;
	n = node_slab_take(&c->slab);
	n->node = NEW(struct core_v1_node);
	n->name = str_dup(name);
	n->slot = images_slot_take(&c->images);
	map_put(&c->nodes, name, n);
	return n;
}

/* Nobody speaks of it any more. */
void node_forget_if_unused(struct cluster *c, struct node_info *n)
{
	if (n->listed || n->npods_known || n->nnominated)
		return;
	map_del(&c->nodes, str_from(n->name));
	images_slot_give(&c->images, n->slot);
	object_unref(n->object);
	arena_free(&n->arena);
	amounts_free(&n->allocatable);
	amounts_free(&n->requested);
	free(n->ports);
	free(n->nominated);
	free(n->pods);
	free(n->name);
	free(n->node);
	node_slab_give(&c->slab, n);
}

/* Who keeps pods away is known as a number, too: most clusters have nobody who does. */
static void count_closed(struct cluster *c, const struct node_info *n, bool more)
{
	size_t one = more ? 1 : (size_t)-1;

	c->ncordoned += n->unschedulable ? one : 0;
	c->ntainted += n->ntaints ? one : 0;
}

static void node_list(struct cluster *c, struct node_info *n)
{
	c->list = mem_array_grow(c->list, &c->list_cap, c->nlist + 1, sizeof(*c->list));
	n->place = c->nlist;
	c->list[c->nlist++] = n;
	n->listed = true;
	count_closed(c, n, true);
}

static void node_unlist(struct cluster *c, struct node_info *n)
{
	size_t last = c->nlist - 1;
	struct map_entry *e;

	count_closed(c, n, false);
	for (size_t i = 0; (e = map_next(&c->topologies, &i));)
		topology_node_del(e->value, n->place, last);
	c->list[n->place] = c->list[last];
	c->list[n->place]->place = n->place;
	c->nlist--;
	n->listed = false;
}

static bool same_json(const struct api_struct *desc, const void *a, const void *b)
{
	auto_buf ta = { 0 }, tb = { 0 };

	struct_write_json(desc, a, &ta);
	struct_write_json(desc, b, &tb);
	return str_eq(buf_view(&ta), buf_view(&tb));
}

static unsigned node_changes(const struct core_v1_node *a, const struct core_v1_node *b)
{
	struct core_v1_node_status had = { .allocatable = a->status.allocatable };
	struct core_v1_node_status has = { .allocatable = b->status.allocatable };
	struct core_v1_node_status knew = { .declared_features = a->status.declared_features };
	struct core_v1_node_status knows = { .declared_features = b->status.declared_features };
	struct meta_v1_object_meta l = { .labels = a->metadata.labels };
	struct meta_v1_object_meta m = { .labels = b->metadata.labels };
	struct core_v1_node_spec s = { .taints = a->spec.taints,
				       .unschedulable = a->spec.unschedulable };
	struct core_v1_node_spec t = { .taints = b->spec.taints,
				       .unschedulable = b->spec.unschedulable };
	unsigned what = 0;

	if (!same_json(api_struct_core_v1_node_status, &had, &has))
		what |= NODE_ALLOCATABLE;
	if (!same_json(api_struct_core_v1_node_status, &knew, &knows))
		what |= NODE_FEATURES;
	if (!same_json(api_struct_meta_v1_object_meta, &l, &m))
		what |= NODE_LABELS;
	if (!same_json(api_struct_core_v1_node_spec, &s, &t))
		what |= NODE_TAINTS;
	return what;
}

static void node_read(struct node_info *n)
{
	amounts_free(&n->allocatable);
	amounts_read(&n->allocatable, &n->node->status.allocatable);
	n->max_pods = amounts_other(&n->allocatable, "pods");
	n->unschedulable = n->node->spec.unschedulable;
	n->ntaints = n->node->spec.taints.n;
}

/* The decoded node becomes what is known; what was known goes to the caller. */
static void node_replace(struct cluster *c, struct node_info *n, const struct object *o,
			 const struct core_v1_node *node, struct arena *arena,
			 struct core_v1_node *was, struct arena *was_arena)
{
	images_note(&c->images, n->slot, &n->node->status, false);
	if (n->listed)
		count_closed(c, n, false);
	object_unref(n->object);
	n->object = object_ref(o);
	if (was) {
		*was = *n->node;
		*was_arena = n->arena;
	} else {
		arena_free(&n->arena);
	}
	n->arena = *arena;
	*n->node = *node;
	images_note(&c->images, n->slot, &n->node->status, true);
	node_read(n);
	if (n->listed)
		count_closed(c, n, true);
}

unsigned cluster_node_set(struct cluster *c, const struct object *o, struct core_v1_node *was,
			  struct arena *was_arena)
{
	struct arena arena = { 0 };
	struct core_v1_node node = { 0 };
	struct node_info *n;
	unsigned what;

	if (object_decode(o, &arena, api_struct_core_v1_node, &node, NULL) < 0) {
		arena_free(&arena);
		return 0;
	}
	n = node_known(c, o->name);
	what = n->listed ? node_changes(n->node, &node) : NODE_ADDED;
	if (what & NODE_LABELS)
		pods_count(c, n, -1);
	node_replace(c, n, o, &node, &arena, was, was_arena);
	if (what & NODE_ADDED)
		node_list(c, n);
	if (what & (NODE_ADDED | NODE_LABELS)) {
		topologies_see(c, n);
		pods_count(c, n, 1);
	}
	return what;
}

void cluster_node_del(struct cluster *c, struct str name)
{
	struct node_info *n = map_get(&c->nodes, name);

	if (!n || !n->listed)
		return;
	pods_count(c, n, -1);
	images_note(&c->images, n->slot, &n->node->status, false);
	node_unlist(c, n);
	node_forget_if_unused(c, n);
}

struct node_info *cluster_node(const struct cluster *c, struct str name)
{
	struct node_info *n = map_get(&c->nodes, name);

	return n && n->listed ? n : NULL;
}

void cluster_free(struct cluster *c)
{
	cluster_pods_free(c);
	while (c->nlist)
		cluster_node_del(c, str_from(c->list[c->nlist - 1]->name));
	free(c->list);
	map_free(&c->nodes, NULL);
	cluster_counts_free(c);
	images_free(&c->images);
	node_slab_free(&c->slab);
	*c = (struct cluster){ 0 };
}

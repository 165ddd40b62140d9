/* SPDX-License-Identifier: Apache-2.0 */
#include "server/scheduler/cluster.h"

#include "base/mem.h"

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

static void take(struct node_info *n, const struct pod_usage *u, int sign)
{
	amounts_add(&n->requested, &u->request, sign);
	n->nonzero_milli_cpu += sign * u->nonzero_milli_cpu;
	n->nonzero_memory += sign * u->nonzero_memory;
	if (sign > 0) {
		n->npods++;
		ports_add(n, u);
	} else {
		n->npods--;
		ports_del(n, u);
	}
}

static void node_free(struct node_info *n)
{
	object_unref(n->object);
	arena_free(&n->arena);
	amounts_free(&n->allocatable);
	amounts_free(&n->requested);
	free(n->ports);
	free(n);
}

static struct node_info *node_add(struct cluster *c, struct str name)
{
	struct node_info *n = NEW(struct node_info);
	struct map_entry *e;

	map_put(&c->nodes, name, n);
	c->list = mem_array_grow(c->list, &c->list_cap, c->nlist + 1, sizeof(*c->list));
	c->list[c->nlist++] = n;
	for (size_t i = 0;
	     (e = map_next(&c->placed, &i));) { /* pods may be seen before their node */
		struct placed_pod *p = e->value;

		if (str_eqz(name, p->node))
			take(n, &p->usage, 1);
	}
	return n;
}

static bool same_json(const struct api_struct *desc, const void *a, const void *b)
{
	auto_buf ta = { 0 }, tb = { 0 };

	struct_write_json(desc, a, &ta);
	struct_write_json(desc, b, &tb);
	return str_eq(buf_view(&ta), buf_view(&tb));
}

/* Heartbeats and images don't make room. */
static bool may_help(const struct node_info *old, const struct core_v1_node *now)
{
	struct core_v1_node_status was = { .allocatable = old->node.status.allocatable };
	struct core_v1_node_status is = { .allocatable = now->status.allocatable };
	struct meta_v1_object_meta had = { .labels = old->node.metadata.labels };
	struct meta_v1_object_meta has = { .labels = now->metadata.labels };

	return !same_json(api_struct_core_v1_node_spec, &old->node.spec, &now->spec) ||
	       !same_json(api_struct_core_v1_node_status, &was, &is) ||
	       !same_json(api_struct_meta_v1_object_meta, &had, &has);
}

static void read_allocatable(struct node_info *n)
{
	amounts_free(&n->allocatable);
	amounts_read(&n->allocatable, &n->node.status.allocatable);
	n->max_pods = amounts_other(&n->allocatable, "pods");
}

bool cluster_node_set(struct cluster *c, const struct object *o)
{
	struct node_info *n = map_get(&c->nodes, o->name);
	struct arena arena = { 0 };
	struct core_v1_node node = { 0 };
	bool helps = true;

	if (object_decode(o, &arena, api_struct_core_v1_node, &node, NULL) < 0) {
		arena_free(&arena);
		return false;
	}
	if (n)
		helps = may_help(n, &node);
	else
		n = node_add(c, o->name);
	object_unref(n->object);
	arena_free(&n->arena);
	n->object = object_ref(o);
	n->arena = arena;
	n->node = node;
	read_allocatable(n);
	return helps;
}

void cluster_node_del(struct cluster *c, struct str name)
{
	struct node_info *n = map_del(&c->nodes, name);

	for (size_t i = 0; n && i < c->nlist; i++)
		if (c->list[i] == n) {
			c->list[i] = c->list[--c->nlist];
			break;
		}
	if (n)
		node_free(n);
}

static void placed_free(void *p)
{
	struct placed_pod *placed = p;

	pod_usage_free(&placed->usage);
	object_unref(placed->object);
	arena_free(&placed->arena);
	free(placed->node);
	free(placed);
}

int32_t pod_priority(const struct core_v1_pod *p)
{
	return p->spec.priority ? *p->spec.priority : 0;
}

/* Few pods have an affinity to pods; those are decoded again into an arena of their own. */
static void keep_affinity(struct placed_pod *p, const struct core_v1_pod *pod)
{
	const struct core_v1_affinity *a = pod->spec.affinity;
	struct core_v1_pod *copy;

	if (!a || (!a->pod_affinity && !a->pod_anti_affinity) || !p->object)
		return;
	copy = ARENA_NEW(&p->arena, struct core_v1_pod);
	if (object_decode(p->object, &p->arena, api_struct_core_v1_pod, copy, NULL) == 0)
		p->affinity = copy->spec.affinity;
}

void cluster_pod_set(struct cluster *c, struct str key, struct str node, const struct object *o,
		     const struct core_v1_pod *pod, bool assumed)
{
	struct placed_pod *p = NEW(struct placed_pod);
	struct node_info *n;

	cluster_pod_del(c, key);
	p->node = str_dup(node);
	p->assumed = assumed;
	p->object = o ? object_ref(o) : NULL;
	p->leaving = pod->metadata.deletion_timestamp.set;
	p->priority = pod_priority(pod);
	p->start_us = pod->status.start_time.set ? pod->status.start_time.us : INT64_MAX;
	keep_affinity(p, pod);
	c->with_affinity += p->affinity != NULL;
	pod_usage_read(pod, &p->usage);
	map_put(&c->placed, key, p);
	n = map_get(&c->nodes, node);
	if (n)
		take(n, &p->usage, 1);
	cluster_nominate_not(c, key);
}

bool cluster_pod_del(struct cluster *c, struct str key)
{
	struct placed_pod *p = map_del(&c->placed, key);
	struct node_info *n;

	if (!p)
		return false;
	n = map_get(&c->nodes, str_from(p->node));
	if (n)
		take(n, &p->usage, -1);
	c->with_affinity -= p->affinity != NULL;
	placed_free(p);
	return true;
}

void cluster_try(struct cluster *c, struct placed_pod *p, bool present)
{
	struct node_info *n = map_get(&c->nodes, str_from(p->node));

	if (n)
		take(n, &p->usage, present ? 1 : -1);
}

void cluster_try_usage(struct node_info *n, const struct pod_usage *u, bool present)
{
	take(n, u, present ? 1 : -1);
}

struct node_info *cluster_node(const struct cluster *c, struct str name)
{
	return map_get(&c->nodes, name);
}

static void nomination_free(void *v)
{
	struct nomination *n = v;

	pod_usage_free(&n->usage);
	free(n->node);
	free(n);
}

void cluster_nominate(struct cluster *c, struct str key, struct str node,
		      const struct core_v1_pod *pod)
{
	struct nomination *n = NEW(struct nomination), *old;

	n->node = str_dup(node);
	n->priority = pod_priority(pod);
	pod_usage_read(pod, &n->usage);
	old = map_put(&c->nominated, key, n);
	if (old)
		nomination_free(old);
}

void cluster_nominate_not(struct cluster *c, struct str key)
{
	struct nomination *n = map_del(&c->nominated, key);

	if (n)
		nomination_free(n);
}

const struct placed_pod *cluster_pod(const struct cluster *c, struct str key)
{
	return map_get(&c->placed, key);
}

static bool has_image(const struct node_info *n, struct str image)
{
	for (size_t i = 0; i < n->node.status.images.n; i++)
		for (size_t k = 0; k < n->node.status.images.items[i].names.n; k++)
			if (str_eq(n->node.status.images.items[i].names.items[k], image))
				return true;
	return false;
}

size_t cluster_image_nodes(const struct cluster *c, struct str image)
{
	size_t n = 0;

	for (size_t i = 0; i < c->nlist; i++)
		n += has_image(c->list[i], image);
	return n;
}

void cluster_free(struct cluster *c)
{
	for (size_t i = 0; i < c->nlist; i++)
		node_free(c->list[i]);
	free(c->list);
	map_free(&c->nodes, NULL);
	map_free(&c->placed, placed_free);
	map_free(&c->nominated, nomination_free);
	*c = (struct cluster){ 0 };
}

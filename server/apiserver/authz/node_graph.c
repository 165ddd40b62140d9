/* SPDX-License-Identifier: Apache-2.0 */
#include "server/apiserver/authz/node_graph.h"

#include <pthread.h>
#include <stdatomic.h>

#include "api/decode.h"
#include "api/object/meta.h"
#include "base/log.h"
#include "base/map.h"
#include "base/mem.h"
#include "generated/api_tables.h"

#define UP_MAX 4 /* longest way: secret → volume → claim */

struct vertex {
	struct by_node {
		char *node; /* owned by `nodes` */
		unsigned pods;
	} * nodes;
	size_t nnodes, cap_nodes;
	struct str *up; /* keys of the vertices that this one leads to */
	size_t nup, cap_up;
};

enum { PODS, VOLUMES, ATTACHMENTS, SLICES, CERTIFICATES, SOURCES };
struct source {
	struct node_graph *graph;
	struct cache *cache;
	_Atomic int64_t seen; /* every event up to here is in the graph; -1: none */
	struct cache_watcher watcher;
};
struct node_graph {
	pthread_mutex_t lock;
	struct map vertices; /* vertex_key() → struct vertex */
	struct map nodes;    /* name → char *, the same name: shared by the counts */
	struct source sources[SOURCES];
	struct loop *loop; /* that follows; NULL: none */
};

/* --- vertices --- */

static void vertex_key(struct buf *out, enum node_ref what, struct str ns, struct str name)
{
	buf_reset(out);
	buf_putc(out, (char)('a' + what));
	buf_str(out, ns);
	buf_putc(out, '/');
	buf_str(out, name);
}

static struct vertex *vertex_make(struct node_graph *g, struct str key)
{
	struct vertex *v = map_get(&g->vertices, key);
	if (v)
		return v;
	v = NEW(struct vertex);
	map_put(&g->vertices, key, v);
	return v;
}

static void vertex_free(void *p)
{
	struct vertex *v = p;
	for (size_t i = 0; i < v->nup; i++)
		free((char *)(uintptr_t)v->up[i].p);
	free(v->up);
	free(v->nodes);
	free(v);
}

static void vertex_drop_empty(struct node_graph *g, struct str key, const struct vertex *v)
{
	if (v->nnodes == 0 && v->nup == 0)
		vertex_free(map_del(&g->vertices, key));
}

static char *node_name(struct node_graph *g, struct str node)
{
	char *name = map_get(&g->nodes, node);
	if (!name) {
		name = str_dup(node);
		map_put(&g->nodes, node, name);
	}
	return name;
}

static void to_node_add(struct node_graph *g, struct str key, char *node)
{
	struct vertex *v = vertex_make(g, key);
	for (size_t i = 0; i < v->nnodes; i++) {
		if (v->nodes[i].node != node)
			continue;
		v->nodes[i].pods++;
		return;
	}
	v->nodes = mem_array_grow(v->nodes, &v->cap_nodes, v->nnodes + 1, sizeof(*v->nodes));
	v->nodes[v->nnodes++] = (struct by_node){ node, 1 };
}

static void to_node_remove(struct node_graph *g, struct str key, const char *node)
{
	struct vertex *v = map_get(&g->vertices, key);
	for (size_t i = 0; v && i < v->nnodes; i++) {
		if (v->nodes[i].node != node)
			continue;
		if (--v->nodes[i].pods == 0)
			v->nodes[i] = v->nodes[--v->nnodes];
		vertex_drop_empty(g, key, v);
		return;
	}
}

static void up_add(struct node_graph *g, struct str key, struct str to)
{
	struct vertex *v = vertex_make(g, key);
	v->up = mem_array_grow(v->up, &v->cap_up, v->nup + 1, sizeof(*v->up));
	v->up[v->nup++] = str_of(str_dup(to), to.n);
}

static void up_remove(struct node_graph *g, struct str key, struct str to)
{
	struct vertex *v = map_get(&g->vertices, key);
	for (size_t i = 0; v && i < v->nup; i++) {
		if (!str_eq(v->up[i], to))
			continue;
		free((char *)(uintptr_t)v->up[i].p);
		v->up[i] = v->up[--v->nup];
		vertex_drop_empty(g, key, v);
		return;
	}
}

/* --- what an object says, added or taken back --- */

struct change {
	struct node_graph *graph;
	bool add;
	char *node;     /* of a pod */
	struct str to;  /* of a volume: its own vertex */
	struct buf key; /* scratch */
};

static void ref_to_node(void *ctx, enum node_ref what, struct str ns, struct str name)
{
	struct change *c = ctx;
	vertex_key(&c->key, what, ns, name);
	if (c->add)
		to_node_add(c->graph, buf_view(&c->key), c->node);
	else
		to_node_remove(c->graph, buf_view(&c->key), c->node);
}

static void ref_up(void *ctx, enum node_ref what, struct str ns, struct str name)
{
	struct change *c = ctx;
	vertex_key(&c->key, what, ns, name);
	if (c->add)
		up_add(c->graph, buf_view(&c->key), c->to);
	else
		up_remove(c->graph, buf_view(&c->key), c->to);
}

struct str node_of_pod(const struct object *o)
{
	for (size_t i = 0; i < o->resource->nselectable; i++)
		if (!strcmp(o->resource->selectable[i].label, "spec.nodeName"))
			return o->fields[i];
	return STR("");
}

static void pod_change(struct change *c, const struct object *o)
{
	auto_arena a = { 0 };
	auto_err err = { 0 };
	struct core_v1_pod pod = { 0 };
	struct str node = node_of_pod(o);
	if (node.n == 0)
		return;
	if (object_decode(o, &a, api_struct_core_v1_pod, &pod, &err) < 0) {
		log_error("a pod cannot be read", LOG_STR("key", o->key),
			  LOG_S("error", err_text(&err)));
		return;
	}
	c->node = node_name(c->graph, node);
	node_refs_of_pod(&pod, ref_to_node, c);
}

static void volume_change(struct change *c, const struct object *o)
{
	auto_buf own = { 0 };
	json_t *tree = object_tree(o, NULL);
	const json_t *claim = tree_get(tree, "spec", "claimRef", NULL);
	if (claim) {
		vertex_key(&own, NODE_REF_VOLUME, STR(""), o->name);
		c->to = buf_view(&own);
		node_refs_of_volume(tree, ref_up, c);
		auto_buf up = { 0 };
		vertex_key(&up, NODE_REF_CLAIM, tree_get_str(claim, "namespace", NULL),
			   tree_get_str(claim, "name", NULL));
		if (c->add)
			up_add(c->graph, buf_view(&own), buf_view(&up));
		else
			up_remove(c->graph, buf_view(&own), buf_view(&up));
	}
	json_decref(tree);
}

/* What names its node itself. */
static void direct_change(struct change *c, const struct object *o, enum node_ref what)
{
	json_t *tree = object_tree(o, NULL);
	struct str node = tree_get_str(tree, "spec", "nodeName", NULL);
	if (node.n) {
		c->node = node_name(c->graph, node);
		ref_to_node(c, what, o->ns, o->name);
	}
	json_decref(tree);
}

static void change(struct source *s, bool add, const struct object *o)
{
	struct change c = { .graph = s->graph, .add = add };
	switch (s - s->graph->sources) {
	case PODS: pod_change(&c, o); break;
	case VOLUMES: volume_change(&c, o); break;
	case ATTACHMENTS: direct_change(&c, o, NODE_REF_ATTACHMENT); break;
	case SLICES: direct_change(&c, o, NODE_REF_SLICE); break;
	default: direct_change(&c, o, NODE_REF_POD_CERTIFICATE);
	}
	buf_free(&c.key);
}

/* Most changes of a pod are of its status: what it refers to is fixed, but for ephemeral containers and the claims made for it. */
static bool refs_may_differ(const struct object *a, const struct object *b)
{
	if (!str_eq(a->uid, b->uid) || !str_eq(node_of_pod(a), node_of_pod(b)))
		return true;
	return str_contains(b->json, STR("\"ephemeralContainers\":")) ||
	       str_contains(b->json, STR("laimStatus"));
}

/* --- following the cache --- */

static void on_event(void *ctx, const struct cache_event *e)
{
	struct source *s = ctx;
	bool pod = s == &s->graph->sources[PODS];
	if (pod && e->type == CACHE_MODIFIED && !refs_may_differ(e->previous, e->object))
		return;
	if (e->previous)
		change(s, false, e->previous);
	if (e->type != CACHE_DELETED)
		change(s, true, e->object);
}

static bool take_in(void *ctx, const struct object *o)
{
	change(ctx, true, o);
	return true;
}

static void forget_all(struct node_graph *g)
{
	map_free(&g->vertices, vertex_free);
	map_free(&g->nodes, free);
	g->vertices = g->nodes = (struct map){ 0 };
}

static void read_all(struct node_graph *g)
{
	forget_all(g);
	for (size_t i = 0; i < SOURCES; i++) {
		struct cache_view v;
		cache_view_now(g->sources[i].cache, &v);
		cache_view_each(&v, STR(""), STR(""), take_in, &g->sources[i]);
		atomic_store(&g->sources[i].seen, v.revision);
		cache_view_close(&v);
	}
}

/* Under the lock. */
static void catch_up(struct node_graph *g)
{
	for (size_t i = 0; i < SOURCES; i++) {
		struct source *s = &g->sources[i];
		int64_t seen = atomic_load(&s->seen);
		if (seen >= 0 && seen >= cache_changed(s->cache))
			continue;
		if (seen < 0 || cache_events(s->cache, &seen, on_event, s) < 0) {
			read_all(g);
			return;
		}
		atomic_store(&s->seen, seen);
	}
}

static void on_watch_event(struct cache_watcher *w, const struct cache_event *e)
{
	(void)w;
	(void)e; /* taken in batches, below */
}

static void on_batch(struct cache_watcher *w, int64_t revision)
{
	struct node_graph *g = CONTAINER_OF(w, struct source, watcher)->graph;
	(void)revision;
	pthread_mutex_lock(&g->lock);
	catch_up(g);
	pthread_mutex_unlock(&g->lock);
}

static void watch(struct source *s)
{
	s->watcher = (struct cache_watcher){ .prefix = STR(""),
					     .on_event = on_watch_event,
					     .on_batch_end = on_batch,
					     .on_expired = s->watcher.on_expired };
	cache_watch_from_now(s->graph->loop, s->cache, &s->watcher);
}

static void on_expired(struct cache_watcher *w)
{
	watch(CONTAINER_OF(w, struct source, watcher));
}

static void follow(void *ctx)
{
	struct node_graph *g = ctx;
	for (size_t i = 0; i < SOURCES; i++) {
		g->sources[i].watcher.on_expired = on_expired;
		watch(&g->sources[i]);
	}
}

void node_graph_follow(struct node_graph *g, struct loop *l)
{
	g->loop = l;
	loop_call(l, follow, g);
}

void node_graph_unfollow(struct node_graph *g)
{
	for (size_t i = 0; i < SOURCES; i++)
		cache_unwatch(&g->sources[i].watcher);
}

/* --- questions --- */

static bool leads_to(const struct node_graph *g, struct str key, const char *node, int steps)
{
	const struct vertex *v = map_get(&g->vertices, key);
	if (!v || steps == 0)
		return false;
	for (size_t i = 0; i < v->nnodes; i++)
		if (v->nodes[i].node == node)
			return true;
	for (size_t i = 0; i < v->nup; i++)
		if (leads_to(g, v->up[i], node, steps - 1))
			return true;
	return false;
}

bool node_graph_related(struct node_graph *g, struct str node, enum node_ref what, struct str ns,
			struct str name)
{
	auto_buf key = { 0 };
	vertex_key(&key, what, ns, name);
	pthread_mutex_lock(&g->lock);
	catch_up(g);
	const char *own = map_get(&g->nodes, node);
	bool related = own && leads_to(g, buf_view(&key), own, UP_MAX);
	pthread_mutex_unlock(&g->lock);
	return related;
}

/* --- life --- */

struct node_graph *node_graph_new(struct cache_set *objects)
{
	const struct api_resource *const resources[SOURCES] = {
		[PODS] = API_CORE_V1_PODS,
		[VOLUMES] = API_CORE_V1_PERSISTENTVOLUMES,
		[ATTACHMENTS] = API_STORAGE_V1_VOLUMEATTACHMENTS,
		[SLICES] = API_RESOURCE_V1_RESOURCESLICES,
		[CERTIFICATES] = API_CERTIFICATES_V1_PODCERTIFICATEREQUESTS,
	};
	struct node_graph *g = NEW(struct node_graph);
	pthread_mutex_init(&g->lock, NULL);
	for (size_t i = 0; i < SOURCES; i++) {
		g->sources[i].graph = g;
		g->sources[i].cache = cache_of(objects, resources[i]);
		atomic_store(&g->sources[i].seen, -1);
	}
	return g;
}

void node_graph_free(struct node_graph *g)
{
	if (!g)
		return;
	forget_all(g);
	pthread_mutex_destroy(&g->lock);
	free(g);
}

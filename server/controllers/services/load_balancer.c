/* SPDX-License-Identifier: Apache-2.0 */
/* Gives Services of type LoadBalancer the nodes' addresses in their status, where the service proxies answer; those with a class are
 * somebody else's. Ports are shared out over all of them, so that one round looks at all. Key: "*". */
#include "base/map.h"
#include "base/mem.h"
#include "client/events.h"
#include "server/controllers/round.h"
#include "server/controllers/services/load_balancer_plan.h"

#define ALL STR("*")

struct load_balancers {
	struct event_recorder *recorder;
	struct map told; /* uid of a Service whose port is taken → what its event says */
	bool any;        /* at the last look */
};
struct look {
	struct controller *controller;
	struct arena *arena;
	struct round *round;
	struct balanced *items;
	size_t n, cap;
	struct core_v1_node *nodes;
	size_t nnodes, nodes_cap;
	int32_t *own;
	size_t nown, own_cap;
};

/* Services that never were of the type need not be decoded. */
static bool may_matter(const struct object *o)
{
	return o && (str_contains(o->json, STR("\"LoadBalancer\"")) ||
		     str_contains(o->json, STR("\"loadBalancer\":{\"ingress\"")));
}

static void write_status(struct look *l, const struct object *o, const struct str *addresses,
			 size_t n)
{
	auto_buf body = { 0 };

	buf_puts(&body, "{\"status\":{\"loadBalancer\":{\"ingress\":");
	for (size_t i = 0; i < n; i++)
		buf_printf(&body, "%s{\"ip\":\"%.*s\",\"ipMode\":\"VIP\"}", i ? "," : "[",
			   STR_ARG(addresses[i]));
	buf_puts(&body, n ? "]}}}" : "null}}}");
	const struct controller_write w = { .verb = API_PATCH,
					    .resource = API_CORE_V1_SERVICES,
					    .ns = o->ns,
					    .name = o->name,
					    .subresource = STR("status"),
					    .content_type = STR("application/merge-patch+json"),
					    .body = buf_view(&body),
					    .harmless = ERR_NOT_FOUND };
	round_call(l->round, &w, NULL, NULL);
}

static void add_own(struct look *l, int32_t port)
{
	l->own = mem_array_grow(l->own, &l->own_cap, l->nown + 1, sizeof(*l->own));
	l->own[l->nown++] = port;
}

static bool add_node(void *ctx, const struct object *o)
{
	struct look *l = ctx;
	struct core_v1_node node = { 0 };

	if (object_decode(o, l->arena, api_struct_core_v1_node, &node, NULL) < 0)
		return true;
	l->nodes = mem_array_grow(l->nodes, &l->nodes_cap, l->nnodes + 1, sizeof(*l->nodes));
	l->nodes[l->nnodes++] = node;
	if (node.status.daemon_endpoints.kubelet_endpoint.port)
		add_own(l, node.status.daemon_endpoints.kubelet_endpoint.port);
	return true;
}

/* The API server answers on nodes, too. */
static void add_own_of_api(struct look *l)
{
	struct discovery_v1_endpoint_slice slice = { 0 };
	const struct object *o =
		informer_get(controller_informer(l->controller, API_DISCOVERY_V1_ENDPOINTSLICES),
			     STR("default"), STR("kubernetes"));

	if (!o ||
	    object_decode(o, l->arena, api_struct_discovery_v1_endpoint_slice, &slice, NULL) < 0)
		return;
	for (size_t i = 0; i < slice.ports.n; i++)
		if (slice.ports.items[i].port)
			add_own(l, *slice.ports.items[i].port);
}

struct local {
	struct arena *arena;
	struct str service;
	struct str *names;
	size_t n, cap;
};

static bool add_local(void *ctx, const struct object *o)
{
	struct local *l = ctx;
	struct discovery_v1_endpoint_slice slice = { 0 };
	bool ours = false;

	for (size_t i = 0; i < o->nlabels; i++)
		ours |= str_eqz(o->labels[i].key, "kubernetes.io/service-name") &&
			str_eq(o->labels[i].value, l->service);
	if (!ours ||
	    object_decode(o, l->arena, api_struct_discovery_v1_endpoint_slice, &slice, NULL) < 0)
		return true;
	for (size_t i = 0; i < slice.endpoints.n; i++) {
		const struct discovery_v1_endpoint *e = &slice.endpoints.items[i];

		if (e->conditions.ready && !*e->conditions.ready)
			continue;
		l->names = mem_array_grow(l->names, &l->cap, l->n + 1, sizeof(*l->names));
		l->names[l->n++] = e->node_name;
	}
	return true;
}

/* With externalTrafficPolicy Local only nodes with a pod answer. */
static void find_local(struct look *l, struct balanced *b, const struct object *o)
{
	struct local local = { .arena = l->arena, .service = o->name };

	if (!str_eqz(b->service->spec.external_traffic_policy, "Local"))
		return;
	informer_each(controller_informer(l->controller, API_DISCOVERY_V1_ENDPOINTSLICES), o->ns,
		      add_local, &local);
	struct str *names = ARENA_ARRAY(l->arena, struct str, local.n + 1);
	if (local.n)
		memcpy(names, local.names, local.n * sizeof(*names));
	free(local.names);
	b->local = names;
	b->nlocal = local.n;
}

static bool add_service(void *ctx, const struct object *o)
{
	struct look *l = ctx;
	struct core_v1_service *s = ARENA_NEW(l->arena, struct core_v1_service);

	if (!may_matter(o) || object_decode(o, l->arena, api_struct_core_v1_service, s, NULL) < 0)
		return true;
	if (!is_balanced(s)) {
		if (!str_eqz(s->spec.type, "LoadBalancer") && s->status.load_balancer.ingress.n)
			write_status(l, o, NULL, 0);
		return true;
	}
	l->items = mem_array_grow(l->items, &l->cap, l->n + 1, sizeof(*l->items));
	l->items[l->n] = (struct balanced){ .service = s };
	find_local(l, &l->items[l->n++], o);
	return true;
}

static bool has_these(const struct core_v1_service *s, const struct balanced *b)
{
	if (s->status.load_balancer.ingress.n != b->n)
		return false;
	for (size_t i = 0; i < b->n; i++)
		if (!str_eq(s->status.load_balancer.ingress.items[i].ip, b->addresses[i]))
			return false;
	return true;
}

static void tell_taken(struct load_balancers *all, const struct object *o, const struct balanced *b)
{
	const struct core_v1_service *holder = b->holder ? b->holder->service : NULL;
	char *text = str_printf("port %d/%.*s of the nodes is taken by %.*s%s%.*s", b->taken,
				STR_ARG(b->protocol),
				STR_ARG(holder ? holder->metadata.namespace : STR("the node")),
				holder ? "/" : "",
				STR_ARG(holder ? holder->metadata.name : STR(" itself")));
	const char *told = map_get(&all->told, o->uid);

	if (!told || strcmp(told, text) != 0)
		event_record(all->recorder, o, EVENT_WARNING, "SyncLoadBalancerFailed", NULL,
			     "Error syncing load balancer: failed to ensure load balancer: %s",
			     text);
	free(map_put(&all->told, o->uid, text));
}

static void apply(struct look *l, const struct balanced *b)
{
	struct load_balancers *all = l->controller->state;
	const struct core_v1_service *s = b->service;
	const struct object *o =
		informer_get(controller_informer(l->controller, API_CORE_V1_SERVICES),
			     s->metadata.namespace, s->metadata.name);

	if (b->taken)
		tell_taken(all, o, b);
	else
		free(map_del(&all->told, o->uid));
	if (has_these(s, b))
		return;
	if (b->n && !s->status.load_balancer.ingress.n)
		event_record(all->recorder, o, EVENT_NORMAL, "EnsuredLoadBalancer", NULL,
			     "Ensured load balancer");
	write_status(l, o, b->addresses, b->n);
}

static bool is_synced(struct controller *c)
{
	return informer_synced(controller_informer(c, API_CORE_V1_SERVICES)) &&
	       informer_synced(controller_informer(c, API_CORE_V1_NODES)) &&
	       informer_synced(controller_informer(c, API_DISCOVERY_V1_ENDPOINTSLICES));
}

static void work(void *ctx, struct str key)
{
	struct controller *c = ctx;

	if (!is_synced(c)) {
		controller_done(c, key, false);
		return;
	}
	struct load_balancers *all = c->state;
	auto_arena arena = { 0 };
	int64_t started = controller_round_start();
	struct look l = { .controller = c, .arena = &arena, .round = round_new(c, key) };

	informer_each(controller_informer(c, API_CORE_V1_SERVICES), STR(""), add_service, &l);
	all->any = l.n > 0;
	if (l.n) {
		informer_each(controller_informer(c, API_CORE_V1_NODES), STR(""), add_node, &l);
		add_own_of_api(&l);
		load_balancer_plan(l.items, l.n, l.nodes, l.nnodes, l.own, l.nown, &arena);
	}
	for (size_t i = 0; i < l.n; i++)
		apply(&l, &l.items[i]);
	free(l.items);
	free(l.nodes);
	free(l.own);
	controller_round_cost(c, started);
	round_close(l.round, false, 0);
}

static void on_service(void *ctx, const struct object *old, const struct object *new)
{
	struct controller *c = ctx;
	struct load_balancers *all = c->state;

	if (!new)
		free(map_del(&all->told, old->uid));
	if (may_matter(old) || may_matter(new))
		controller_add_soon(c, ALL);
}

static void on_other(void *ctx, const struct object *old, const struct object *new)
{
	struct controller *c = ctx;
	const struct load_balancers *all = c->state;

	(void)old;
	(void)new;
	if (all->any)
		controller_add_soon(c, ALL);
}

static void on_synced(void *ctx)
{
	controller_add_soon(ctx, ALL);
}

static int start(struct controller *c, struct err *err)
{
	struct load_balancers *all = NEW(struct load_balancers);

	(void)err;
	all->recorder = event_recorder_new(c->client, clock_real(), c->component);
	c->state = all;
	if (c->config->no_load_balancers)
		return 0;
	controller_queue_start(c, work);
	informer_hook_add(controller_informer(c, API_CORE_V1_SERVICES), on_service, on_synced, c);
	informer_hook_add(controller_informer(c, API_CORE_V1_NODES), on_other, on_synced, c);
	informer_hook_add(controller_informer(c, API_DISCOVERY_V1_ENDPOINTSLICES), on_other,
			  on_synced, c);
	return 0;
}

static void stop(struct controller *c)
{
	struct load_balancers *all = c->state;

	event_recorder_free(all->recorder);
	map_free(&all->told, free);
	free(all);
}

const struct controller_row controller_load_balancer = { .name = "service-controller",
							 .start = start,
							 .stop = stop };

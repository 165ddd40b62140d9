/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/network/service_proxy.h"

#include <stdlib.h>

#include "agent/network/proxy_health.h"
#include "agent/network/service_health.h"
#include "agent/network/service_node.h"
#include "agent/network/service_ranges.h"
#include "agent/network/service_round.h"
#include "api/decode.h"
#include "base/log.h"
#include "base/map.h"
#include "base/mem.h"
#include "client/informer.h"
#include "client/selectors.h"
#include "generated/api_tables.h"

#define SERVICE_LABEL "kubernetes.io/service-name"
#define PROXY_LABEL   "service.kubernetes.io/service-proxy-name" /* some other proxy's Service */
#define CLUSTER_MAX   16
#define RETRY_MS      1000

/* A Service as it is in the kernel. */
struct programmed {
	struct service_elements elements;
};

struct service_proxy {
	struct client *client;
	char *name; /* of this node */
	char **own;
	struct informer *services, *slices;
	int by_service; /* index of slices */
	struct service_node node;
	struct service_ranges ranges;
	bool new_ranges;
	struct service_claims claims;
	struct map programmed;
	struct map dirty, next; /* keys of Services to look at: now; in the round after */
	struct service_rules *rules;
	struct service_health *health;
	struct proxy_health *proxy_health;
	struct loop_later later;
	struct loop_timer retry;
	bool at_work, stopped;
	void (*done)(void *ctx);
	void *ctx;
};

/* --- from objects to elements --- */

struct slices {
	struct service_proxy *proxy;
	struct str ns;
	struct arena *arena;
	struct discovery_v1_endpoint_slice *items;
	size_t n, cap;
};

static bool add_slice(void *ctx, const struct object *o)
{
	struct slices *s = ctx;
	if (!str_eq(o->ns, s->ns))
		return true;
	s->items = mem_array_grow(s->items, &s->cap, s->n + 1, sizeof(*s->items));
	memset(&s->items[s->n], 0, sizeof(*s->items));
	if (object_decode(o, s->arena, api_struct_discovery_v1_endpoint_slice, &s->items[s->n],
			  NULL) == 0)
		s->n++;
	return true;
}

static void elements_of(struct service_proxy *p, struct str ns, struct str name,
			struct service_elements *out)
{
	const struct object *o = informer_get(p->services, ns, name);
	auto_arena arena = { 0 };
	struct core_v1_service service = { 0 };
	struct slices slices = { .proxy = p, .ns = ns, .arena = &arena };
	struct service_view v = { .node = p->name,
				  .zone = p->node.zone,
				  .node_ips = p->node.ips,
				  .nnode_ips = p->node.nips,
				  .claims = &p->claims,
				  .own = (const char *const *)p->own };
	if (o && !object_label(o, STR(PROXY_LABEL)) &&
	    object_decode(o, &arena, api_struct_core_v1_service, &service, NULL) == 0) {
		v.service = &service;
		informer_each_indexed(p->slices, p->by_service, name, add_slice, &slices);
	}
	v.slices = slices.items;
	v.nslices = slices.n;
	service_elements_of(&v, out);
	free(slices.items);
}

/* --- rounds --- */

static void work(void *ctx)
{
	struct service_round *r = ctx;
	service_round_run(r, ((struct service_proxy *)r->ctx)->rules);
}

static void programmed_free(void *value)
{
	struct programmed *p = value;
	service_elements_free(&p->elements);
	free(p);
}

static void keep(struct service_proxy *p, struct service_change *c)
{
	if (!c->after.n)
		return;
	struct programmed *now = NEW(struct programmed);
	now->elements = c->after;
	c->after = (struct service_elements){ 0 };
	map_put(&p->programmed, str_from(c->key), now);
}

static void mark(struct service_proxy *p, struct str key)
{
	map_put(&p->dirty, key, p);
	proxy_health_queued(p->proxy_health);
	if (!p->stopped)
		loop_later(p->client->loop, &p->later);
}

static bool mark_object(void *ctx, const struct object *o)
{
	auto_buf key = { 0 };
	buf_printf(&key, "%.*s/%.*s", STR_ARG(o->ns), STR_ARG(o->name));
	map_put(&((struct service_proxy *)ctx)->dirty, buf_view(&key), ctx);
	return true;
}

/* Everything is given again, after a while. */
static void start_over(struct service_proxy *p)
{
	map_free(&p->programmed, programmed_free);
	p->new_ranges = true;
	informer_each(p->services, STR(""), mark_object, p);
	loop_timer_start(&p->retry, RETRY_MS);
}

static void on_retry_closed(struct loop_timer *t)
{
	struct service_proxy *p = CONTAINER_OF(t, struct service_proxy, retry);
	for (char **o = p->own; *o; o++)
		free(*o);
	free(p->own);
	free(p->name);
	service_node_free(&p->node);
	free(p);
}

/* The last thing: nobody is at work any more. */
static void finish(struct service_proxy *p)
{
	service_rules_free(p->rules);
	map_free(&p->programmed, programmed_free);
	map_free(&p->dirty, NULL);
	service_claims_free(&p->claims);
	p->done(p->ctx);
	loop_timer_close(&p->retry, on_retry_closed);
}

static void worked(void *ctx)
{
	struct service_round *r = ctx;
	struct service_proxy *p = r->ctx;
	for (size_t i = 0; i < r->n; i++)
		keep(p, &r->items[i]);
	p->at_work = false;
	if (p->stopped) {
		finish(p);
	} else if (r->failed) {
		log_error("cannot program Services; trying again",
			  LOG_S("error", err_text(&r->err)));
		start_over(p);
	} else {
		proxy_health_updated(p->proxy_health, r->took_us, p->dirty.count > 0);
		if (p->dirty.count || p->new_ranges)
			loop_later(p->client->loop, &p->later);
	}
	service_round_free(r);
}

/* Services that went without an address that another one has let go. They are looked at in the next round, when it is free. */
static void mark_waiting(struct service_proxy *p)
{
	size_t i = 0;
	struct map_entry *e;
	while ((e = map_next(&p->claims.waiting, &i)))
		map_put(&p->next, e->key, p);
	map_free(&p->claims.waiting, NULL);
}

static void add_change(struct service_proxy *p, struct service_round *r, struct str key)
{
	size_t at = str_find(key, '/');
	struct str ns = str_of(key.p, at), name = str_of(key.p + at + 1, key.n - at - 1);
	struct programmed *now = map_get(&p->programmed, key);
	struct service_change *c = service_round_add(r, key);
	service_claims_begin(&p->claims, key);
	elements_of(p, ns, name, &c->after);
	if (service_claims_end(&p->claims))
		mark_waiting(p);
	service_health_set(p->health, ns, name, c->after.health_port, c->after.local_ready);
	if (!now)
		return;
	c->before = now->elements;
	map_del(&p->programmed, key);
	free(now);
}

static void run(struct loop_later *l)
{
	struct service_proxy *p = CONTAINER_OF(l, struct service_proxy, later);
	if (p->at_work || p->stopped || !informer_synced(p->services) ||
	    !informer_synced(p->slices) || !service_node_synced(&p->node) ||
	    !service_ranges_synced(&p->ranges))
		return;
	struct service_round *r = NEW(struct service_round);
	size_t i = 0;
	struct map_entry *e;
	r->ctx = p;
	while ((e = map_next(&p->dirty, &i)))
		add_change(p, r, e->key);
	map_free(&p->dirty, NULL);
	r->new_ranges = p->new_ranges;
	if (p->new_ranges)
		r->nranges = service_ranges_list(&p->ranges, &r->ranges);
	p->new_ranges = false;
	p->dirty = p->next;
	p->next = (struct map){ 0 };
	p->at_work = true;
	loop_work(p->client->loop, work, worked, r);
}

static void on_retry(struct loop_timer *t)
{
	struct service_proxy *p = CONTAINER_OF(t, struct service_proxy, retry);
	loop_later(p->client->loop, &p->later);
}

/* --- hooks --- */

static void on_service(void *ctx, const struct object *old, const struct object *new)
{
	const struct object *o = new ? new : old;
	auto_buf key = { 0 };
	buf_printf(&key, "%.*s/%.*s", STR_ARG(o->ns), STR_ARG(o->name));
	mark(ctx, buf_view(&key));
}

static void mark_slice(struct service_proxy *p, const struct object *o)
{
	const struct str *service = o ? object_label(o, STR(SERVICE_LABEL)) : NULL;
	auto_buf key = { 0 };
	if (!service)
		return;
	buf_printf(&key, "%.*s/%.*s", STR_ARG(o->ns), STR_ARG(*service));
	mark(p, buf_view(&key));
}

static void on_slice(void *ctx, const struct object *old, const struct object *new)
{
	mark_slice(ctx, old);
	mark_slice(ctx, new);
}

static size_t service_of(const struct object *o, struct str *out, size_t max)
{
	const struct str *service = object_label(o, STR(SERVICE_LABEL));
	if (!service || max == 0)
		return 0;
	out[0] = *service;
	return 1;
}

static void on_node(void *ctx)
{
	struct service_proxy *p = ctx;
	informer_each(p->services, STR(""), mark_object, p);
	loop_later(p->client->loop, &p->later);
}

static void on_ranges(void *ctx)
{
	struct service_proxy *p = ctx;
	p->new_ranges = true;
	loop_later(p->client->loop, &p->later);
}

static void on_synced(void *ctx)
{
	struct service_proxy *p = ctx;
	loop_later(p->client->loop, &p->later);
}

/* --- life --- */

static int parse_cluster(const char *const *texts, struct cidr out[CLUSTER_MAX], size_t *n,
			 struct err *err)
{
	for (*n = 0; *texts && *n < CLUSTER_MAX; texts++, ++*n) {
		int r = cidr_parse(*texts, &out[*n], err);
		if (r < 0)
			return r;
	}
	return 0;
}

static char **copy_list(const char *const *list)
{
	size_t n = 0;
	while (list[n])
		n++;
	char **copy = mem_zalloc((n + 1) * sizeof(*copy));
	for (size_t i = 0; i < n; i++)
		copy[i] = str_dup(str_from(list[i]));
	return copy;
}

int service_proxy_start(const struct service_proxy_config *c, struct service_proxy **out,
			struct err *err)
{
	struct cidr cluster[CLUSTER_MAX];
	size_t n;
	struct service_rules *rules;
	int r = parse_cluster(c->cluster_cidrs, cluster, &n, err);
	if (r == 0)
		r = service_rules_new(cluster, n, &rules, err);
	if (r < 0)
		return r;
	struct service_proxy *p = NEW(struct service_proxy);
	p->client = c->client;
	p->rules = rules;
	p->name = str_dup(str_from(c->node_name));
	p->own = copy_list(c->own_addresses);
	p->health = service_health_new(c->client->loop);
	p->proxy_health = proxy_health_new(c->client->loop, &p->node.eligible);
	loop_later_init(&p->later, run);
	loop_timer_init(c->client->loop, &p->retry, on_retry);
	p->services = informer_new(c->client, API_CORE_V1_SERVICES, STR(""), STR(""), STR(""));
	p->slices =
		informer_new(c->client, API_DISCOVERY_V1_ENDPOINTSLICES, STR(""), STR(""), STR(""));
	p->by_service = informer_index_add(p->slices, service_of);
	informer_hook_add(p->services, on_service, on_synced, p);
	informer_hook_add(p->slices, on_slice, on_synced, p);
	service_node_start(&p->node, c->client, p->name, on_node, p);
	service_ranges_start(&p->ranges, c->client, on_ranges, p);
	informer_start(p->slices);
	informer_start(p->services);
	*out = p;
	return 0;
}

void service_proxy_stop(struct service_proxy *p, void (*done)(void *ctx), void *ctx)
{
	p->stopped = true;
	p->done = done;
	p->ctx = ctx;
	loop_later_cancel(&p->later);
	informer_free(p->services);
	informer_free(p->slices);
	service_node_stop(&p->node);
	service_ranges_stop(&p->ranges);
	service_health_free(p->health);
	proxy_health_free(p->proxy_health);
	if (!p->at_work)
		finish(p);
}

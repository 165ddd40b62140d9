/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/network/service_proxy.h"

#include <stdlib.h>

#include "agent/network/conntrack.h"
#include "agent/network/service_flows.h"
#include "agent/network/service_health.h"
#include "agent/network/service_rules.h"
#include "api/decode.h"
#include "base/log.h"
#include "base/map.h"
#include "base/mem.h"
#include "client/informer.h"
#include "client/selectors.h"
#include "generated/api_tables.h"

#define SERVICE_LABEL "kubernetes.io/service-name"
#define PROXY_LABEL   "service.kubernetes.io/service-proxy-name" /* some other proxy's Service */
#define ZONE_LABEL    "topology.kubernetes.io/zone"
#define CLUSTER_MAX   16
#define NODE_IPS_MAX  4
#define RETRY_MS      1000

/* A Service as it is in the kernel. */
struct programmed {
	struct service_elements elements;
};

struct change {
	char *key; /* "ns/name" */
	struct service_elements before, after;
};

/* What one worker run carries out. */
struct round {
	struct service_proxy *proxy;
	struct change *items;
	size_t n, cap;
	bool failed;
	struct err err;
};

struct service_proxy {
	struct client *client;
	char *node, *zone;
	char **own;
	struct informer *services, *slices, *nodes;
	int by_service;              /* index of slices */
	struct ip ips[NODE_IPS_MAX]; /* of this node */
	size_t nips;
	struct service_claims claims;
	struct map programmed;
	struct map dirty, next; /* keys of Services to look at: now; in the round after */
	struct service_rules *rules;
	struct service_health *health;
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
	struct service_view v = { .node = p->node,
				  .zone = p->zone,
				  .node_ips = p->ips,
				  .nnode_ips = p->nips,
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

/* --- the worker --- */

static void forget_flows(struct round *r)
{
	struct service_flows flows = { 0 };
	auto_err err = { 0 };
	for (size_t i = 0; i < r->n; i++)
		service_flows_add(&flows, &r->items[i].before, &r->items[i].after);
	if (service_flows_any(&flows) &&
	    conntrack_forget_udp(service_flows_stale, &flows, &err) < 0)
		log_warn("clients may keep sending to endpoints that are gone",
			 LOG_S("error", err_text(&err)));
	service_flows_free(&flows);
}

static void work(void *ctx)
{
	struct round *r = ctx;
	struct service_rules *rules = r->proxy->rules;
	for (size_t i = 0; i < r->n; i++)
		service_rules_change(rules, &r->items[i].before, &r->items[i].after);
	r->failed = service_rules_commit(rules, &r->err) < 0;
	if (!r->failed)
		forget_flows(r);
}

/* --- rounds --- */

static void programmed_free(void *value)
{
	struct programmed *p = value;
	service_elements_free(&p->elements);
	free(p);
}

static void keep(struct service_proxy *p, struct change *c)
{
	struct programmed *now;
	if (!c->after.n) {
		service_elements_free(&c->after);
		return;
	}
	now = NEW(struct programmed);
	now->elements = c->after;
	map_put(&p->programmed, str_from(c->key), now);
}

static void mark(struct service_proxy *p, struct str key)
{
	map_put(&p->dirty, key, p);
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
	informer_each(p->services, STR(""), mark_object, p);
	loop_timer_start(&p->retry, RETRY_MS);
}

static void on_retry_closed(struct loop_timer *t)
{
	struct service_proxy *p = CONTAINER_OF(t, struct service_proxy, retry);
	for (char **o = p->own; *o; o++)
		free(*o);
	free(p->own);
	free(p->node);
	free(p->zone);
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
	struct round *r = ctx;
	struct service_proxy *p = r->proxy;
	for (size_t i = 0; i < r->n; i++) {
		service_elements_free(&r->items[i].before);
		keep(p, &r->items[i]);
		free(r->items[i].key);
	}
	p->at_work = false;
	if (p->stopped) {
		finish(p);
	} else if (r->failed) {
		log_error("cannot program Services; trying again",
			  LOG_S("error", err_text(&r->err)));
		start_over(p);
	} else if (p->dirty.count) {
		loop_later(p->client->loop, &p->later);
	}
	err_clear(&r->err);
	free(r->items);
	free(r);
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

static void add_change(struct service_proxy *p, struct round *r, struct str key)
{
	size_t at = str_find(key, '/');
	struct str ns = str_of(key.p, at), name = str_of(key.p + at + 1, key.n - at - 1);
	struct programmed *now = map_get(&p->programmed, key);
	r->items = mem_array_grow(r->items, &r->cap, r->n + 1, sizeof(*r->items));
	struct change *c = &r->items[r->n++];
	*c = (struct change){ .key = str_dup(key) };
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
	    !informer_synced(p->slices) || !informer_synced(p->nodes))
		return;
	struct round *r = NEW(struct round);
	size_t i = 0;
	struct map_entry *e;
	r->proxy = p;
	while ((e = map_next(&p->dirty, &i)))
		add_change(p, r, e->key);
	map_free(&p->dirty, NULL);
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

static size_t internal_ips(const struct object *o, struct ip out[NODE_IPS_MAX])
{
	auto_arena arena = { 0 };
	struct core_v1_node node = { 0 };
	size_t n = 0;
	if (object_decode(o, &arena, api_struct_core_v1_node, &node, NULL) < 0)
		return 0;
	for (size_t i = 0; i < node.status.addresses.n && n < NODE_IPS_MAX; i++) {
		const struct core_v1_node_address *a = &node.status.addresses.items[i];
		char text[IP_TEXT_MAX];
		if (!str_eqz(a->type, "InternalIP") || a->address.n >= sizeof(text))
			continue;
		memcpy(text, a->address.p, a->address.n);
		text[a->address.n] = '\0';
		n += ip_parse(text, &out[n]);
	}
	return n;
}

/* The zone of the node decides which endpoints are near, its addresses who may come. */
static void on_node(void *ctx, const struct object *old, const struct object *new)
{
	struct service_proxy *p = ctx;
	const struct str *label = new ? object_label(new, STR(ZONE_LABEL)) : NULL;
	struct str zone = label ? *label : STR("");
	struct ip ips[NODE_IPS_MAX] = { 0 };
	size_t n = new ? internal_ips(new, ips) : 0;
	(void)old;
	if (str_eqz(zone, p->zone) && n == p->nips && memcmp(ips, p->ips, sizeof(ips)) == 0)
		return;
	free(p->zone);
	p->zone = str_dup(zone);
	memcpy(p->ips, ips, sizeof(ips));
	p->nips = n;
	informer_each(p->services, STR(""), mark_object, p);
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
	p->node = str_dup(str_from(c->node_name));
	p->zone = str_dup(STR(""));
	p->own = copy_list(c->own_addresses);
	p->health = service_health_new(c->client->loop);
	loop_later_init(&p->later, run);
	loop_timer_init(c->client->loop, &p->retry, on_retry);
	auto_free char *me = str_printf("metadata.name=%s", c->node_name);
	p->services = informer_new(c->client, API_CORE_V1_SERVICES, STR(""), STR(""), STR(""));
	p->slices =
		informer_new(c->client, API_DISCOVERY_V1_ENDPOINTSLICES, STR(""), STR(""), STR(""));
	p->nodes = informer_new(c->client, API_CORE_V1_NODES, STR(""), STR(""), str_from(me));
	p->by_service = informer_index_add(p->slices, service_of);
	informer_hook_add(p->services, on_service, on_synced, p);
	informer_hook_add(p->slices, on_slice, on_synced, p);
	informer_hook_add(p->nodes, on_node, on_synced, p);
	informer_start(p->nodes);
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
	informer_free(p->nodes);
	service_health_free(p->health);
	if (!p->at_work)
		finish(p);
}

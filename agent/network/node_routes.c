/* SPDX-License-Identifier: Apache-2.0 */
/* Nodes change ─► (end of turn) a round: every node's ranges and addresses ─► worker: routes, device, entries; ours that are left over
 * go. A round says everything again: it is cheap, and heals what somebody else removed. */
#include "agent/network/node_routes.h"

#include "agent/network/node_link.h"
#include "api/decode.h"
#include "base/log.h"
#include "base/mem.h"
#include "client/informer.h"
#include "generated/api_tables.h"

#define RETRY_MS 2000

struct peer {
	struct cidr pods[2];
	size_t npods;
	struct ip addresses[2]; /* IPv4, IPv6; family 0: none */
	unsigned char mac[6];
};
struct round {
	struct node_routes *routes;
	struct peer own, *peers;
	size_t n, cap;
	struct netlink nl;
	int vxlan; /* its index; 0: not needed yet */
	bool failed;
	struct err err;
};
struct node_routes {
	struct client *client;
	char *own_name;
	struct informer *nodes;
	struct loop_later later;
	struct loop_timer retry;
	bool at_work, again, stopped;
};

/* --- on the worker --- */

static size_t family_at(const struct ip *ip)
{
	return ip->family == AF_INET6;
}

/* The underlay is of the first family that both have: all packets of the device are of one family. */
static const struct ip *underlay_of(const struct round *r, const struct peer *p)
{
	for (size_t f = 0; f < 2; f++)
		if (r->own.addresses[f].family)
			return p->addresses[f].family ? &p->addresses[f] : NULL;
	return NULL;
}

static int vxlan_make(struct round *r, int underlay, struct err *err)
{
	struct node_vxlan v = { .underlay = underlay };
	if (r->vxlan)
		return 0;
	v.local = r->own.addresses[r->own.addresses[0].family ? 0 : 1];
	memcpy(v.mac, r->own.mac, sizeof(v.mac));
	int e = node_vxlan_ensure(&r->nl, &v, &r->vxlan, err);
	if (e < 0)
		return e;
	struct netlink_batch b = { 0 };
	for (size_t i = 0; i < r->own.npods; i++) /* what this machine itself is called there */
		address_add(&b, r->vxlan, &r->own.pods[i].base, ip_bits(&r->own.pods[i].base));
	return netlink_commit(&r->nl, &b, 0, NULL, err);
}

static int through_vxlan(struct round *r, const struct peer *p, const struct cidr *to,
			 struct err *err)
{
	struct node_way way;
	const struct ip *remote = underlay_of(r, p);
	if (!remote || node_way_find(&r->nl, remote, &way, NULL) < 0 || way.is_local)
		return err_set(err, ERR_UNAVAILABLE, "no way to the other machine");
	int e = vxlan_make(r, way.index, err);
	if (e < 0)
		return e;
	struct netlink_batch b = { 0 };
	node_vxlan_peer(&b, r->vxlan, p->mac, remote);
	neighbour_add(&b, r->vxlan, &to->base, p->mac);
	node_route_add(&b, r->vxlan, to, &to->base, true);
	return netlink_commit(&r->nl, &b, 0, NULL, err);
}

static int peer_route(struct round *r, const struct peer *p, const struct cidr *to, struct err *err)
{
	struct node_way way;
	const struct ip *address = &p->addresses[family_at(&to->base)];
	if (!address->family || node_way_find(&r->nl, address, &way, NULL) < 0 || !way.on_link)
		return through_vxlan(r, p, to, err);
	struct netlink_batch b = { 0 };
	node_route_add(&b, way.index, to, address, false);
	return netlink_commit(&r->nl, &b, 0, NULL, err);
}

static bool is_wanted(void *ctx, const struct cidr *to)
{
	const struct round *r = ctx;
	for (size_t i = 0; i < r->n; i++)
		for (size_t k = 0; k < r->peers[i].npods; k++)
			if (ip_equal(&r->peers[i].pods[k].base, &to->base) &&
			    r->peers[i].pods[k].prefix == to->prefix)
				return true;
	return false;
}

static void peers_route(struct round *r)
{
	for (size_t i = 0; i < r->n; i++)
		for (size_t k = 0; k < r->peers[i].npods; k++) {
			auto_err err = { 0 };
			if (peer_route(r, &r->peers[i], &r->peers[i].pods[k], &err) == 0)
				continue;
			r->failed = true;
			err_move(&r->err, &err);
		}
}

static void work(void *ctx)
{
	struct round *r = ctx;
	if (netlink_open(&r->nl, NETLINK_ROUTE, &r->err) < 0) {
		r->failed = true;
		return;
	}
	peers_route(r);
	if (node_routes_sweep(&r->nl, is_wanted, r, &r->err) < 0)
		r->failed = true;
	if (!r->vxlan && !r->failed)
		node_vxlan_remove(&r->nl);
	netlink_close(&r->nl);
}

/* --- on the loop --- */

static void peer_read(const struct core_v1_node *node, struct peer *p)
{
	for (size_t i = 0; i < node->spec.pod_cidrs.n && p->npods < COUNT_OF(p->pods); i++)
		if (cidr_parse(node->spec.pod_cidrs.items[i].p, &p->pods[p->npods], NULL) == 0)
			p->npods++;
	for (size_t i = 0; i < node->status.addresses.n; i++) {
		const struct core_v1_node_address *a = &node->status.addresses.items[i];
		struct ip ip;
		if (!str_eqz(a->type, "InternalIP") || !ip_parse(a->address.p, &ip))
			continue;
		if (!p->addresses[family_at(&ip)].family)
			p->addresses[family_at(&ip)] = ip;
	}
	node_vxlan_mac(node->metadata.name, p->mac);
}

static bool add_peer(void *ctx, const struct object *o)
{
	struct round *r = ctx;
	auto_arena a = { 0 };
	struct core_v1_node node = { 0 };
	struct peer p = { 0 };
	if (object_decode(o, &a, api_struct_core_v1_node, &node, NULL) < 0)
		return true;
	peer_read(&node, &p);
	if (str_eqz(o->name, r->routes->own_name)) {
		r->own = p;
		return true;
	}
	r->peers = mem_array_grow(r->peers, &r->cap, r->n + 1, sizeof(*r->peers));
	r->peers[r->n++] = p;
	return true;
}

static void on_retry_closed(struct loop_timer *t)
{
	struct node_routes *r = CONTAINER_OF(t, struct node_routes, retry);
	free(r->own_name);
	free(r);
}

static void worked(void *ctx)
{
	struct round *round = ctx;
	struct node_routes *r = round->routes;
	r->at_work = false;
	if (round->failed)
		log_warn("not all nodes' pods can be reached; trying again",
			 LOG_S("error", err_text(&round->err)));
	if (r->stopped)
		loop_timer_close(&r->retry, on_retry_closed);
	else if (round->failed)
		loop_timer_start(&r->retry, RETRY_MS);
	else if (r->again)
		loop_later(r->client->loop, &r->later);
	err_clear(&round->err);
	free(round->peers);
	free(round);
}

static void run_round(struct loop_later *t)
{
	struct node_routes *r = CONTAINER_OF(t, struct node_routes, later);
	r->again = r->at_work;
	if (r->at_work || r->stopped || !informer_synced(r->nodes))
		return;
	struct round *round = NEW(struct round);
	round->routes = r;
	informer_each(r->nodes, STR(""), add_peer, round);
	r->at_work = true;
	loop_work(r->client->loop, work, worked, round);
}

static void on_retry(struct loop_timer *t)
{
	run_round(&CONTAINER_OF(t, struct node_routes, retry)->later);
}

static void on_synced(void *ctx)
{
	struct node_routes *r = ctx;
	loop_later(r->client->loop, &r->later);
}

static void on_node(void *ctx, const struct object *old, const struct object *new)
{
	(void)old;
	(void)new;
	on_synced(ctx);
}

struct node_routes *node_routes_start(struct client *client, const char *own_name)
{
	struct node_routes *r = NEW(struct node_routes);
	r->client = client;
	r->own_name = str_dup(str_from(own_name));
	loop_later_init(&r->later, run_round);
	loop_timer_init(client->loop, &r->retry, on_retry);
	r->nodes = informer_new(client, API_CORE_V1_NODES, STR(""), STR(""), STR(""));
	informer_hook_add(r->nodes, on_node, on_synced, r);
	informer_start(r->nodes);
	return r;
}

void node_routes_stop(struct node_routes *r)
{
	if (!r)
		return;
	r->stopped = true;
	loop_later_cancel(&r->later);
	informer_free(TAKE(r->nodes));
	if (!r->at_work)
		loop_timer_close(&r->retry, on_retry_closed);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "server/apiserver/registry/ip_address.h"

#include "api/codec.h"
#include "api/object/meta.h"
#include "base/clock.h"
#include "base/encode.h"
#include "server/apiserver/write/write.h"

#define MANAGED_BY "ipaddress.kubernetes.io/managed-by"
#define FAMILY     "ipaddress.kubernetes.io/ip-family"
#define ALLOCATOR  "ipallocator.k8s.io"

static const struct api_resource *addresses(void)
{
	return api_resource_find(STR("networking.k8s.io"), STR("v1"), STR("ipaddresses"));
}

static json_t *tree_new(const char *ip, struct str ns, struct str name, int64_t now_s)
{
	char uid[UUID_TEXT + 1], now[TIME_TEXT_MAX];
	struct managed_by by = { .manager = STR("kube-apiserver"),
				 .operation = STR("Update"),
				 .api_version = STR("networking.k8s.io/v1"),
				 .now_s = now_s };
	uuid_new(uid);
	time_format(now_s, now);
	json_t *tree = json_pack("{s:s,s:s,s:{s:s,s:s,s:s,s:{s:s,s:s}},s:{s:{s:s,s:s#,s:s#}}}",
				 "apiVersion", "networking.k8s.io/v1", "kind", "IPAddress",
				 "metadata", "name", ip, "uid", uid, "creationTimestamp", now,
				 "labels", FAMILY, service_ip_family(ip) == 6 ? "IPv6" : "IPv4",
				 MANAGED_BY, ALLOCATOR, "spec", "parentRef", "resource", "services",
				 "namespace", ns.p, (int)ns.n, "name", name.p, (int)name.n);
	managed_update(addresses(), NULL, tree, &by, NULL);
	return tree;
}

static struct object *object_of(const char *ip, struct str ns, struct str name, int64_t now_s,
				struct err *err)
{
	json_t *tree = tree_new(ip, ns, name, now_s);
	auto_buf json = { 0 };
	auto_buf key = { 0 };
	struct object *o = NULL;
	object_key(addresses(), STR(""), str_from(ip), &key);
	if (api_json_write(addresses()->type, tree, true, &json, err) == 0)
		object_new(addresses(), buf_view(&key), buf_view(&json), &o, err);
	json_decref(tree);
	return o;
}

int ip_address_also(struct write *w, const char *ip)
{
	auto_err err = { 0 };
	char text[IP_TEXT_MAX];
	if (w->r->opt.dry_run)
		return 0;
	ip_canonical(ip, text);
	struct object *o = object_of(text, w->ns, w->name, clock_wall_s(w->r->server->clock), &err);
	if (o)
		write_also(w, o, STORE_ABSENT);
	return o ? 0 : -(int)ERR_INTERNAL;
}

/* ---- transactions of their own ---- */

struct change { /* freed with the answer */
	struct store_txn txn;
	struct store_op op;
	struct object *object;
	char *key;
};

static void change_done(struct store_txn *txn)
{
	struct change *c = CONTAINER_OF(txn, struct change, txn);
	err_clear(&c->txn.err);
	object_unref(c->object);
	free(c->key);
	free(c);
}

static void change_send(struct apiserver *s, struct change *c)
{
	c->txn.ops = &c->op;
	c->txn.nops = 1;
	c->txn.loop = s->loops[0];
	c->txn.done = change_done;
	c->txn.failed_op = -1;
	s->store->ops->txn(s->store, &c->txn);
}

void ip_address_remove(struct apiserver *s, const char *ip)
{
	struct change *c = NEW(struct change);
	auto_buf key = { 0 };
	char text[IP_TEXT_MAX];
	ip_canonical(ip, text);
	object_key(addresses(), STR(""), str_from(text), &key);
	c->key = str_dup(buf_view(&key));
	c->op = (struct store_op){ .type = STORE_DELETE,
				   .key = str_from(c->key),
				   .expect = STORE_ANY };
	change_send(s, c);
}

static void address_make(struct apiserver *s, const char *ip, struct str ns, struct str name)
{
	auto_err err = { 0 };
	struct object *o = object_of(ip, ns, name, clock_wall_s(s->clock), &err);
	if (!o)
		return;
	struct change *c = NEW(struct change);
	c->object = o;
	c->op = (struct store_op){ .type = STORE_PUT,
				   .key = o->key,
				   .value = o->json,
				   .expect = STORE_ABSENT,
				   .item = o };
	change_send(s, c);
}

/* ---- repair ---- */

static bool service_has(struct apiserver *s, struct str ns, struct str name, const char *ip)
{
	struct object *o = lookup_core(s, "services", ns, name);
	json_t *tree = o ? object_tree(o, NULL) : NULL, *one;
	bool has = false;
	size_t i;
	json_array_foreach (tree_get(tree, "spec", "clusterIPs", NULL), i, one)
		has = has || str_eqz(tree_str(one), ip);
	json_decref(tree);
	object_unref(o);
	return has;
}

static bool service_repair(void *ctx, const struct object *o)
{
	struct apiserver *s = ctx;
	json_t *tree = object_tree(o, NULL), *one;
	size_t i;
	json_array_foreach (tree_get(tree, "spec", "clusterIPs", NULL), i, one) {
		auto_buf key = { 0 };
		object_key(addresses(), STR(""), tree_str(one), &key);
		const struct object *there =
			cache_get(server_cache(s, addresses()), buf_view(&key));
		if (!there && service_ip_family(json_string_value(one)))
			address_make(s, json_string_value(one), o->ns, o->name);
		object_unref(there);
	}
	json_decref(tree);
	return true;
}

/* One that is ours and belongs to no Service goes; any other keeps its address from being given out. */
static bool address_repair(void *ctx, const struct object *o)
{
	struct apiserver *s = ctx;
	json_t *tree = object_tree(o, NULL);
	const json_t *parent = tree_get(tree, "spec", "parentRef", NULL);
	bool used = service_has(s, tree_get_str(parent, "namespace", NULL),
				tree_get_str(parent, "name", NULL), o->name.p);
	if (!used && str_eqz(meta_label(tree, MANAGED_BY), ALLOCATOR))
		ip_address_remove(s, o->name.p);
	else if (!used)
		service_ip_take(&s->ranges, o->name.p, NULL);
	json_decref(tree);
	return true;
}

void ip_addresses_repair(struct apiserver *s)
{
	const struct api_resource *services =
		api_resource_find(STR(""), STR("v1"), STR("services"));
	struct cache_view view;
	cache_view_now(server_cache(s, services), &view);
	cache_view_each(&view, str_from(services->storage_prefix), STR(""), service_repair, s);
	cache_view_close(&view);
	cache_view_now(server_cache(s, addresses()), &view);
	cache_view_each(&view, str_from(addresses()->storage_prefix), STR(""), address_repair, s);
	cache_view_close(&view);
}

/* ---- those that others write ---- */

void ip_address_strategy_committed(struct write *w)
{
	if (!w->old)
		service_ip_take(&w->r->server->ranges, w->object->name.p, NULL);
}

void ip_address_strategy_deleted(struct apiserver *s, const struct object *o)
{
	json_t *tree = object_tree(o, NULL);
	const json_t *parent = tree_get(tree, "spec", "parentRef", NULL);
	struct str ns = tree_get_str(parent, "namespace", NULL),
		   name = tree_get_str(parent, "name", NULL);
	if (service_has(s, ns, name, o->name.p))
		address_make(s, o->name.p, ns, name);
	else
		service_ip_give_back(&s->ranges, o->name.p);
	json_decref(tree);
}

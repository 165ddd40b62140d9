/* SPDX-License-Identifier: Apache-2.0 */
/* Services: IP families, cluster IPs and node ports. Follows upstream's registry/core/service/storage (alloc.go and
 * storage.go): what a client leaves out is filled from the old version, then from the cluster's ranges; what it names is
 * reserved or refused. */
#include "api/object/meta.h"
#include "api/validation/validation.h"
#include "base/map.h"
#include "base/mem.h"
#include "server/apiserver/registry/service_alloc.h"
#include "server/apiserver/write/write.h"

static json_t *spec_of(json_t *service)
{
	json_t *spec = json_object_get(service, "spec");
	if (!json_is_object(spec)) {
		spec = json_object();
		json_object_set_new(service, "spec", spec);
	}
	return spec;
}

static struct str type_of(const json_t *spec)
{
	struct str type = tree_get_str(spec, "type", NULL);
	return type.n ? type : STR("ClusterIP");
}

static bool needs_cluster_ip(const json_t *spec)
{
	return !str_eqz(type_of(spec), "ExternalName");
}

static bool needs_node_port(const json_t *spec)
{
	struct str type = type_of(spec);
	if (str_eqz(type, "NodePort"))
		return true;
	return str_eqz(type, "LoadBalancer") &&
	       !json_is_false(json_object_get(spec, "allocateLoadBalancerNodePorts"));
}

static bool needs_health_port(const json_t *spec)
{
	return str_eqz(type_of(spec), "LoadBalancer") &&
	       str_eqz(tree_get_str(spec, "externalTrafficPolicy", NULL), "Local");
}

/* clusterIP is clusterIPs[0]: who speaks of one speaks of both. */
static void ips_normalize(json_t *spec, const json_t *old)
{
	struct str ip = tree_get_str(spec, "clusterIP", NULL),
		   before = tree_get_str(old, "clusterIP", NULL);
	json_t *ips = json_object_get(spec, "clusterIPs"),
	       *had = json_object_get(old, "clusterIPs");
	if (json_array_size(ips) == 0 && json_array_size(had) && str_eq(ip, before)) {
		json_object_set_new(spec, "clusterIPs",
				    tree_copy(had)); /* a client that knows only the one */
		return;
	}
	if (json_array_size(ips) == 0 && ip.n) {
		json_object_set_new(spec, "clusterIPs", json_pack("[s#]", ip.p, (int)ip.n));
		return;
	}
	if (json_array_size(ips) == 0 || !old)
		return;
	if (!str_eq(ip, before) && json_equal(ips, had)) {
		if (ip.n)
			json_object_set_new(spec, "clusterIPs", json_pack("[s#]", ip.p, (int)ip.n));
		else
			json_object_del(spec, "clusterIPs");
	}
}

int service_strategy_create(struct write *w, struct err *err)
{
	json_t *spec = spec_of(w->tree);
	(void)err;
	json_object_set_new(w->tree, "status", json_pack("{s:{}}", "loadBalancer"));
	ips_normalize(spec, NULL);
	return 0;
}

static void keep(json_t *spec, const json_t *old, const char *field)
{
	json_t *value = json_object_get(old, field);
	if (value && !json_object_get(spec, field))
		json_object_set(spec, field, value);
}

static const json_t *port_like(const json_t *ports, const json_t *wanted)
{
	for (size_t i = 0; i < json_array_size(ports); i++) {
		const json_t *p = json_array_get(ports, i);
		if (json_equal(json_object_get(p, "port"), json_object_get(wanted, "port")) &&
		    str_eq(tree_get_str(p, "protocol", NULL),
			   tree_get_str(wanted, "protocol", NULL)))
			return p;
	}
	return NULL;
}

static void node_ports_keep(json_t *spec, const json_t *old)
{
	json_t *ports = json_object_get(spec, "ports");
	for (size_t i = 0; i < json_array_size(ports); i++) {
		json_t *p = json_array_get(ports, i);
		const json_t *was = port_like(json_object_get(old, "ports"), p);
		if (was && tree_int(json_object_get(p, "nodePort"), 0) == 0 &&
		    json_object_get(was, "nodePort"))
			json_object_set(p, "nodePort", json_object_get(was, "nodePort"));
	}
}

static bool is_balancer(const json_t *spec)
{
	return str_eqz(type_of(spec), "LoadBalancer");
}

static bool takes_outside_traffic(const json_t *spec)
{
	return is_balancer(spec) || str_eqz(type_of(spec), "NodePort") ||
	       (str_eqz(type_of(spec), "ClusterIP") &&
		json_array_size(json_object_get(spec, "externalIPs")));
}

static void drop_unchanged(json_t *spec, const json_t *old, const char *field)
{
	if (json_equal(json_object_get(spec, field), json_object_get(old, field)))
		json_object_del(spec, field);
}

/* Asked for by number, a balancer has one even where none are given out. */
static bool may_have_node_port(const json_t *spec)
{
	return str_eqz(type_of(spec), "NodePort") || is_balancer(spec);
}

/* A type that has no use for a field takes the old value of it away, but not one that the client just set. */
static void type_change(json_t *spec, const json_t *old)
{
	static const char *const of_ip[] = { "clusterIP", "clusterIPs", "ipFamilies",
					     "ipFamilyPolicy", "internalTrafficPolicy" };
	if (needs_cluster_ip(old) && !needs_cluster_ip(spec))
		for (size_t i = 0; i < COUNT_OF(of_ip); i++)
			drop_unchanged(spec, old, of_ip[i]);
	if (may_have_node_port(old) && !may_have_node_port(spec)) {
		json_t *ports = json_object_get(spec, "ports");
		for (size_t i = 0; i < json_array_size(ports); i++) {
			json_t *p = json_array_get(ports, i);
			const json_t *was = port_like(json_object_get(old, "ports"), p);
			if (was && json_equal(json_object_get(p, "nodePort"),
					      json_object_get(was, "nodePort")))
				json_object_del(p, "nodePort");
		}
	}
	if (needs_health_port(old) && !needs_health_port(spec))
		drop_unchanged(spec, old, "healthCheckNodePort");
	if (takes_outside_traffic(old) && !takes_outside_traffic(spec))
		drop_unchanged(spec, old, "externalTrafficPolicy");
	if (is_balancer(old) && !is_balancer(spec)) {
		drop_unchanged(spec, old, "allocateLoadBalancerNodePorts");
		drop_unchanged(spec, old, "loadBalancerClass");
	}
}

/* Upstream gives ports out before it looks at the object: what it can't give twice is no complaint about a field. */
static int node_ports_once(const json_t *spec, struct err *err)
{
	struct map seen = { 0 };
	size_t i;
	json_t *p;
	int e = 0;
	json_array_foreach (json_object_get(spec, "ports"), i, p) {
		int64_t number = tree_int(json_object_get(p, "nodePort"), 0);
		auto_free char *text =
			str_printf("{%s %lld}", json_string_value(json_object_get(p, "protocol")),
				   (long long)number);
		if (e == 0 && number && map_put(&seen, str_from(text), p))
			e = err_set(err, ERR_UNKNOWN, "duplicate nodePort: %s", text);
	}
	map_free(&seen, NULL);
	return e;
}

int service_strategy_update(struct write *w, struct err *err)
{
	json_t *spec = spec_of(w->tree);
	const json_t *old = json_object_get(w->old, "spec");
	if (needs_cluster_ip(spec) && needs_cluster_ip(old)) {
		if (tree_get_str(spec, "clusterIP", NULL).n == 0)
			json_object_del(spec, "clusterIP");
		keep(spec, old, "clusterIP");
		keep(spec, old, "ipFamilyPolicy");
		if (json_array_size(json_object_get(spec, "clusterIPs")) == 0)
			json_object_del(spec, "clusterIPs");
		keep(spec, old, "clusterIPs");
		keep(spec, old, "ipFamilies");
	}
	if (needs_node_port(spec) && needs_node_port(old))
		node_ports_keep(spec, old);
	if (needs_health_port(spec) && needs_health_port(old))
		keep(spec, old, "healthCheckNodePort");
	ips_normalize(spec, old);
	type_change(spec, old);
	return may_have_node_port(spec) ? node_ports_once(spec, err) : 0;
}

void service_strategy_deleted(struct apiserver *s, const struct object *o)
{
	json_t *tree = object_tree(o, NULL);
	service_release(s, json_object_get(tree, "spec"), NULL);
	json_decref(tree);
}

void service_strategy_committed(struct write *w)
{
	if (w->old)
		service_release(w->r->server, json_object_get(w->old, "spec"),
				json_object_get(w->tree, "spec"));
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "server/apiserver/registry/service_alloc.h"

#include <stdio.h>

#include "api/object/meta.h"
#include "api/validation/validation.h"
#include "server/apiserver/registry/ip_address.h"
#include "server/apiserver/write/write.h"

static const char *const family_names[2] = { "IPv4", "IPv6" };

static int family_of_name(struct str name)
{
	return str_eqz(name, "IPv6") ? 6 : 4;
}

static const char *name_of_family(int family)
{
	return family_names[family == 6];
}

static int invalid(struct write *w, const char *field, const char *type, struct err *err,
		   const char *why)
{
	err_cause(err, type, field, "%s", why);
	return validate_finish("Service", "", w->name, err);
}

static void give_back_ip(struct apiserver *s, const char *text, int number)
{
	(void)number;
	service_ip_give_back(&s->ranges, text);
}

static void give_back_port(struct apiserver *s, const char *protocol, int port)
{
	port_give_back(&s->ports, port_protocol_of(str_from(protocol)), port);
}

/* How many families the service gets, and whether the cluster has them. */
static int families_wanted(struct write *w, const json_t *spec, bool headless_bare, size_t *out,
			   struct err *err)
{
	struct str policy = tree_get_str(spec, "ipFamilyPolicy", NULL);
	size_t have = w->r->server->ranges.n;
	*out = 1;
	if (headless_bare && !str_eqz(policy, "SingleStack")) {
		*out = 2; /* no address is needed, so any family may be named */
		return 0;
	}
	if (str_eqz(policy, "PreferDualStack"))
		*out = have;
	if (str_eqz(policy, "RequireDualStack")) {
		if (have < 2)
			return invalid(w, "spec.ipFamilyPolicy", "FieldValueInvalid", err,
				       "Invalid value: \"RequireDualStack\": this cluster is not "
				       "configured for dual-stack services");
		*out = 2;
	}
	return 0;
}

static int families_set(struct write *w, json_t *spec, struct err *err)
{
	const struct service_ranges *ranges = &w->r->server->ranges;
	bool headless = str_eqz(tree_get_str(spec, "clusterIP", NULL), "None");
	bool bare = headless && json_object_size(json_object_get(spec, "selector")) == 0;
	json_t *families = json_object_get(spec, "ipFamilies"),
	       *ips = json_object_get(spec, "clusterIPs");
	size_t wanted;
	if (!json_object_get(spec, "ipFamilyPolicy")) {
		bool two =
			json_array_size(families) == 2 || (!headless && json_array_size(ips) == 2);
		json_object_set_new(spec, "ipFamilyPolicy",
				    json_string(bare || two ? "RequireDualStack" : "SingleStack"));
	}
	int e = families_wanted(w, spec, bare, &wanted, err);
	if (e < 0)
		return e;
	if (!json_is_array(families)) {
		families = json_array();
		json_object_set_new(spec, "ipFamilies", families);
	}
	for (size_t i = json_array_size(families); !headless && i < json_array_size(ips); i++) {
		struct str ip = tree_str(json_array_get(ips, i));
		json_array_append_new(families,
				      json_string(name_of_family(service_ip_family(ip.p))));
	}
	if (json_array_size(families) == 0)
		json_array_append_new(families,
				      json_string(name_of_family(ranges->range[0].family)));
	if (json_array_size(families) < wanted) {
		int first = family_of_name(tree_str(json_array_get(families, 0)));
		json_array_append_new(families, json_string(name_of_family(first == 4 ? 6 : 4)));
	}
	while (json_array_size(families) > wanted)
		json_array_remove(families, json_array_size(families) - 1);
	return 0;
}

static int families_check(struct write *w, const json_t *spec, struct err *err)
{
	const struct service_ranges *ranges = &w->r->server->ranges;
	const json_t *families = json_object_get(spec, "ipFamilies");
	bool headless = str_eqz(tree_get_str(spec, "clusterIP", NULL), "None");
	for (size_t i = 0; !headless && i < json_array_size(families); i++) {
		struct str name = tree_str(json_array_get(families, i));
		bool known = false;
		for (size_t k = 0; k < ranges->n; k++)
			known = known || ranges->range[k].family == family_of_name(name);
		if (known)
			continue;
		char field[64];
		snprintf(field, sizeof(field), "spec.ipFamilies[%zu]", i);
		err_cause(err, "FieldValueInvalid", field,
			  "Invalid value: \"%.*s\": not configured on this cluster", STR_ARG(name));
		return validate_finish("Service", "", w->name, err);
	}
	return 0;
}

static bool had_ip(const struct write *w, const char *ip)
{
	const json_t *ips = tree_get(w->old, "spec", "clusterIPs", NULL);
	for (size_t i = 0; i < json_array_size(ips); i++)
		if (str_eqz(tree_str(json_array_get(ips, i)), ip))
			return true;
	return false;
}

static int ip_take(struct write *w, struct str asked, int family, char out[IP_TEXT_MAX],
		   struct err *err)
{
	struct service_ranges *ranges = &w->r->server->ranges;
	auto_err why = { 0 };
	if (asked.n == 0) {
		int e = service_ip_take_next(ranges, family, out, err);
		if (e == 0)
			write_hold(w, give_back_ip, out, 0);
		return e < 0 ? e : ip_address_also(w, out);
	}
	snprintf(out, IP_TEXT_MAX, "%.*s", STR_ARG(asked));
	if (had_ip(w, out))
		return 0;
	if (service_ip_take(ranges, out, &why) < 0) {
		err_cause(err, "FieldValueInvalid", "spec.clusterIPs",
			  "Invalid value: [\"%s\"]: %s", out, err_text(&why));
		return validate_finish("Service", "", w->name, err);
	}
	write_hold(w, give_back_ip, out, 0);
	return ip_address_also(w, out);
}

static int ips_allocate(struct write *w, json_t *spec, struct err *err)
{
	json_t *families = json_object_get(spec, "ipFamilies"),
	       *ips = json_object_get(spec, "clusterIPs");
	if (str_eqz(tree_get_str(spec, "clusterIP", NULL), "None")) {
		json_object_set_new(spec, "clusterIPs", json_pack("[s]", "None"));
		return 0;
	}
	json_t *out = json_array();
	for (size_t i = 0; i < json_array_size(families); i++) {
		char text[IP_TEXT_MAX];
		int family = family_of_name(tree_str(json_array_get(families, i)));
		int e = ip_take(w, tree_str(json_array_get(ips, i)), family, text, err);
		if (e < 0) {
			json_decref(out);
			return e;
		}
		json_array_append_new(out, json_string(text));
	}
	json_object_set(spec, "clusterIP", json_array_get(out, 0));
	json_object_set_new(spec, "clusterIPs", out);
	return 0;
}

static bool had_port(const struct write *w, int port, struct str protocol)
{
	const json_t *ports = tree_get(w->old, "spec", "ports", NULL);
	for (size_t i = 0; i < json_array_size(ports); i++) {
		const json_t *p = json_array_get(ports, i);
		if (tree_int(json_object_get(p, "nodePort"), 0) == port &&
		    str_eq(tree_get_str(p, "protocol", NULL), protocol))
			return true;
	}
	return false;
}

/* The same port of another protocol lends its number. */
static int64_t port_of_sibling(const json_t *ports, size_t at)
{
	const json_t *own = json_object_get(json_array_get(ports, at), "port");
	for (size_t i = 0; i < at; i++)
		if (json_equal(json_object_get(json_array_get(ports, i), "port"), own))
			return tree_int(json_object_get(json_array_get(ports, i), "nodePort"), 0);
	return 0;
}

static int port_allocate(struct write *w, json_t *ports, size_t at, struct err *err)
{
	struct port_range *range = &w->r->server->ports;
	json_t *p = json_array_get(ports, at);
	struct str protocol = tree_get_str(p, "protocol", NULL);
	enum port_protocol proto = port_protocol_of(protocol);
	int port = (int)tree_int(json_object_get(p, "nodePort"), 0);
	auto_err why = { 0 };
	if (port && (had_port(w, port, protocol) || w->r->opt.dry_run))
		return 0; /* a dry run takes none, and every one will do */
	if (port == 0) {
		int sibling = (int)port_of_sibling(ports, at);
		port = sibling && port_take(range, proto, sibling, NULL) == 0
			       ? sibling
			       : port_take_next(range, proto, err);
		if (port < 0)
			return port;
	} else if (port_take(range, proto, port, &why) < 0) {
		char field[64];
		snprintf(field, sizeof(field), "spec.ports[%zu].nodePort", at);
		err_cause(err, "FieldValueInvalid", field, "Invalid value: %d: %s", port,
			  err_text(&why));
		return validate_finish("Service", "", w->name, err);
	}
	write_hold(w, give_back_port, protocol.n ? protocol.p : "TCP", port);
	json_object_set_new(p, "nodePort", json_integer(port));
	return 0;
}

static int ports_allocate(struct write *w, json_t *spec, struct err *err)
{
	json_t *ports = json_object_get(spec, "ports");
	struct str type = tree_get_str(spec, "type", NULL);
	bool balancer = str_eqz(type, "LoadBalancer");
	bool all = str_eqz(type, "NodePort") ||
		   (balancer &&
		    !json_is_false(json_object_get(spec, "allocateLoadBalancerNodePorts")));
	for (size_t i = 0; i < json_array_size(ports); i++) {
		bool asked = balancer &&
			     tree_int(json_object_get(json_array_get(ports, i), "nodePort"), 0) > 0;
		int e = all || asked ? port_allocate(w, ports, i, err) : 0;
		if (e < 0)
			return e;
	}
	if (!balancer || !str_eqz(tree_get_str(spec, "externalTrafficPolicy", NULL), "Local") ||
	    tree_int(json_object_get(spec, "healthCheckNodePort"), 0))
		return 0;
	int port = port_take_next(&w->r->server->ports, PORT_TCP, err);
	if (port < 0)
		return port;
	write_hold(w, give_back_port, "TCP", port);
	json_object_set_new(spec, "healthCheckNodePort", json_integer(port));
	return 0;
}

int service_strategy_allocate(struct write *w, struct err *err)
{
	json_t *spec = json_object_get(w->tree, "spec");
	if (!json_is_object(spec) || str_eqz(tree_get_str(spec, "type", NULL), "ExternalName"))
		return 0;
	int e = families_set(w, spec, err);
	if (e == 0)
		e = families_check(w, spec, err);
	if (e == 0)
		e = ips_allocate(w, spec, err);
	return e < 0 ? e : ports_allocate(w, spec, err);
}

static bool list_has(const json_t *list, const json_t *value)
{
	for (size_t i = 0; i < json_array_size(list); i++)
		if (json_equal(json_array_get(list, i), value))
			return true;
	return false;
}

static bool ports_have(const json_t *ports, const json_t *wanted)
{
	for (size_t i = 0; i < json_array_size(ports); i++) {
		const json_t *p = json_array_get(ports, i);
		if (json_equal(json_object_get(p, "nodePort"),
			       json_object_get(wanted, "nodePort")) &&
		    str_eq(tree_get_str(p, "protocol", NULL),
			   tree_get_str(wanted, "protocol", NULL)))
			return true;
	}
	return false;
}

void service_release(struct apiserver *s, const json_t *old, const json_t *now)
{
	const json_t *ips = json_object_get(old, "clusterIPs"),
		     *ports = json_object_get(old, "ports");
	const json_t *health = json_object_get(old, "healthCheckNodePort");
	for (size_t i = 0; i < json_array_size(ips); i++) {
		const char *ip = json_string_value(json_array_get(ips, i));
		if (!service_ip_family(ip) ||
		    list_has(json_object_get(now, "clusterIPs"), json_array_get(ips, i)))
			continue;
		service_ip_give_back(&s->ranges, ip);
		ip_address_remove(s, ip);
	}
	for (size_t i = 0; i < json_array_size(ports); i++) {
		const json_t *p = json_array_get(ports, i);
		if (json_object_get(p, "nodePort") && !ports_have(json_object_get(now, "ports"), p))
			port_give_back(&s->ports,
				       port_protocol_of(tree_get_str(p, "protocol", NULL)),
				       (int)tree_int(json_object_get(p, "nodePort"), 0));
	}
	if (health && !json_equal(health, json_object_get(now, "healthCheckNodePort")))
		port_give_back(&s->ports, PORT_TCP, (int)tree_int(health, 0));
}

static bool load_one(void *ctx, const struct object *o)
{
	struct apiserver *s = ctx;
	json_t *tree = object_tree(o, NULL);
	const json_t *spec = json_object_get(tree, "spec");
	const json_t *ips = json_object_get(spec, "clusterIPs"),
		     *ports = json_object_get(spec, "ports");
	for (size_t i = 0; i < json_array_size(ips); i++)
		if (!str_eqz(tree_str(json_array_get(ips, i)), "None"))
			service_ip_take(&s->ranges, json_string_value(json_array_get(ips, i)),
					NULL);
	for (size_t i = 0; i < json_array_size(ports); i++) {
		int port = (int)tree_int(json_object_get(json_array_get(ports, i), "nodePort"), 0);
		if (port)
			port_take(&s->ports,
				  port_protocol_of(
					  tree_get_str(json_array_get(ports, i), "protocol", NULL)),
				  port, NULL);
	}
	if (tree_int(json_object_get(spec, "healthCheckNodePort"), 0))
		port_take(&s->ports, PORT_TCP,
			  (int)tree_int(json_object_get(spec, "healthCheckNodePort"), 0), NULL);
	json_decref(tree);
	return true;
}

void service_alloc_load(struct apiserver *s)
{
	const struct api_resource *res = api_resource_find(STR(""), STR("v1"), STR("services"));
	struct cache_view view;
	cache_view_now(server_cache(s, res), &view);
	cache_view_each(&view, str_from(res->storage_prefix), STR(""), load_one, s);
	cache_view_close(&view);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "api/object/meta.h"
#include "api/validation/internal.h"
#include "api/validation/kinds.h"
#include "base/mem.h"

static const char *const protocols[] = { "SCTP", "TCP", "UDP", NULL };
static const char *const types[] = { "ClusterIP", "ExternalName", "LoadBalancer", "NodePort",
				     NULL };
static const char *const affinities[] = { "ClientIP", "None", NULL };
static const char *const policies[] = { "Cluster", "Local", NULL };
static const char *const families[] = { "IPv4", "IPv6", NULL };
static const char *const family_policies[] = { "PreferDualStack", "RequireDualStack", "SingleStack",
					       NULL };
static const char *const distributions[] = { "PreferClose", "PreferSameZone", "PreferSameNode",
					     NULL };

static struct str field(const json_t *object, const char *name)
{
	return tree_str(json_object_get(object, name));
}

static bool is_type(const json_t *spec, const char *type)
{
	return str_eqz(field(spec, "type"), type);
}

static struct str cluster_ip(const json_t *spec, size_t i)
{
	return tree_str(json_array_get(json_object_get(spec, "clusterIPs"), i));
}

static bool is_headless(const json_t *spec)
{
	return json_array_size(json_object_get(spec, "clusterIPs")) == 1 &&
	       str_eqz(cluster_ip(spec, 0), "None");
}

/* ---- ports ---- */

struct port_sets {
	struct map names, ports, node_ports;
};

static void check_port_pair(struct check *c, const json_t *port, const char *number,
			    struct map *seen, const char *child)
{
	auto_buf key = { 0 };
	json_int_t v = json_integer_value(json_object_get(port, number));
	buf_printf(&key, "%.*s/%lld", STR_ARG(field(port, "protocol")), (long long)v);
	if (!seen_before(seen, buf_view(&key)))
		return;
	if (*child) {
		check_duplicate(c, child, json_object_get(port, number));
		return;
	}
	json_t *shown = json_pack("{s:i, s:s%, s:I}", "targetPort", 0, "protocol",
				  field(port, "protocol").p ? field(port, "protocol").p : "",
				  field(port, "protocol").n, "port", v);
	check_duplicate_internal(c, NULL, "core/v1.ServicePort", shown);
	json_decref(shown);
}

static void check_service_port(struct check *c, const json_t *port, const json_t *spec,
			       struct port_sets *sets)
{
	struct str name = field(port, "name");
	if (name.n == 0 && json_array_size(json_object_get(spec, "ports")) > 1)
		check_required(c, "name", "%s", "");
	if (name.n) {
		check_name(c, "name", name, name_dns_label);
		if (seen_before(&sets->names, name))
			check_duplicate_text(c, "name", name);
	}
	check_port(c, "port", json_object_get(port, "port"));
	check_one_of(c, port, "protocol", protocols, true);
	check_port_or_name(c, "targetPort", json_object_get(port, "targetPort"));
	if (json_object_get(port, "appProtocol"))
		check_name(c, "appProtocol", field(port, "appProtocol"), name_label_key);
	if (is_type(spec, "ClusterIP") && json_integer_value(json_object_get(port, "nodePort")))
		check_forbidden(c, "nodePort", "may not be used when `type` is 'ClusterIP'");
	if (json_integer_value(json_object_get(port, "nodePort")))
		check_port_pair(c, port, "nodePort", &sets->node_ports, "nodePort");
	check_port_pair(c, port, "port", &sets->ports, "");
}

static void check_ports(struct check *c, const json_t *spec)
{
	const json_t *list = json_object_get(spec, "ports");
	struct port_sets sets = { 0 };
	size_t i;
	json_t *port;
	if (json_array_size(list) == 0 && !is_headless(spec) && !is_type(spec, "ExternalName"))
		check_required(c, "ports", "%s", "");
	size_t was = check_in(c, "ports");
	json_array_foreach (list, i, port) {
		size_t at = check_in_index(c, i);
		check_service_port(c, port, spec, &sets);
		check_out(c, at);
	}
	check_out(c, was);
	map_free(&sets.names, NULL);
	map_free(&sets.ports, NULL);
	map_free(&sets.node_ports, NULL);
}

/* ---- type and affinity ---- */

static void check_external_name(struct check *c, const json_t *spec)
{
	static const char *const forbidden[] = { "clusterIPs", "ipFamilies", "ipFamilyPolicy" };
	struct str name = field(spec, "externalName");
	for (size_t i = 0; i < COUNT_OF(forbidden); i++)
		if (!shape_empty(json_object_get(spec, forbidden[i])))
			check_forbidden(c, forbidden[i],
					"may not be set for ExternalName services");
	if (name.n && name.p[name.n - 1] == '.')
		name.n--;
	check_required_name(c, "externalName", name, name_dns_subdomain);
}

static void check_type(struct check *c, const json_t *spec)
{
	check_one_of(c, spec, "type", types, true);
	if (is_type(spec, "ExternalName"))
		check_external_name(c, spec);
	else if (is_headless(spec) && (is_type(spec, "LoadBalancer") || is_type(spec, "NodePort")))
		check_invalid_text(c, "clusterIPs[0]", cluster_ip(spec, 0),
				   "may not be set to 'None' for %.*s services",
				   STR_ARG(field(spec, "type")));
}

static void check_affinity_of(struct check *c, const json_t *spec)
{
	const json_t *config = json_object_get(spec, "sessionAffinityConfig");
	const json_t *timeout = tree_get(config, "clientIP", "timeoutSeconds", NULL);
	json_int_t s = json_integer_value(timeout);
	check_one_of(c, spec, "sessionAffinity", affinities, true);
	if (str_eqz(field(spec, "sessionAffinity"), "None")) {
		if (config)
			check_forbidden(c, "sessionAffinityConfig",
					"must not be set when session affinity is None");
	} else if (str_eqz(field(spec, "sessionAffinity"), "ClientIP")) {
		if (!timeout)
			check_required(c,
				       !config ? "sessionAffinityConfig"
					       : "sessionAffinityConfig.clientIP.timeoutSeconds",
				       "when session affinity type is ClientIP");
		else if (s <= 0 || s > 86400)
			check_invalid(c, "sessionAffinityConfig.clientIP.timeoutSeconds", timeout,
				      "must be greater than 0 and less than 86400");
	}
}

/* ---- addresses ---- */

static void check_families(struct check *c, const json_t *spec)
{
	struct map seen = { 0 };
	size_t was = check_in(c, "ipFamilies"), i;
	json_t *family;
	json_array_foreach (json_object_get(spec, "ipFamilies"), i, family) {
		size_t at = check_in_index(c, i);
		if (!str_in(tree_str(family), families))
			check_unsupported(c, NULL, family, families);
		if (seen_before(&seen, tree_str(family)))
			check_duplicate_text(c, NULL, tree_str(family));
		check_out(c, at);
	}
	check_out(c, was);
	check_one_of(c, spec, "ipFamilyPolicy", family_policies, false);
	map_free(&seen, NULL);
}

static bool check_each_cluster_ip(struct check *c, const json_t *list)
{
	size_t before = check_causes(c), was = check_in(c, "clusterIPs"), i;
	json_t *ip;
	json_array_foreach (list, i, ip) {
		size_t at = check_in_index(c, i);
		if (i > 0 || !str_eqz(tree_str(ip), "None"))
			check_ip(c, NULL, tree_str(ip));
		check_out(c, at);
	}
	if (json_array_size(list) > 1 && str_eqz(tree_str(json_array_get(list, 0)), "None"))
		check_invalid(c, NULL, list, "'None' must be the first and only value");
	if (json_array_size(list) > 2)
		check_invalid(c, NULL, list, "may only hold up to 2 values");
	check_out(c, was);
	return !check_failed(c, before);
}

static void check_families_of_ips(struct check *c, const json_t *spec, const json_t *list)
{
	const json_t *wanted = json_object_get(spec, "ipFamilies");
	int first = ip_family(cluster_ip(spec, 0));
	size_t was = check_in(c, "clusterIPs");
	if (json_array_size(list) > 1 && first == ip_family(cluster_ip(spec, 1)))
		check_invalid(c, NULL, list, "may specify no more than one IP for each IP family");
	for (size_t i = 0;
	     !is_headless(spec) && i < json_array_size(list) && i < json_array_size(wanted); i++) {
		struct str family = tree_str(json_array_get(wanted, i));
		int is = ip_family(cluster_ip(spec, i));
		size_t at = check_in_index(c, i);
		if ((str_eqz(family, "IPv4") && is == 6) || (str_eqz(family, "IPv6") && is == 4))
			check_invalid_text(
				c, NULL, cluster_ip(spec, i),
				"expected an %.*s value as indicated by `ipFamilies[%zu]`",
				STR_ARG(family), i);
		check_out(c, at);
	}
	check_out(c, was);
}

static void check_cluster_ips(struct check *c, const json_t *spec)
{
	const json_t *list = json_object_get(spec, "clusterIPs");
	struct str one = field(spec, "clusterIP");
	if (is_type(spec, "ExternalName"))
		return;
	if (one.n && json_array_size(list) == 0)
		check_required(c, "clusterIPs", "%s", "");
	else if (one.n && !str_eq(one, cluster_ip(spec, 0)))
		check_invalid(c, "clusterIPs", list, "first value must match `clusterIP`");
	else if (one.n == 0 && json_array_size(list))
		check_invalid(c, "clusterIPs", list,
			      "must be empty when `clusterIP` is not specified");
	check_families(c, spec);
	if (check_each_cluster_ip(c, list))
		check_families_of_ips(c, spec, list);
}

static void check_external_ips(struct check *c, const json_t *spec)
{
	size_t was = check_in(c, "externalIPs"), i;
	json_t *ip;
	json_array_foreach (json_object_get(spec, "externalIPs"), i, ip) {
		struct str text = tree_str(ip);
		size_t at = check_in_index(c, i);
		check_ip(c, NULL, text);
		if (str_eqz(text, "0.0.0.0") || str_eqz(text, "::"))
			check_invalid_text(c, NULL, text, "may not be unspecified (%.*s)",
					   STR_ARG(text));
		if (str_starts(text, STR("127.")) || str_eqz(text, "::1"))
			check_invalid_text(
				c, NULL, text,
				"may not be in the loopback range (127.0.0.0/8, ::1/128)");
		if (str_starts(text, STR("169.254.")) || str_starts(text, STR("fe80:")))
			check_invalid_text(
				c, NULL, text,
				"may not be in the link-local range (169.254.0.0/16, fe80::/10)");
		check_out(c, at);
	}
	check_out(c, was);
}

/* ---- load balancers and traffic ---- */

static void check_load_balancer(struct check *c, const json_t *spec)
{
	const json_t *ranges = json_object_get(spec, "loadBalancerSourceRanges"),
		     *class = json_object_get(spec, "loadBalancerClass");
	bool balanced = is_type(spec, "LoadBalancer");
	size_t was = check_in(c, "LoadBalancerSourceRanges"), i;
	json_t *range;
	if (json_array_size(ranges) && !balanced)
		check_forbidden(c, NULL, "may only be used when `type` is 'LoadBalancer'");
	json_array_foreach (ranges, i, range) {
		size_t at = check_in_index(c, i);
		check_cidr(c, NULL, str_trim(tree_str(range)));
		check_out(c, at);
	}
	check_out(c, was);
	if (json_object_get(spec, "allocateLoadBalancerNodePorts") && !balanced)
		check_forbidden(c, "allocateLoadBalancerNodePorts",
				"may only be used when `type` is 'LoadBalancer'");
	if (class && !balanced)
		check_forbidden(c, "loadBalancerClass",
				"may only be used when `type` is 'LoadBalancer'");
	else if (class)
		check_name(c, "loadBalancerClass", tree_str(class), name_label_key);
}

static bool is_reachable_from_outside(const json_t *spec)
{
	return is_type(spec, "LoadBalancer") || is_type(spec, "NodePort") ||
	       (is_type(spec, "ClusterIP") &&
		json_array_size(json_object_get(spec, "externalIPs")));
}

static bool needs_health_check(const json_t *spec)
{
	return is_type(spec, "LoadBalancer") &&
	       str_eqz(field(spec, "externalTrafficPolicy"), "Local");
}

static void check_traffic(struct check *c, const json_t *spec)
{
	const json_t *external = json_object_get(spec, "externalTrafficPolicy"),
		     *health = json_object_get(spec, "healthCheckNodePort");
	if (is_reachable_from_outside(spec))
		check_one_of(c, spec, "externalTrafficPolicy", policies, true);
	else if (tree_str(external).n)
		check_invalid(c, "externalTrafficPolicy", external,
			      "may only be set for externally-accessible services");
	if (!needs_health_check(spec) && json_integer_value(health))
		check_invalid(c, "healthCheckNodePort", health,
			      "may only be set when `type` is 'LoadBalancer' and "
			      "`externalTrafficPolicy` is 'Local'");
	if (needs_health_check(spec) && json_integer_value(health))
		check_port(c, "healthCheckNodePort", health);
	check_one_of(c, spec, "internalTrafficPolicy", policies,
		     is_type(spec, "ClusterIP") || is_type(spec, "NodePort") ||
			     is_type(spec, "LoadBalancer"));
	check_known_if_set(c, spec, "trafficDistribution", distributions);
}

void validate_service(struct check *c, const json_t *service)
{
	const json_t *spec = json_object_get(service, "spec");
	size_t was = check_in(c, "spec");
	check_ports(c, spec);
	check_type(c, spec);
	check_labels(c, "selector", json_object_get(spec, "selector"));
	check_affinity_of(c, spec);
	check_cluster_ips(c, spec);
	check_external_ips(c, spec);
	check_load_balancer(c, spec);
	check_traffic(c, spec);
	check_out(c, was);
}

/* ---- update ---- */

static void check_cluster_ips_kept(struct check *c, const json_t *new, const json_t *old)
{
	const json_t *a = json_object_get(new, "clusterIPs"),
		     *b = json_object_get(old, "clusterIPs");
	size_t na = json_array_size(a), nb = json_array_size(b);
	if (na == 0 && nb > 0)
		check_invalid(c, "clusterIPs[0]", a, "primary clusterIP can not be unset");
	for (size_t i = 0; i < na && i < nb; i++) {
		auto_buf child = { 0 };
		if (json_equal(json_array_get(a, i), json_array_get(b, i)))
			continue;
		buf_printf(&child, "clusterIPs[%zu]", i);
		check_invalid(c, child.p, a, "may not change once set");
	}
	if (na == 1 && nb > 1 && !str_eqz(field(new, "ipFamilyPolicy"), "SingleStack"))
		check_invalid(
			c, "ipFamilyPolicy", json_object_get(new, "ipFamilyPolicy"),
			"must be set to 'SingleStack' when releasing the secondary clusterIP");
}

static void check_families_kept(struct check *c, const json_t *new, const json_t *old)
{
	const json_t *a = json_object_get(new, "ipFamilies"),
		     *b = json_object_get(old, "ipFamilies");
	if (is_headless(new) || is_headless(old) || json_array_size(a) == 0 ||
	    json_array_size(b) == 0)
		return;
	if (!json_equal(json_array_get(a, 0), json_array_get(b, 0)))
		check_invalid(c, "ipFamilies[0]", a, "may not change once set");
	if (json_array_size(a) == 1 && json_array_size(b) > 1 &&
	    !str_eqz(field(new, "ipFamilyPolicy"), "SingleStack"))
		check_invalid(c, "ipFamilyPolicy", json_object_get(new, "ipFamilyPolicy"),
			      "must be set to 'SingleStack' when releasing the secondary ipFamily");
}

void validate_service_update(struct check *c, const json_t *new, const json_t *old)
{
	const json_t *a = json_object_get(new, "spec"), *b = json_object_get(old, "spec");
	size_t was = check_in(c, "spec"), before = check_causes(c);
	check_cluster_ips(c, a);
	if (check_failed(c, before)) { /* addresses are looked at before anything is handed out */
		check_out(c, was);
		return;
	}
	if (!is_type(a, "ExternalName") && !is_type(b, "ExternalName")) {
		if (!is_headless(a) || !is_headless(b))
			check_cluster_ips_kept(c, a, b);
		check_families_kept(c, a, b);
	}
	if (is_type(a, "LoadBalancer") && is_type(b, "LoadBalancer") &&
	    !shape_equal(json_object_get(a, "loadBalancerClass"),
			 json_object_get(b, "loadBalancerClass")))
		check_invalid(c, "loadBalancerClass", json_object_get(a, "loadBalancerClass"),
			      "may not change once set");
	if (needs_health_check(a) && needs_health_check(b) &&
	    !shape_equal(json_object_get(a, "healthCheckNodePort"),
			 json_object_get(b, "healthCheckNodePort")))
		check_forbidden(c, "healthCheckNodePort", "field is immutable");
	check_out(c, was);
	validate_service(c, new);
}

static void check_ingress_point(struct check *c, const json_t *ingress)
{
	static const char *const modes[] = { "Proxy", "VIP", NULL };
	const json_t *mode = json_object_get(ingress, "ipMode");
	struct str ip = field(ingress, "ip"), host = field(ingress, "hostname");
	if (ip.n)
		check_ip(c, "ip", ip);
	if (!mode && ip.n)
		check_required(c, "ipMode", "must be specified when `ip` is set");
	else if (mode && ip.n == 0)
		check_forbidden(c, "ipMode", "may not be specified when `ip` is not set");
	else if (mode && !str_in(tree_str(mode), modes))
		check_unsupported(c, "ipMode", mode, modes);
	if (host.n)
		check_name(c, "hostname", host, name_dns_subdomain);
	if (host.n && ip_family(host))
		check_invalid_text(c, "hostname", host, "must be a DNS name, not an IP address");
}

void validate_service_status(struct check *c, const json_t *new, const json_t *old)
{
	const json_t *list = tree_get(new, "status", "loadBalancer", "ingress", NULL);
	size_t was = check_in(c, "status.loadBalancer.ingress"), i;
	json_t *ingress;
	(void)old;
	if (json_array_size(list) && !is_type(json_object_get(new, "spec"), "LoadBalancer")) {
		check_forbidden(c, NULL, "may only be used when `spec.type` is 'LoadBalancer'");
		list = NULL;
	}
	json_array_foreach (list, i, ingress) {
		size_t at = check_in_index(c, i);
		check_ingress_point(c, ingress);
		check_out(c, at);
	}
	check_out(c, was);
}

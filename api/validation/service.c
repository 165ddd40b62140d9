/* SPDX-License-Identifier: Apache-2.0 */
/* Services: ports, type, affinity, traffic; their addresses are in service_addresses.c. */
#include "api/object/meta.h"
#include "api/validation/internal.h"
#include "api/validation/kinds.h"
#include "api/validation/service_parts.h"
#include "base/mem.h"

static const char *const protocols[] = { "SCTP", "TCP", "UDP", NULL };
static const char *const types[] = { "ClusterIP", "ExternalName", "LoadBalancer", "NodePort",
				     NULL };
static const char *const affinities[] = { "ClientIP", "None", NULL };
static const char *const policies[] = { "Cluster", "Local", NULL };
static const char *const distributions[] = { "PreferClose", "PreferSameZone", "PreferSameNode",
					     NULL };

static struct str field(const json_t *object, const char *name)
{
	return tree_str(json_object_get(object, name));
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
	if (service_spec_is(spec, "ClusterIP") &&
	    json_integer_value(json_object_get(port, "nodePort")))
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
	if (json_array_size(list) == 0 && !service_spec_is_headless(spec) &&
	    !service_spec_is(spec, "ExternalName"))
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
	if (service_spec_is(spec, "ExternalName"))
		check_external_name(c, spec);
	else if (service_spec_is_headless(spec) &&
		 (service_spec_is(spec, "LoadBalancer") || service_spec_is(spec, "NodePort")))
		check_invalid_text(c, "clusterIPs[0]", service_spec_ip(spec, 0),
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

/* ---- load balancers and traffic ---- */

static void check_load_balancer(struct check *c, const json_t *spec)
{
	const json_t *ranges = json_object_get(spec, "loadBalancerSourceRanges"),
		     *class = json_object_get(spec, "loadBalancerClass");
	bool balanced = service_spec_is(spec, "LoadBalancer");
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
	return service_spec_is(spec, "LoadBalancer") || service_spec_is(spec, "NodePort") ||
	       (service_spec_is(spec, "ClusterIP") &&
		json_array_size(json_object_get(spec, "externalIPs")));
}

static bool needs_health_check(const json_t *spec)
{
	return service_spec_is(spec, "LoadBalancer") &&
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
	if (service_spec_is(spec, "ClusterIP") || service_spec_is(spec, "NodePort") ||
	    service_spec_is(spec, "LoadBalancer"))
		check_one_pointed(c, spec, "internalTrafficPolicy", policies);
	else
		check_known_if_set(c, spec, "internalTrafficPolicy", policies);
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
	check_service_ips(c, spec);
	check_service_external_ips(c, spec);
	check_load_balancer(c, spec);
	check_traffic(c, spec);
	check_out(c, was);
}

/* ---- update ---- */

void validate_service_update(struct check *c, const json_t *new, const json_t *old)
{
	const json_t *a = json_object_get(new, "spec"), *b = json_object_get(old, "spec");
	size_t was = check_in(c, "spec"), before = check_causes(c);
	check_service_ips(c, a);
	if (check_failed(c, before)) { /* addresses are looked at before anything is handed out */
		check_out(c, was);
		return;
	}
	if (!service_spec_is(a, "ExternalName") && !service_spec_is(b, "ExternalName")) {
		if (!service_spec_is_headless(a) || !service_spec_is_headless(b))
			check_service_ips_kept(c, a, b);
		check_service_families_kept(c, a, b);
	}
	if (service_spec_is(a, "LoadBalancer") && service_spec_is(b, "LoadBalancer") &&
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

/* ---- status ---- */

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
	if (json_array_size(list) &&
	    !service_spec_is(json_object_get(new, "spec"), "LoadBalancer")) {
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

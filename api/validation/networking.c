/* SPDX-License-Identifier: Apache-2.0 */
/* Ingresses, their classes, network policies. */
#include "api/object/meta.h"
#include "api/validation/kinds.h"
#include "base/mem.h"

static struct str field(const json_t *object, const char *name)
{
	return tree_str(json_object_get(object, name));
}

/* ---- ingresses ---- */

static void check_typed_ref(struct check *c, const json_t *ref)
{
	if (json_object_get(ref, "apiGroup"))
		check_name(c, "apiGroup", field(ref, "apiGroup"), name_dns_subdomain);
	check_required_name(c, "kind", field(ref, "kind"), name_path_segment);
	check_required_name(c, "name", field(ref, "name"), name_path_segment);
}

static void check_service_backend(struct check *c, const json_t *service)
{
	const json_t *port = json_object_get(service, "port"),
		     *number = json_object_get(port, "number");
	struct str name = field(port, "name");
	check_required_name(c, "service.name", field(service, "name"), name_dns_label);
	if (name.n && json_integer_value(number))
		check_invalid_text(c, NULL, STR(""), "cannot set both port name & port number");
	else if (name.n)
		check_name(c, "service.port.name", name, name_port);
	else if (json_integer_value(number))
		check_port(c, "service.port.number", number);
	else
		check_required(c, NULL, "port name or number is required");
}

static void check_backend(struct check *c, const char *child, const json_t *backend)
{
	const json_t *resource = json_object_get(backend, "resource"),
		     *service = json_object_get(backend, "service");
	size_t was = check_in(c, child);
	if (resource && service) {
		check_invalid_text(c, NULL, STR(""),
				   "cannot set both resource and service backends");
	} else if (resource) {
		size_t at = check_in(c, "resource");
		check_typed_ref(c, resource);
		check_out(c, at);
	} else if (service) {
		check_service_backend(c, service);
	} else {
		check_invalid_text(c, NULL, STR(""), "resource or service backend is required");
	}
	check_out(c, was);
}

static void check_path_text(struct check *c, struct str path)
{
	static const char *const sequences[] = { "//", "/./", "/../", "%2f", "%2F" };
	static const char *const ends[] = { "/..", "/." };
	for (size_t i = 0; i < COUNT_OF(sequences); i++)
		if (str_contains(path, str_from(sequences[i])))
			check_invalid_text(c, "path", path, "must not contain '%s'", sequences[i]);
	for (size_t i = 0; i < COUNT_OF(ends); i++)
		if (str_ends(path, str_from(ends[i])))
			check_invalid_text(c, "path", path, "cannot end with '%s'", ends[i]);
}

static void check_path(struct check *c, const json_t *path)
{
	static const char *const types[] = { "Exact", "ImplementationSpecific", "Prefix", NULL };
	struct str type = field(path, "pathType"), text = field(path, "path");
	bool absolute = text.n && text.p[0] == '/',
	     free_form = str_eqz(type, "ImplementationSpecific");
	if (!json_object_get(path, "pathType")) {
		check_required(c, "pathType", "pathType must be specified");
		return;
	}
	if (!str_in(type, types))
		check_unsupported(c, "pathType", json_object_get(path, "pathType"), types);
	else if (!absolute && (!free_form || text.n))
		check_invalid_text(c, "path", text, "must be an absolute path");
	if (!free_form && str_in(type, types))
		check_path_text(c, text);
	check_backend(c, "backend", json_object_get(path, "backend"));
}

static void check_host(struct check *c, const char *child, struct str host)
{
	check_name(c, child, host,
		   str_find(host, '*') < host.n ? name_wildcard_subdomain : name_dns_subdomain);
}

static void check_rule(struct check *c, const json_t *rule)
{
	const json_t *http = json_object_get(rule, "http"), *paths = json_object_get(http, "paths");
	struct str host = field(rule, "host");
	size_t i;
	json_t *path;
	if (host.n && ip_family(host))
		check_invalid_text(c, "host", host, "must be a DNS name, not an IP address");
	if (host.n)
		check_host(c, "host", host);
	if (http && json_array_size(paths) == 0)
		check_required(c, "http.paths", "%s", "");
	size_t was = check_in(c, "http.paths");
	json_array_foreach (paths, i, path) {
		size_t at = check_in_index(c, i);
		check_path(c, path);
		check_out(c, at);
	}
	check_out(c, was);
}

static void check_tls(struct check *c, const json_t *tls)
{
	size_t was = check_in(c, "hosts"), i;
	json_t *host;
	json_array_foreach (json_object_get(tls, "hosts"), i, host) {
		size_t at = check_in_index(c, i);
		check_host(c, NULL, tree_str(host));
		check_out(c, at);
	}
	check_out(c, was);
	if (field(tls, "secretName").n)
		check_name(c, "secretName", field(tls, "secretName"), name_dns_subdomain);
}

void validate_ingress(struct check *c, const json_t *ingress)
{
	const json_t *spec = json_object_get(ingress, "spec"),
		     *rules = json_object_get(spec, "rules");
	const json_t *backend = json_object_get(spec, "defaultBackend");
	size_t was = check_in(c, "spec");
	if (json_array_size(rules) == 0 && !backend)
		check_invalid(c, NULL, rules ? rules : json_null(),
			      "either `defaultBackend` or `rules` must be specified");
	if (backend)
		check_backend(c, "defaultBackend", backend);
	check_each(c, rules, "rules", check_rule);
	check_each(c, json_object_get(spec, "tls"), "tls", check_tls);
	if (json_object_get(spec, "ingressClassName"))
		check_name(c, "ingressClassName", field(spec, "ingressClassName"),
			   name_dns_subdomain);
	check_out(c, was);
}

/* ---- classes ---- */

static void check_parameters(struct check *c, const json_t *parameters)
{
	static const char *const scopes[] = { "Cluster", "Namespace", NULL };
	const json_t *ns = json_object_get(parameters, "namespace");
	check_typed_ref(c, parameters);
	check_one_pointed(c, parameters, "scope", scopes);
	if (str_eqz(field(parameters, "scope"), "Namespace") && !ns)
		check_required(c, "namespace", "`parameters.scope` is set to 'Namespace'");
	else if (str_eqz(field(parameters, "scope"), "Namespace"))
		check_name(c, "namespace", tree_str(ns), name_dns_label);
	else if (str_eqz(field(parameters, "scope"), "Cluster") && ns)
		check_forbidden(c, "namespace", "`parameters.scope` is set to 'Cluster'");
}

void validate_ingress_class(struct check *c, const json_t *class)
{
	const json_t *spec = json_object_get(class, "spec"),
		     *parameters = json_object_get(spec, "parameters");
	struct str controller = field(spec, "controller");
	size_t was = check_in(c, "spec"), slash = str_find(controller, '/');
	if (controller.n > 250)
		check_too_long(c, "controller", 250);
	if (controller.n == 0)
		check_required(c, "controller", "%s", "");
	else if (slash == 0 || slash + 1 >= controller.n)
		check_invalid_text(c, "controller", controller,
				   "must be a domain-prefixed path (such as \"acme.io/foo\")");
	else
		check_name(c, "controller", str_of(controller.p, slash), name_dns_subdomain);
	if (parameters) {
		size_t at = check_in(c, "parameters");
		check_parameters(c, parameters);
		check_out(c, at);
	}
	check_out(c, was);
}

void validate_ingress_class_update(struct check *c, const json_t *new, const json_t *old)
{
	check_immutable_text(c, "spec.controller", tree_get(new, "spec", "controller", NULL),
			     tree_get(old, "spec", "controller", NULL));
	validate_ingress_class(c, new);
}

/* ---- network policies ---- */

static void check_end_port(struct check *c, const json_t *end, const json_t *number)
{
	if (!number) {
		check_invalid(c, "endPort", end,
			      "may not be specified when `port` is not specified");
	} else if (json_is_string(number)) {
		check_invalid(c, "endPort", end, "may not be specified when `port` is non-numeric");
	} else {
		if (json_integer_value(end) < json_integer_value(number))
			check_invalid(c, "endPort", end, "must be greater than or equal to `port`");
		check_port(c, "endPort", end);
	}
}

static void check_policy_port(struct check *c, const json_t *port)
{
	static const char *const protocols[] = { "TCP", "UDP", "SCTP", NULL };
	const json_t *number = json_object_get(port, "port"),
		     *end = json_object_get(port, "endPort");
	check_known_if_set(c, port, "protocol", protocols);
	if (number && !json_is_string(number))
		check_port_or_name(c, "port", number);
	if (end)
		check_end_port(c, end, number);
	if (json_is_string(number))
		check_port_or_name(c, "port", number);
}

static void check_block(struct check *c, const json_t *block)
{
	struct str cidr = field(block, "cidr");
	size_t i;
	json_t *except;
	if (cidr.n == 0)
		CHECK_DECLARED(c, check_required(c, "cidr", "%s", ""));
	else
		check_cidr(c, "cidr", cidr);
	size_t was = check_in(c, "except");
	json_array_foreach (json_object_get(block, "except"), i, except) {
		size_t at = check_in_index(c, i);
		check_cidr(c, NULL, tree_str(except));
		check_out(c, at);
	}
	check_out(c, was);
}

static void check_peer(struct check *c, const json_t *peer)
{
	const json_t *pods = json_object_get(peer, "podSelector"),
		     *namespaces = json_object_get(peer, "namespaceSelector");
	const json_t *block = json_object_get(peer, "ipBlock");
	check_label_selector(c, "podSelector", pods);
	check_label_selector(c, "namespaceSelector", namespaces);
	if (block) {
		size_t was = check_in(c, "ipBlock");
		check_block(c, block);
		check_out(c, was);
	}
	if (!pods && !namespaces && !block)
		check_required(c, NULL, "must specify a peer");
	else if (block && (pods || namespaces))
		check_forbidden(c, NULL, "may not specify both ipBlock and another peer");
}

static void check_ingress_rule(struct check *c, const json_t *rule)
{
	check_each(c, json_object_get(rule, "ports"), "ports", check_policy_port);
	check_each(c, json_object_get(rule, "from"), "from", check_peer);
}

static void check_egress_rule(struct check *c, const json_t *rule)
{
	check_each(c, json_object_get(rule, "ports"), "ports", check_policy_port);
	check_each(c, json_object_get(rule, "to"), "to", check_peer);
}

static void check_policy_type(struct check *c, const json_t *type)
{
	static const char *const types[] = { "Ingress", "Egress", NULL };
	if (!str_in(tree_str(type), types))
		check_unsupported(c, NULL, type, types);
}

void validate_network_policy(struct check *c, const json_t *policy)
{
	const json_t *spec = json_object_get(policy, "spec"),
		     *types = json_object_get(spec, "policyTypes");
	size_t was = check_in(c, "spec");
	check_label_selector(c, "podSelector", json_object_get(spec, "podSelector"));
	check_each(c, json_object_get(spec, "ingress"), "ingress", check_ingress_rule);
	check_each(c, json_object_get(spec, "egress"), "egress", check_egress_rule);
	if (json_array_size(types) > 2)
		check_invalid(c, "policyTypes", types, "may not specify more than two policyTypes");
	else
		check_each(c, types, "policyTypes", check_policy_type);
	check_out(c, was);
}

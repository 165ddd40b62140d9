/* SPDX-License-Identifier: Apache-2.0 */
/* Endpoints and endpoint slices. */
#include "api/object/meta.h"
#include "api/shape.h"
#include "api/validation/kinds.h"
#include "base/mem.h"

static const char *const protocols[] = { "SCTP", "TCP", "UDP", NULL };

static struct str field(const json_t *object, const char *name)
{
	return tree_str(json_object_get(object, name));
}

static void check_address(struct check *c, const json_t *address)
{
	check_ip(c, "ip", field(address, "ip"));
	if (field(address, "hostname").n)
		check_name(c, "hostname", field(address, "hostname"), name_dns_label);
	if (json_object_get(address, "nodeName"))
		check_name(c, "nodeName", field(address, "nodeName"), name_dns_subdomain);
	check_ip_reaches(c, "ip", field(address, "ip"));
}

static void check_list(struct check *c, const json_t *subset, const char *list)
{
	size_t was = check_in(c, list), i;
	json_t *address;
	json_array_foreach (json_object_get(subset, list), i, address) {
		size_t at = check_in_index(c, i);
		check_address(c, address);
		check_out(c, at);
	}
	check_out(c, was);
}

static void check_endpoint_port(struct check *c, const json_t *port, bool need_name)
{
	struct str name = field(port, "name");
	if (need_name && name.n == 0)
		check_required(c, "name", "%s", "");
	else if (name.n)
		check_name(c, "name", name, name_dns_label);
	check_port(c, "port", json_object_get(port, "port"));
	check_one_of(c, port, "protocol", protocols, true);
	if (json_object_get(port, "appProtocol"))
		check_name(c, "appProtocol", field(port, "appProtocol"), name_label_key);
}

static void check_subset(struct check *c, const json_t *subset)
{
	const json_t *ports = json_object_get(subset, "ports");
	size_t i;
	json_t *port;
	if (json_array_size(json_object_get(subset, "addresses")) +
		    json_array_size(json_object_get(subset, "notReadyAddresses")) ==
	    0)
		check_required(c, NULL, "must specify `addresses` or `notReadyAddresses`");
	check_list(c, subset, "addresses");
	check_list(c, subset, "notReadyAddresses");
	size_t was = check_in(c, "ports");
	json_array_foreach (ports, i, port) {
		size_t at = check_in_index(c, i);
		check_endpoint_port(c, port, json_array_size(ports) > 1);
		check_out(c, at);
	}
	check_out(c, was);
}

void validate_endpoints(struct check *c, const json_t *endpoints)
{
	size_t was = check_in(c, "subsets"), i;
	json_t *subset;
	json_array_foreach (json_object_get(endpoints, "subsets"), i, subset) {
		size_t at = check_in_index(c, i);
		check_subset(c, subset);
		check_out(c, at);
	}
	check_out(c, was);
}

/* ---- slices ---- */

#define ENDPOINTS_MAX 1000
#define PORTS_MAX     20000
#define ADDRESSES_MAX 100

static void join(struct name_errors e, struct buf *out)
{
	for (size_t i = 0; i < e.n; i++)
		buf_printf(out, "%s%s", i ? "," : "", e.text[i]);
}

/* A name of two labels or more; a dot at its end is fine. */
static void check_full_name(struct check *c, struct str name)
{
	auto_buf why = { 0 };
	struct str rest = name, label;
	if (name.n == 0) {
		check_required(c, NULL, "%s", "");
		return;
	}
	if (name.p[name.n - 1] == '.')
		rest.n = --name.n;
	join(name_dns_subdomain(name), &why);
	if (why.n) {
		check_invalid_text(c, NULL, name, "%s", why.p);
		return;
	}
	if (str_find(name, '.') == name.n) {
		check_invalid_text(
			c, NULL, name,
			"should be a domain with at least two segments separated by dots");
		return;
	}
	while (str_next(&rest, '.', &label)) {
		join(name_dns_label(label), &why);
		if (why.n) {
			check_invalid_text(c, NULL, label, "%s", why.p);
			return;
		}
	}
}

/* At `addresses`; upstream names some errors without the index. */
static void check_slice_address(struct check *c, struct str type, struct str address, size_t i)
{
	int family = ip_family(address), wanted = str_eqz(type, "IPv4") ? 4 : 6;
	size_t before = check_causes(c), at = check_in_index(c, i);
	if (str_eqz(type, "FQDN"))
		check_full_name(c, address);
	else if (wanted == 4 && str_eqz(type, "IPv4"))
		check_ip(c, NULL, address);
	else if (str_eqz(type, "IPv6"))
		check_ip_canonical(c, NULL, address);
	check_out(c, at);
	if (check_failed(c, before) || !(str_eqz(type, "IPv4") || str_eqz(type, "IPv6")))
		return;
	if (family != wanted)
		check_invalid_text(c, NULL, address, "must be an IPv%d address", wanted);
	at = check_in_index(c, i);
	check_ip_reaches(c, NULL, address);
	check_out(c, at);
}

#define HINTS_MAX 8

static void check_hint_list(struct check *c, const json_t *hints, const char *list, name_check rule)
{
	const json_t *items = json_object_get(hints, list);
	struct map seen = { 0 };
	size_t was = check_in(c, list), i;
	json_t *item;
	if (json_array_size(items) > HINTS_MAX)
		check_too_many(c, NULL, json_array_size(items), HINTS_MAX);
	else
		json_array_foreach (items, i, item) {
			size_t at = check_in_index(c, i);
			if (seen_before(&seen, field(item, "name")))
				check_duplicate_text(c, "name", field(item, "name"));
			check_name(c, "name", field(item, "name"), rule);
			check_out(c, at);
		}
	check_out(c, was);
	map_free(&seen, NULL);
}

static void check_hints(struct check *c, const json_t *endpoint)
{
	const json_t *hints = json_object_get(endpoint, "hints");
	size_t was = check_in(c, "hints");
	check_hint_list(c, hints, "forZones", name_label_value);
	if (json_array_size(json_object_get(hints, "forZones")) <= HINTS_MAX)
		check_hint_list(c, hints, "forNodes", name_dns_subdomain);
	check_out(c, was);
}

static void check_endpoint(struct check *c, const json_t *endpoint, struct str type)
{
	const json_t *addresses = json_object_get(endpoint, "addresses");
	size_t was = check_in(c, "addresses"), i;
	json_t *address;
	if (json_array_size(addresses) == 0)
		CHECK_DECLARED(c, check_required(c, NULL, "%s", ""));
	else if (json_array_size(addresses) > ADDRESSES_MAX)
		CHECK_DECLARED(c,
			       check_too_many(c, NULL, json_array_size(addresses), ADDRESSES_MAX));
	json_array_foreach (addresses, i, address)
		check_slice_address(c, type, tree_str(address), i);
	check_out(c, was);
	if (json_object_get(endpoint, "nodeName"))
		check_name(c, "nodeName", field(endpoint, "nodeName"), name_dns_subdomain);
	check_labels(c, "deprecatedTopology", json_object_get(endpoint, "deprecatedTopology"));
	if (json_object_get(endpoint, "hostname"))
		check_name(c, "hostname", field(endpoint, "hostname"), name_dns_label);
	check_hints(c, endpoint);
}

static void check_slice_ports(struct check *c, const json_t *slice)
{
	const json_t *list = json_object_get(slice, "ports");
	struct map names = { 0 };
	size_t was = check_in(c, "ports"), i;
	json_t *port;
	if (json_array_size(list) > PORTS_MAX)
		check_too_many(c, NULL, json_array_size(list), PORTS_MAX);
	json_array_foreach (list, i, port) {
		struct str name = field(port, "name");
		size_t at = check_in_index(c, i);
		if (name.n)
			check_name(c, "name", name, name_dns_label);
		if (seen_before(&names, name))
			check_duplicate_text(c, "name", name);
		check_one_pointed(c, port, "protocol", protocols);
		if (json_object_get(port, "appProtocol"))
			check_name(c, "appProtocol", field(port, "appProtocol"), name_label_key);
		check_out(c, at);
	}
	check_out(c, was);
	map_free(&names, NULL);
}

static void check_slice(struct check *c, const json_t *slice)
{
	static const char *const types[] = { "FQDN", "IPv4", "IPv6", NULL };
	CHECK_DECLARED(c, check_one_of(c, slice, "addressType", types, true));
	check_slice_ports(c, slice);
}

static void check_slice_endpoints(struct check *c, const json_t *slice)
{
	const json_t *endpoints = json_object_get(slice, "endpoints");
	size_t i, was = check_in(c, "endpoints");
	json_t *endpoint;
	if (json_array_size(endpoints) > ENDPOINTS_MAX)
		check_too_many(c, NULL, json_array_size(endpoints), ENDPOINTS_MAX);
	json_array_foreach (endpoints, i, endpoint) {
		size_t at = check_in_index(c, i);
		check_endpoint(c, endpoint, field(slice, "addressType"));
		check_out(c, at);
	}
	check_out(c, was);
}

void validate_endpoint_slice(struct check *c, const json_t *slice)
{
	check_slice(c, slice);
	check_slice_endpoints(c, slice);
}

/* Endpoints that stay as they were may be what an older version let pass. */
void validate_endpoint_slice_update(struct check *c, const json_t *new, const json_t *old)
{
	const json_t *was = json_object_get(old, "endpoints");
	const json_t *now = json_object_get(new, "endpoints");
	json_t *filled = now ? tree_copy(now) : NULL; /* spelled out as the old ones are */
	if (filled)
		shape_fill_empty(filled, was);
	check_slice(c, new);
	if (!shape_equal(filled, was))
		check_slice_endpoints(c, new);
	json_decref(filled);
	CHECK_DECLARED(c, check_fixed(c, "addressType", new, old));
}

/* SPDX-License-Identifier: Apache-2.0 */
/* IPAddresses and ServiceCIDRs, RuntimeClasses, APIServices. Follows upstream's pkg/apis/{networking,node}/validation and kube-aggregator's. */
#include <arpa/inet.h>
#include <stdio.h>

#include "api/object/meta.h"
#include "api/validation/internal.h"
#include "api/validation/kinds.h"
#include "api/validation/pod_parts.h"
#include "base/mem.h"

static struct str field(const json_t *object, const char *name)
{
	return tree_str(json_object_get(object, name));
}

/* ---- addresses ---- */

/* As it is written when nobody chose how: upstream's Go String(). */
static bool canonical_ip(struct str text, unsigned char raw[16], char out[INET6_ADDRSTRLEN])
{
	char z[64];
	int family = ip_family(text) == 6 ? AF_INET6 : AF_INET;
	snprintf(z, sizeof(z), "%.*s", STR_ARG(text));
	return inet_pton(family, z, raw) == 1 && inet_ntop(family, raw, out, INET6_ADDRSTRLEN);
}

struct name_errors name_ip(struct str text)
{
	struct name_errors e = { 0 };
	unsigned char raw[16];
	char out[INET6_ADDRSTRLEN];
	if (!ip_family(text) || !canonical_ip(text, raw, out)) /* no leading zeros */
		e.text[e.n++] = "must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)";
	return e;
}

static void check_canonical_ip(struct check *c, const char *child, struct str text)
{
	unsigned char raw[16];
	char out[INET6_ADDRSTRLEN];
	if (!canonical_ip(text, raw, out))
		return; /* said already */
	if (ip_family(text) == 6 && IN6_IS_ADDR_V4MAPPED((struct in6_addr *)raw))
		check_invalid_text(c, child, text, "must not be an IPv4-mapped IPv6 address");
	else if (!str_eqz(text, out))
		check_invalid_text(c, child, text, "must be in canonical form (\"%s\")", out);
}

/* Whether bits are set behind the prefix; clears them. */
static bool clear_host_bits(unsigned char raw[16], int bits, int64_t prefix)
{
	bool any = false;
	for (int64_t i = prefix; i < bits; i++) {
		unsigned char bit = (unsigned char)(0x80 >> i % 8);
		any = any || raw[i / 8] & bit;
		raw[i / 8] &= (unsigned char)~bit;
	}
	return any;
}

static void check_canonical_cidr(struct check *c, const char *child, struct str text)
{
	size_t slash = str_find(text, '/');
	unsigned char raw[16];
	char out[INET6_ADDRSTRLEN];
	int64_t prefix;
	auto_buf whole = { 0 };
	int family = cidr_family(text);
	if (!family || !canonical_ip(str_of(text.p, slash), raw, out) ||
	    !str_to_i64(str_of(text.p + slash + 1, text.n - slash - 1), &prefix)) {
		check_cidr(c, child, text);
		return;
	}
	if (clear_host_bits(raw, family == 6 ? 128 : 32, prefix)) {
		check_invalid_text(c, child, text,
				   "must not have bits set beyond the prefix length");
		return;
	}
	buf_printf(&whole, "%s/%lld", out, (long long)prefix);
	if (!str_eq(buf_view(&whole), text))
		check_invalid_text(c, child, text, "must be in canonical form (\"%s\")", whole.p);
}

static void check_parent_name(struct check *c, const json_t *parent, const char *child)
{
	struct str name = field(parent, child);
	if (name.n)
		check_name(c, child, name, name_path_segment);
	else
		CHECK_DECLARED(c, check_required(c, child, "%s", ""));
}

void validate_ip_address(struct check *c, const json_t *address)
{
	const json_t *parent = tree_get(address, "spec", "parentRef", NULL);
	check_canonical_ip(c, "metadata.name", meta_name(address));
	size_t was = check_in(c, "spec.parentRef");
	if (!parent) {
		CHECK_DECLARED(c, check_required(c, NULL, "%s", ""));
	} else {
		if (field(parent, "group").n)
			check_name(c, "group", field(parent, "group"), name_dns_subdomain);
		check_parent_name(c, parent, "resource");
		check_parent_name(c, parent, "name");
		if (field(parent, "namespace").n)
			check_name(c, "namespace", field(parent, "namespace"), name_path_segment);
	}
	check_out(c, was);
}

void validate_ip_address_update(struct check *c, const json_t *new, const json_t *old)
{
	static const char *const members[] = { "group", "resource", "namespace", "name" };
	const json_t *a = tree_get(old, "spec", "parentRef", NULL),
		     *b = tree_get(new, "spec", "parentRef", NULL);
	bool same = !a == !b; /* an empty text and none are the same */
	for (size_t i = 0; i < COUNT_OF(members); i++)
		same = same && str_eq(field(a, members[i]), field(b, members[i]));
	size_t was = check_in(c, "spec");
	if (!same)
		CHECK_DECLARED(c, check_fixed(c, "parentRef", json_object_get(new, "spec"),
					      json_object_get(old, "spec")));
	check_out(c, was);
}

/* ---- ranges ---- */

static void check_ranges(struct check *c, const json_t *cidrs)
{
	size_t i;
	json_t *cidr;
	if (json_array_size(cidrs) == 0) {
		check_required(c, NULL, "at least one CIDR required");
		return;
	}
	if (json_array_size(cidrs) > 2) {
		json_t *spec = json_pack("{s:O}", "CIDRs", cidrs); /* as upstream prints it */
		check_invalid(c, NULL, spec, "may only hold up to 2 values");
		json_decref(spec);
		return;
	}
	json_array_foreach (cidrs, i, cidr) {
		size_t at = check_in_index(c, i);
		check_canonical_cidr(c, NULL, tree_str(cidr));
		check_out(c, at);
	}
	int first = cidr_family(tree_str(json_array_get(cidrs, 0)));
	if (json_array_size(cidrs) == 2 && first &&
	    first == cidr_family(tree_str(json_array_get(cidrs, 1))))
		check_invalid(c, NULL, cidrs,
			      "may specify no more than one IP for each IP family, i.e "
			      "192.168.0.0/24 and 2001:db8::/64");
}

void validate_service_range(struct check *c, const json_t *range)
{
	size_t was = check_in(c, "spec.cidrs");
	check_ranges(c, tree_get(range, "spec", "cidrs", NULL));
	check_out(c, was);
}

/* A second family may be added, and that is all. */
void validate_service_range_update(struct check *c, const json_t *new, const json_t *old)
{
	const json_t *now = tree_get(new, "spec", "cidrs", NULL),
		     *was = tree_get(old, "spec", "cidrs", NULL);
	size_t n = json_array_size(was), i, at = check_in(c, "spec.cidrs");
	bool added = n == 1 && json_array_size(now) == 2;
	if (json_array_size(now) == 0)
		check_invalid(c, NULL, NULL, "field is immutable");
	else if (json_array_size(now) != n && !added)
		check_invalid(c, NULL, now, "field is immutable");
	for (i = 0; i < n && (added || json_array_size(now) == n); i++) {
		const json_t *cidr = json_array_get(now, i);
		size_t item = check_in_index(c, i);
		if (!json_equal(cidr, json_array_get(was, i)))
			check_invalid(c, NULL, cidr, "field is immutable");
		check_out(c, item);
	}
	if (added)
		check_ranges(c, now);
	check_out(c, at);
}

/* ---- runtime classes ---- */

static void check_unique_tolerations(struct check *c, const json_t *tolerations)
{
	struct map seen = { 0 };
	size_t was, i;
	json_t *t;
	check_tolerations(c, tolerations);
	was = check_in(c, "tolerations");
	json_array_foreach (tolerations, i, t) {
		auto_buf key = { 0 };
		size_t at = check_in_index(c, i);
		buf_printf(&key, "%.*s\n%.*s\n%.*s\n%.*s", STR_ARG(field(t, "key")),
			   STR_ARG(field(t, "operator")), STR_ARG(field(t, "value")),
			   STR_ARG(field(t, "effect")));
		if (seen_before(&seen, buf_view(&key)))
			check_duplicate_internal(c, NULL, "core/v1.Toleration", t);
		check_out(c, at);
	}
	check_out(c, was);
	map_free(&seen, NULL);
}

void validate_runtime_class(struct check *c, const json_t *class)
{
	const json_t *overhead = json_object_get(class, "overhead"),
		     *scheduling = json_object_get(class, "scheduling");
	if (!c->update)
		CHECK_DECLARED(c, check_required_name(c, "handler", field(class, "handler"),
						      name_dns_label));
	else if (field(class, "handler").n)
		check_name(c, "handler", field(class, "handler"), name_dns_label);
	if (overhead) {
		json_t *as_limits = json_object();
		json_t *fixed = json_object_get(overhead, "podFixed");
		size_t was = check_in(c, "overhead");
		if (fixed)
			json_object_set(as_limits, "limits", fixed);
		check_resources(c, as_limits, NULL, false);
		check_out(c, was);
		json_decref(as_limits);
	}
	if (scheduling) {
		size_t was = check_in(c, "scheduling");
		check_labels(c, "nodeSelector", json_object_get(scheduling, "nodeSelector"));
		check_unique_tolerations(c, json_object_get(scheduling, "tolerations"));
		check_out(c, was);
	}
}

void validate_runtime_class_update(struct check *c, const json_t *new, const json_t *old)
{
	CHECK_DECLARED(c, check_fixed(c, "handler", new, old));
	if (field(new, "handler").n == 0 && field(old, "handler").n)
		CHECK_DECLARED(c, check_required(c, "handler", "%s", ""));
}

/* ---- parts of the API ---- */

static void check_api_service_name(struct check *c, const json_t *service)
{
	const json_t *spec = json_object_get(service, "spec");
	auto_buf wanted = { 0 };
	buf_printf(&wanted, "%.*s.%.*s", STR_ARG(field(spec, "version")),
		   STR_ARG(field(spec, "group")));
	if (meta_generate_name(service).n)
		check_invalid_text(c, "metadata.generateName", meta_generate_name(service),
				   "must be `spec.version+\".\"+spec.group`: \"%s\"", wanted.p);
	if (!meta_name(service).n || !name_ok(name_path_segment(meta_name(service))) ||
	    str_eq(meta_name(service), buf_view(&wanted)))
		return; /* the former is said with the metadata */
	check_invalid_text(c, "metadata.name", meta_name(service),
			   "must be `spec.version+\".\"+spec.group`: \"%s\"", wanted.p);
}

static void check_api_backend(struct check *c, const json_t *spec)
{
	const json_t *backend = json_object_get(spec, "service"),
		     *insecure = json_object_get(spec, "insecureSkipTLSVerify");
	struct str bundle = field(spec, "caBundle");
	int64_t port = tree_int(json_object_get(backend, "port"), 0);
	if (!backend) {
		auto_buf bytes = { 0 };
		size_t padding = 0;
		while (padding < bundle.n && bundle.p[bundle.n - 1 - padding] == '=')
			padding++;
		buf_printf(&bytes, "%zu bytes", bundle.n / 4 * 3 - padding);
		if (bundle.n)
			check_invalid_text(c, "caBundle", buf_view(&bytes),
					   "local APIServices may not have a caBundle");
		if (json_is_true(insecure))
			check_invalid(c, "insecureSkipTLSVerify", insecure,
				      "local APIServices may not have insecureSkipTLSVerify");
		return;
	}
	if (field(backend, "namespace").n == 0)
		check_required(c, "service.namespace", "%s", "");
	if (field(backend, "name").n == 0)
		check_required(c, "service.name", "%s", "");
	if (port < 1 || port > 65535)
		check_invalid_number(c, "service.port", port,
				     "port is not valid: must be between 1 and 65535, inclusive");
	if (json_is_true(insecure) && bundle.n)
		check_invalid(c, "insecureSkipTLSVerify", insecure,
			      "may not be true if caBundle is present");
}

void validate_api_service(struct check *c, const json_t *service)
{
	const json_t *spec = json_object_get(service, "spec");
	struct str group = field(spec, "group"), version = field(spec, "version");
	int64_t group_priority = tree_int(json_object_get(spec, "groupPriorityMinimum"), 0),
		priority = tree_int(json_object_get(spec, "versionPriority"), 0);
	check_api_service_name(c, service);
	size_t was = check_in(c, "spec");
	if (group.n == 0 && !str_eqz(version, "v1"))
		check_required(c, "group",
			       "only v1 may have an empty group and it better be legacy kube");
	if (group.n)
		check_name(c, "group", group, name_dns_subdomain);
	check_name(c, "version", version, name_dns1035_label);
	if (group_priority <= 0 || group_priority > 20000)
		check_invalid_number(c, "groupPriorityMinimum", group_priority,
				     "must be positive and less than 20000");
	if (priority <= 0 || priority > 1000)
		check_invalid_number(c, "versionPriority", priority,
				     "must be positive and less than 1000");
	check_api_backend(c, spec);
	check_out(c, was);
}

void validate_api_service_status(struct check *c, const json_t *new, const json_t *old)
{
	static const char *const states[] = { "True", "False", "Unknown", NULL };
	size_t was = check_in(c, "status.conditions"), i;
	json_t *condition;
	(void)old;
	json_array_foreach (tree_get(new, "status", "conditions", NULL), i, condition) {
		size_t at = check_in_index(c, i);
		if (!str_in(field(condition, "status"), states))
			check_unsupported(c, "status", json_object_get(condition, "status"),
					  states);
		check_out(c, at);
	}
	check_out(c, was);
}

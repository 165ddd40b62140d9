/* SPDX-License-Identifier: Apache-2.0 */
/* The addresses of services: one of each family at most, cluster-wide or handed in from outside. */
#include "api/object/meta.h"
#include "api/validation/service_parts.h"
#include "base/mem.h"

static const char *const families[] = { "IPv4", "IPv6", NULL };
static const char *const family_policies[] = { "PreferDualStack", "RequireDualStack", "SingleStack",
					       NULL };

static struct str field(const json_t *object, const char *name)
{
	return tree_str(json_object_get(object, name));
}

bool service_spec_is(const json_t *spec, const char *type)
{
	return str_eqz(field(spec, "type"), type);
}

struct str service_spec_ip(const json_t *spec, size_t i)
{
	return tree_str(json_array_get(json_object_get(spec, "clusterIPs"), i));
}

bool service_spec_is_headless(const json_t *spec)
{
	return json_array_size(json_object_get(spec, "clusterIPs")) == 1 &&
	       str_eqz(service_spec_ip(spec, 0), "None");
}

/* ---- those of the cluster ---- */

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
	check_known_if_set(c, spec, "ipFamilyPolicy", family_policies);
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
	int first = ip_family(service_spec_ip(spec, 0));
	size_t was = check_in(c, "clusterIPs");
	if (json_array_size(list) > 1 && first == ip_family(service_spec_ip(spec, 1)))
		check_invalid(c, NULL, list, "may specify no more than one IP for each IP family");
	for (size_t i = 0; !service_spec_is_headless(spec) && i < json_array_size(list) &&
			   i < json_array_size(wanted);
	     i++) {
		struct str family = tree_str(json_array_get(wanted, i));
		int is = ip_family(service_spec_ip(spec, i));
		size_t at = check_in_index(c, i);
		if ((str_eqz(family, "IPv4") && is == 6) || (str_eqz(family, "IPv6") && is == 4))
			check_invalid_text(
				c, NULL, service_spec_ip(spec, i),
				"expected an %.*s value as indicated by `ipFamilies[%zu]`",
				STR_ARG(family), i);
		check_out(c, at);
	}
	check_out(c, was);
}

void check_service_ips(struct check *c, const json_t *spec)
{
	const json_t *list = json_object_get(spec, "clusterIPs");
	struct str one = field(spec, "clusterIP");
	if (service_spec_is(spec, "ExternalName"))
		return;
	if (one.n && json_array_size(list) == 0)
		check_required(c, "clusterIPs", "%s", "");
	else if (one.n && !str_eq(one, service_spec_ip(spec, 0)))
		check_invalid(c, "clusterIPs", list, "first value must match `clusterIP`");
	else if (one.n == 0 && json_array_size(list))
		check_invalid(c, "clusterIPs", list,
			      "must be empty when `clusterIP` is not specified");
	check_families(c, spec);
	if (check_each_cluster_ip(c, list))
		check_families_of_ips(c, spec, list);
}

/* ---- those from outside ---- */

void check_service_external_ips(struct check *c, const json_t *spec)
{
	size_t was = check_in(c, "externalIPs"), i;
	json_t *ip;
	json_array_foreach (json_object_get(spec, "externalIPs"), i, ip) {
		struct str text = tree_str(ip);
		size_t at = check_in_index(c, i), before = check_causes(c);
		check_ip(c, NULL, text);
		if (!check_failed(c, before))
			check_ip_reaches(c, NULL, text);
		check_out(c, at);
	}
	check_out(c, was);
}

/* ---- update ---- */

void check_service_ips_kept(struct check *c, const json_t *new, const json_t *old)
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

void check_service_families_kept(struct check *c, const json_t *new, const json_t *old)
{
	const json_t *a = json_object_get(new, "ipFamilies"),
		     *b = json_object_get(old, "ipFamilies");
	if (service_spec_is_headless(new) || service_spec_is_headless(old) ||
	    json_array_size(a) == 0 || json_array_size(b) == 0)
		return;
	if (!json_equal(json_array_get(a, 0), json_array_get(b, 0)))
		check_invalid(c, "ipFamilies[0]", a, "may not change once set");
	if (json_array_size(a) == 1 && json_array_size(b) > 1 &&
	    !str_eqz(field(new, "ipFamilyPolicy"), "SingleStack"))
		check_invalid(c, "ipFamilyPolicy", json_object_get(new, "ipFamilyPolicy"),
			      "must be set to 'SingleStack' when releasing the secondary ipFamily");
}

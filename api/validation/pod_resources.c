/* SPDX-License-Identifier: Apache-2.0 */
/* Requests, limits and claims: which names a container may use, which quantities they take. */
#include "api/meta.h"
#include "api/quantity.h"
#include "api/validation/pod_parts.h"
#include "api/validation/resources.h"

static const char *const standard[] = { "cpu",
					"memory",
					"ephemeral-storage",
					"requests.cpu",
					"requests.memory",
					"requests.ephemeral-storage",
					"limits.cpu",
					"limits.memory",
					"limits.ephemeral-storage",
					"pods",
					"resourcequotas",
					"services",
					"replicationcontrollers",
					"secrets",
					"configmaps",
					"persistentvolumeclaims",
					"storage",
					"requests.storage",
					"services.nodeports",
					"services.loadbalancers",
					NULL };
static const char *const integers[] = { "pods",
					"resourcequotas",
					"services",
					"replicationcontrollers",
					"secrets",
					"configmaps",
					"persistentvolumeclaims",
					"services.nodeports",
					"services.loadbalancers",
					NULL };
static const char *const of_containers[] = { "cpu", "memory", "ephemeral-storage", NULL };

bool resource_is_huge_page(struct str name)
{
	return str_starts(name, STR("hugepages-"));
}

static bool is_standard(struct str name)
{
	return str_in(name, standard) || resource_is_huge_page(name) ||
	       str_starts(name, STR("requests.hugepages-"));
}

bool resource_is_native(struct str name)
{
	return str_find(name, '/') == name.n || str_contains(name, STR("kubernetes.io/"));
}

static bool is_extended(struct str name)
{
	return !resource_is_native(name) && !str_starts(name, STR("requests."));
}

static bool is_integer(struct str name)
{
	return str_in(name, integers) || is_extended(name);
}

static bool overcommit(struct str name)
{
	return resource_is_native(name) && !resource_is_huge_page(name);
}

void check_resource_name(struct check *c, struct str name)
{
	size_t before = check_causes(c);
	check_name(c, NULL, name, name_label_key);
	if (!check_failed(c, before) && str_find(name, '/') == name.n && !is_standard(name))
		check_invalid_text(c, NULL, name,
				   "must be a standard resource type or fully qualified");
}

void check_container_resource_name(struct check *c, struct str name)
{
	check_resource_name(c, name);
	if (str_find(name, '/') == name.n) {
		if (!str_in(name, of_containers) && !resource_is_huge_page(name))
			check_invalid_text(c, NULL, name,
					   "must be a standard resource for containers");
	} else if (!resource_is_native(name) && !is_extended(name)) {
		check_invalid_text(c, NULL, name, "doesn't follow extended resource name standard");
	}
}

static bool quantity_of(const json_t *value, struct quantity *out)
{
	if (json_is_string(value))
		return quantity_parse(tree_str(value), out, NULL) == 0;
	*out = quantity_from_i64(json_integer_value(value), QUANTITY_DECIMAL_SI);
	return json_is_integer(value);
}

void check_resource_value(struct check *c, struct str name, const json_t *value)
{
	struct quantity q;
	if (!quantity_of(value, &q))
		return;
	if (q.nano < 0)
		check_invalid(c, NULL, value, "must be greater than or equal to 0");
	if (is_integer(name) && quantity_milli(q) % 1000)
		check_invalid(c, NULL, value, "must be an integer");
}

static void check_huge_page(struct check *c, struct str name, const json_t *value)
{
	struct quantity q, page;
	struct str size = name;
	str_cut_prefix(&size, STR("hugepages-"));
	if (!quantity_of(value, &q) || quantity_parse(size, &page, NULL) < 0 || page.nano == 0)
		return;
	if (q.nano <= 0 || q.nano % page.nano)
		check_invalid(c, NULL, value, "%.*s is not positive integer multiple of %.*s",
			      STR_ARG(tree_str(value)), STR_ARG(name));
}

struct seen {
	bool compute, huge_pages;
};

static void check_list(struct check *c, const json_t *list, struct seen *seen)
{
	const char *key;
	json_t *value;
	json_object_foreach ((json_t *)list, key, value) {
		struct str name = str_from(key);
		size_t at = check_in_key(c, name);
		check_container_resource_name(c, name);
		check_resource_value(c, name, value);
		if (resource_is_huge_page(name))
			check_huge_page(c, name, value);
		seen->huge_pages = seen->huge_pages || resource_is_huge_page(name);
		seen->compute = seen->compute || str_eqz(name, "cpu") || str_eqz(name, "memory");
		check_out(c, at);
	}
}

static void check_request(struct check *c, struct str name, const json_t *request,
			  const json_t *limit)
{
	struct quantity q, most;
	if (!limit) {
		if (!overcommit(name))
			check_required(c, "limits",
				       "Limit must be set for non overcommitable resources");
		return;
	}
	if (!quantity_of(request, &q) || !quantity_of(limit, &most))
		return;
	if (quantity_cmp(q, most) != 0 && !overcommit(name))
		check_invalid(c, "requests", request, "must be equal to %.*s limit of %.*s",
			      STR_ARG(name), STR_ARG(tree_str(limit)));
	else if (quantity_cmp(q, most) > 0)
		check_invalid(c, "requests", request,
			      "must be less than or equal to %.*s limit of %.*s", STR_ARG(name),
			      STR_ARG(tree_str(limit)));
}

/* "NAME" and "NAME/REQUEST" must be there once, and be claims of the pod. */
static void check_claim(struct check *c, const json_t *claim, struct map *seen,
			const struct map *pod, size_t npod)
{
	struct str name = tree_str(json_object_get(claim, "name")),
		   request = tree_str(json_object_get(claim, "request"));
	auto_buf key = { 0 };
	buf_str(&key, name);
	if (name.n == 0) {
		check_required(c, NULL, "%s", "");
		return;
	}
	if (request.n) {
		check_name(c, "request", request, name_dns_label);
		buf_printf(&key, "/%.*s", STR_ARG(request));
	}
	if (seen_before(seen, buf_view(&key)))
		check_duplicate_text(c, NULL, buf_view(&key));
	if (!map_get(pod, name))
		check_not_found(c, NULL, name,
				npod ? "must be one of the names in pod.spec.resourceClaims"
				     : "must be one of the names in pod.spec.resourceClaims which "
				       "is empty");
}

static void check_claims(struct check *c, const json_t *list, const json_t *of_pod)
{
	struct map seen = { 0 }, pod = { 0 };
	size_t i;
	json_t *claim;
	json_array_foreach (of_pod, i, claim)
		seen_before(&pod, tree_str(json_object_get(claim, "name")));
	size_t was = check_in(c, "claims");
	json_array_foreach (list, i, claim) {
		size_t at = check_in_index(c, i);
		check_claim(c, claim, &seen, &pod, json_array_size(of_pod));
		check_out(c, at);
	}
	check_out(c, was);
	map_free(&seen, NULL);
	map_free(&pod, NULL);
}

void check_resources(struct check *c, const json_t *resources, const json_t *claims)
{
	const json_t *limits = json_object_get(resources, "limits"),
		     *requests = json_object_get(resources, "requests");
	struct seen seen = { 0 };
	const char *key;
	json_t *value;
	size_t was = check_in(c, "limits");
	check_list(c, limits, &seen);
	check_out(c, was);
	was = check_in(c, "requests");
	check_list(c, requests, &seen);
	check_out(c, was);
	json_object_foreach ((json_t *)requests, key, value)
		check_request(c, str_from(key), value, json_object_get(limits, key));
	if (seen.huge_pages && !seen.compute)
		check_forbidden(c, NULL, "HugePages require cpu or memory");
	check_claims(c, json_object_get(resources, "claims"), claims);
}

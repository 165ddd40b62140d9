/* SPDX-License-Identifier: Apache-2.0 */
/* Requests, limits and claims: which names a container may use, which quantities they take. */
#include "api/object/meta.h"
#include "api/validation/pod_parts.h"
#include "api/validation/resources.h"
#include "api/values/quantity.h"
#include "base/mem.h"

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

/* Its quota has a name, too. */
static bool is_extended(struct str name)
{
	auto_buf quota = { 0 };
	if (resource_is_native(name) || str_starts(name, STR("requests.")))
		return false;
	buf_printf(&quota, "requests.%.*s", STR_ARG(name));
	return name_ok(name_label_key(buf_view(&quota)));
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

static void check_pod_resource_name(struct check *c, struct str name)
{
	static const char *const of_pods[] = { "cpu", "hugepages-", "memory", NULL };
	size_t before = check_causes(c);
	check_resource_name(c, name);
	if (check_failed(c, before) || str_eqz(name, "cpu") || str_eqz(name, "memory") ||
	    resource_is_huge_page(name))
		return;
	json_t *shown = json_stringn_nocheck(name.p, name.n);
	check_unsupported(c, NULL, shown, of_pods);
	json_decref(shown);
}

static int by_text(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
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
	if (is_integer(name) && q.nano % 1000000000)
		check_invalid(c, NULL, value, "must be an integer");
}

static void check_huge_page(struct check *c, struct str name, const json_t *value)
{
	struct quantity q, page;
	struct str size = name;
	str_cut_prefix(&size, STR("hugepages-"));
	if (!quantity_of(value, &q) || quantity_parse(size, &page, NULL) < 0 || page.nano == 0)
		return;
	if (q.nano % page.nano)
		check_invalid(c, NULL, value, "%.*s is not positive integer multiple of %.*s",
			      STR_ARG(tree_str(value)), STR_ARG(name));
}

struct seen {
	bool compute, huge_pages;
};

static void check_entry(struct check *c, struct str name, const json_t *value, bool of_pod,
			struct seen *seen)
{
	if (of_pod)
		check_pod_resource_name(c, name);
	else
		check_container_resource_name(c, name);
	check_resource_value(c, name, value);
	seen->huge_pages = seen->huge_pages || resource_is_huge_page(name);
	seen->compute = seen->compute || str_eqz(name, "cpu") || str_eqz(name, "memory");
}

static void check_limits(struct check *c, const json_t *limits, bool of_pod, struct seen *seen)
{
	const char *key;
	json_t *value;
	size_t was = check_in(c, "limits");
	json_object_foreach ((json_t *)limits, key, value) {
		size_t at = check_in_key(c, str_from(key));
		check_entry(c, str_from(key), value, of_pod, seen);
		if (resource_is_huge_page(str_from(key)))
			check_huge_page(c, str_from(key), value);
		check_out(c, at);
	}
	check_out(c, was);
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

static void check_requests(struct check *c, const json_t *requests, const json_t *limits,
			   bool of_pod, struct seen *seen)
{
	const char *key;
	json_t *value;
	json_object_foreach ((json_t *)requests, key, value) {
		struct str name = str_from(key);
		size_t was = check_in(c, "requests");
		check_in_key(c, name);
		check_entry(c, name, value, of_pod, seen);
		check_out(c, was);
		check_request(c, name, value, json_object_get(limits, key));
		check_in(c, "requests");
		check_in_key(c, name);
		if (resource_is_huge_page(name))
			check_huge_page(c, name, value);
		check_out(c, was);
	}
}

/* The pod's claims as they are named in errors: sorted, "a, b". */
static void claim_names(const struct map *pod, struct buf *out)
{
	const char **names = mem_alloc((pod->count + 1) * sizeof(*names));
	size_t n = 0, i = 0;
	struct map_entry *e;
	while ((e = map_next(pod, &i)))
		names[n++] = e->key.p;
	qsort(names, n, sizeof(*names), by_text);
	for (i = 0; i < n; i++)
		buf_printf(out, "%s%s", i ? ", " : "", names[i]);
	free(names);
}

static void check_known_claim(struct check *c, struct str name, const struct map *pod)
{
	auto_buf detail = { 0 };
	if (map_get(pod, name))
		return;
	buf_puts(&detail, "must be one of the names in pod.spec.resourceClaims");
	if (pod->count == 0)
		buf_puts(&detail, " which is empty");
	else
		buf_puts(&detail, ": ");
	claim_names(pod, &detail);
	check_not_found(c, NULL, name, detail.p);
}

/* Whether requests of the claim were named before it was named as a whole. */
static size_t requests_seen(const struct map *seen, struct str name)
{
	size_t i = 0, n = 0;
	struct map_entry *e;
	while ((e = map_next(seen, &i)))
		n += e->key.n > name.n && e->key.p[name.n] == '/' && str_starts(e->key, name);
	return n;
}

/* "NAME" and "NAME/REQUEST" must be there once, and be claims of the pod. */
static void check_claim(struct check *c, const json_t *claim, struct map *seen,
			const struct map *pod)
{
	struct str name = tree_str(json_object_get(claim, "name")),
		   request = tree_str(json_object_get(claim, "request"));
	auto_buf key = { 0 };
	buf_str(&key, name);
	if (name.n == 0) {
		check_required(c, NULL, "%s", "");
		return;
	}
	if (map_get(seen, name)) {
		check_duplicate_text(c, NULL, name);
	} else {
		if (request.n) {
			check_name(c, "request", request, name_dns_label);
			buf_printf(&key, "/%.*s", STR_ARG(request));
		} else {
			for (size_t n = requests_seen(seen, name); n; n--)
				check_duplicate_text(c, NULL, name);
		}
		if (seen_before(seen, buf_view(&key)))
			check_duplicate_text(c, NULL, buf_view(&key));
	}
	check_known_claim(c, name, pod);
}

static void check_claims(struct check *c, const json_t *list, const json_t *of_pod)
{
	struct map seen = { 0 }, pod = { 0 };
	size_t i;
	json_t *claim;
	json_array_foreach (of_pod, i, claim)
		if (tree_str(json_object_get(claim, "name")).n)
			seen_before(&pod, tree_str(json_object_get(claim, "name")));
	size_t was = check_in(c, "claims");
	json_array_foreach (list, i, claim) {
		size_t at = check_in_index(c, i);
		check_claim(c, claim, &seen, &pod);
		check_out(c, at);
	}
	check_out(c, was);
	map_free(&seen, NULL);
	map_free(&pod, NULL);
}

void check_resources(struct check *c, const json_t *resources, const json_t *claims, bool of_pod)
{
	const json_t *limits = json_object_get(resources, "limits");
	struct seen seen = { 0 };
	check_limits(c, limits, of_pod, &seen);
	check_requests(c, json_object_get(resources, "requests"), limits, of_pod, &seen);
	if (seen.huge_pages && !seen.compute)
		check_forbidden(c, NULL, "HugePages require cpu or memory");
	check_claims(c, json_object_get(resources, "claims"), claims);
}

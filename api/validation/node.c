/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "api/object/meta.h"
#include "api/registry.h"
#include "api/validation/internal.h"
#include "api/validation/kinds.h"
#include "api/validation/resources.h"

static void check_taint(struct check *c, const json_t *taint, struct map *seen)
{
	static const char *const effects[] = { "NoSchedule", "PreferNoSchedule", "NoExecute",
					       NULL };
	struct str key = tree_get_str(taint, "key", NULL),
		   value = tree_get_str(taint, "value", NULL);
	struct name_errors e = name_label_value(value);
	auto_buf pair = { 0 };
	check_name(c, "key", key, name_label_key);
	if (e.n)
		check_invalid_text(c, "value", value, "%s", e.text[0]);
	check_one_of(c, taint, "effect", effects, true);
	buf_printf(&pair, "%.*s:%.*s", STR_ARG(key), STR_ARG(tree_get_str(taint, "effect", NULL)));
	if (seen_before(seen, buf_view(&pair))) {
		auto_buf text = { 0 };
		internal_text(api_type_find(STR("core/v1.Taint")), taint, &text);
		err_cause(c->err, "FieldValueDuplicate", c->path.p,
			  "Duplicate value: %.*s: taints must be unique by key and effect pair",
			  STR_ARG(buf_view(&text)));
	}
}

static void check_taints(struct check *c, const json_t *node)
{
	struct map seen = { 0 };
	size_t was = check_in(c, "metadata.taints"), i; /* upstream's path */
	json_t *taint;
	json_array_foreach (tree_get(node, "spec", "taints", NULL), i, taint) {
		size_t at = check_in_index(c, i);
		check_taint(c, taint, &seen);
		check_out(c, at);
	}
	check_out(c, was);
	map_free(&seen, NULL);
}

static void check_amounts(struct check *c, const json_t *node, const char *list)
{
	const char *key;
	json_t *value;
	size_t was = check_in(c, "status");
	check_in(c, list);
	json_object_foreach (tree_get(node, "status", list, NULL), key, value) {
		size_t at = check_in(c, key);
		check_resource_value(c, str_from(key), value);
		check_out(c, at);
	}
	check_out(c, was);
}

static void check_cidrs(struct check *c, const json_t *node)
{
	const json_t *list = tree_get(node, "spec", "podCIDRs", NULL);
	size_t was = check_in(c, "spec.podCIDRs"), families[7] = { 0 }, i;
	size_t n = json_array_size(list), broken = n;
	json_t *cidr;
	json_array_foreach (list, i, cidr) {
		size_t at = check_in_index(c, i);
		check_cidr(c, NULL, tree_str(cidr));
		families[cidr_family(tree_str(cidr))]++;
		check_out(c, at);
		broken = broken < n || cidr_family(tree_str(cidr)) ? broken : i;
	}
	if (n > 1 && broken < n)
		err_cause(c->err, "InternalError", c->path.p,
			  "Internal error: invalid PodCIDRs. failed to check with dual stack with "
			  "error:invalid CIDR[%zu]: <nil> (invalid CIDR address: %s)",
			  broken, json_string_value(json_array_get(list, broken)));
	if (n > 1 && (n > 2 || !families[4] || !families[6]))
		check_invalid(c, NULL, list,
			      "may specify no more than one CIDR for each IP family");
	check_out(c, was);
}

/* Words in UpperCamelCase, and more words behind slashes. */
static bool is_feature(struct str name)
{
	bool first = true, begins = true;
	for (size_t i = 0; i < name.n; i++) {
		char ch = name.p[i];
		bool upper = ch >= 'A' && ch <= 'Z', letter = upper || (ch >= 'a' && ch <= 'z');
		if (begins && !(first ? upper : letter))
			return false;
		if (!letter && !(ch >= '0' && ch <= '9') && ch != '/')
			return false;
		first = false;
		begins = ch == '/';
	}
	return !begins;
}

static void check_feature(struct check *c, struct str name)
{
	auto_buf quoted = { 0 };
	buf_json_string(&quoted, name);
	if (name.n > 253)
		check_invalid_text(c, NULL, name,
				   "invalid feature name %s: must be no more than 253 characters",
				   quoted.p);
	else if (!is_feature(name))
		check_invalid_text(c, NULL, name,
				   "invalid feature name %s: must start with an UpperCamelCase "
				   "segment, with subsequent segments separated by '/' (e.g., "
				   "MyFeature or MyFeature/mySubFeature), and contain only "
				   "alphanumeric characters and slashes",
				   quoted.p);
}

static void check_features(struct check *c, const json_t *node)
{
	const json_t *list = tree_get(node, "status", "declaredFeatures", NULL);
	size_t was = check_in(c, "status.declaredFeatures"), i;
	json_t *item;
	json_array_foreach (list, i, item) {
		struct str name = tree_str(item),
			   before = i ? tree_str(json_array_get(list, i - 1)) : STR("");
		size_t at = check_in_index(c, i);
		if (i && str_eq(name, before))
			check_duplicate_text(c, NULL, name);
		else if (i && str_cmp(before, name) > 0)
			check_invalid_text(c, NULL, name, "list must be sorted alphabetically");
		check_feature(c, name);
		check_out(c, at);
	}
	check_out(c, was);
}

void validate_node(struct check *c, const json_t *node)
{
	check_taints(c, node);
	check_amounts(c, node, "capacity");
	check_amounts(c, node, "allocatable");
	check_cidrs(c, node);
	check_features(c, node);
}

static void check_addresses(struct check *c, const json_t *node)
{
	struct map seen = { 0 };
	size_t was = check_in(c, "status.addresses"), i;
	json_t *address;
	json_array_foreach (tree_get(node, "status", "addresses", NULL), i, address) {
		char *text = json_dumps(address, JSON_COMPACT | JSON_SORT_KEYS);
		size_t at = check_in_index(c, i);
		if (seen_before(&seen, str_from(text)))
			check_duplicate(c, NULL, address);
		check_out(c, at);
		free(text);
	}
	check_out(c, was);
	map_free(&seen, NULL);
}

void validate_node_update(struct check *c, const json_t *new, const json_t *old)
{
	const json_t *a = json_object_get(new, "spec"), *b = json_object_get(old, "spec");
	struct str now = tree_get_str(a, "providerID", NULL),
		   was = tree_get_str(b, "providerID", NULL);
	check_amounts(c, new, "capacity");
	check_amounts(c, new, "allocatable");
	check_addresses(c, new);
	check_features(c, new);
	if (json_array_size(json_object_get(b, "podCIDRs")) &&
	    !shape_equal(json_object_get(a, "podCIDRs"), json_object_get(b, "podCIDRs")))
		check_forbidden(c, "spec.podCIDRs",
				"node updates may not change podCIDR except from \"\" to valid");
	if (was.n && now.n && !str_eq(now, was))
		check_invalid(c, "spec.providerID", NULL, "field cannot be modified once set");
	else if (was.n && now.n == 0)
		check_invalid(c, "spec.providerID", NULL, "field cannot be cleared once set");
	check_taints(c, new);
	if (!str_eq(tree_get_str(a, "externalID", NULL), tree_get_str(b, "externalID", NULL)))
		check_forbidden(c, "spec.externalID", "may not be updated");
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Claims on volumes. */
#include "api/object/meta.h"
#include "api/validation/kinds.h"
#include "api/validation/volume_parts.h"
#include "api/values/quantity.h"
#include "base/mem.h"

static struct str field(const json_t *object, const char *name)
{
	return tree_str(json_object_get(object, name));
}

static bool parse(const json_t *value, struct quantity *out)
{
	return quantity_parse(tree_str(value), out, NULL) == 0;
}

static void check_data_source(struct check *c, const json_t *source, const char *child,
			      bool any_group)
{
	struct str group = field(source, "apiGroup");
	size_t was = check_in(c, child);
	if (source && field(source, "name").n == 0)
		check_required(c, "name", "%s", "");
	if (source && field(source, "kind").n == 0)
		check_required(c, "kind", "%s", "");
	if (source && group.n == 0 && !str_eqz(field(source, "kind"), "PersistentVolumeClaim"))
		check_invalid_text(
			c, NULL, field(source, "kind"),
			"must be 'PersistentVolumeClaim' when referencing the default apiGroup");
	else if (group.n && !any_group)
		check_name(c, "apiGroup", group, name_dns_subdomain);
	check_out(c, was);
}

static bool same_source(const json_t *source, const json_t *ref)
{
	return str_eq(field(source, "kind"), field(ref, "kind")) &&
	       str_eq(field(source, "name"), field(ref, "name")) &&
	       str_eq(field(source, "apiGroup"), field(ref, "apiGroup"));
}

static void check_data_sources(struct check *c, const json_t *spec, bool any_group)
{
	const json_t *source = json_object_get(spec, "dataSource"),
		     *ref = json_object_get(spec, "dataSourceRef");
	check_data_source(c, source, "dataSource", any_group);
	check_data_source(c, ref, "dataSourceRef", any_group);
	if (source && ref && !same_source(source, ref)) {
		json_t *shown = json_object(); /* what upstream prints */
		check_invalid(c, NULL, shown, "must match dataSourceRef");
		json_decref(shown);
	}
}

static void check_spec(struct check *c, const json_t *spec, bool any_group)
{
	const json_t *size = tree_get(spec, "resources", "requests", "storage", NULL);
	check_access_modes(c, spec, "at least 1 access mode is required");
	check_label_selector(c, "selector", json_object_get(spec, "selector"));
	size_t was = check_in(c, "resources[storage]");
	if (!size)
		check_required(c, NULL, "%s", "");
	else
		check_positive_quantity(c, size);
	check_out(c, was);
	if (field(spec, "storageClassName").n)
		check_name(c, "storageClassName", field(spec, "storageClassName"),
			   name_dns_subdomain);
	if (json_object_get(spec, "volumeMode") && !str_in(field(spec, "volumeMode"), volume_modes))
		check_unsupported(c, "volumeMode", json_object_get(spec, "volumeMode"),
				  volume_modes);
	check_data_sources(c, spec, any_group);
	if (field(spec, "volumeAttributesClassName").n)
		check_name(c, "volumeAttributesClassName", field(spec, "volumeAttributesClassName"),
			   name_dns_subdomain);
}

void check_volume_claim_spec(struct check *c, const json_t *spec)
{
	check_spec(c, spec, false);
}

void validate_volume_claim(struct check *c, const json_t *claim)
{
	size_t was = check_in(c, "spec");
	check_volume_claim_spec(c, json_object_get(claim, "spec"));
	check_out(c, was);
}

static void put_back(json_t *spec, const json_t *old, const char *name)
{
	json_t *value = json_object_get(old, name);
	if (value)
		json_object_set(spec, name, value);
	else
		json_object_del(spec, name);
}

/* What a claim may still change: its volume once, its class from none, and when bound its size and attributes. */
static json_t *munged(const json_t *new, const json_t *old)
{
	const json_t *before = json_object_get(old, "spec");
	json_t *spec = tree_copy(json_object_get(new, "spec"));
	bool bound = str_eqz(tree_get_str(new, "status", "phase", NULL), "Bound");
	json_t *size = tree_get(before, "resources", "requests", "storage", NULL);
	json_t *requests = tree_get(spec, "resources", "requests", NULL);
	if (field(before, "volumeName").n == 0)
		put_back(spec, before, "volumeName");
	if (!json_object_get(before, "storageClassName"))
		put_back(spec, before, "storageClassName");
	if (bound && requests && size)
		json_object_set(requests, "storage", size);
	if (bound)
		put_back(spec, before, "volumeAttributesClassName");
	return spec;
}

/* Whatever such a claim calls a group stays possible. */
static bool has_group(const json_t *spec)
{
	return tree_get(spec, "dataSource", "apiGroup", NULL) ||
	       tree_get(spec, "dataSourceRef", "apiGroup", NULL);
}

void validate_volume_claim_update(struct check *c, const json_t *new, const json_t *old)
{
	struct quantity now = { 0 }, was = { 0 }, have = { 0 };
	json_t *spec = munged(new, old);
	size_t at = check_in(c, "spec");
	check_spec(c, json_object_get(new, "spec"), has_group(json_object_get(old, "spec")));
	check_out(c, at);
	if (!shape_equal(spec, json_object_get(old, "spec")))
		check_forbidden(c, "spec",
				"spec is immutable after creation except resources.requests and "
				"volumeAttributesClassName for bound claims");
	parse(tree_get(old, "status", "capacity", "storage", NULL), &have);
	parse(tree_get(new, "spec", "resources", "requests", "storage", NULL), &now);
	parse(tree_get(old, "spec", "resources", "requests", "storage", NULL), &was);
	if (quantity_cmp(now, was) < 0 && quantity_cmp(now, have) <= 0)
		check_forbidden(c, "spec.resources.requests.storage",
				"field can not be less than status.capacity");
	check_immutable(c, "volumeMode", tree_get(new, "spec", "volumeMode", NULL),
			tree_get(old, "spec", "volumeMode", NULL));
	json_decref(spec);
}

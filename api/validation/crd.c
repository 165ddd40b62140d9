/* SPDX-License-Identifier: Apache-2.0 */
/* CustomResourceDefinitions, after apiextensions-apiserver's pkg/apis/apiextensions/validation. Schemas are crd_schema_rules.c. */
#include <ctype.h>
#include <stdio.h>

#include "api/meta.h"
#include "api/validation/crd_approval.h"
#include "api/validation/crd_schema_rules.h"
#include "api/validation/kinds.h"
#include "base/mem.h"

#define SELECTABLE_MAX 8

static struct str field(const json_t *object, const char *name)
{
	return tree_str(json_object_get(object, name));
}

/* Every complaint of a name rule in one. */
static void complain(struct check *c, const char *child, struct str value, struct name_errors why,
		     const char *before)
{
	auto_buf all = { 0 };
	for (size_t i = 0; i < why.n; i++)
		buf_printf(&all, "%s%s", i ? "," : "", why.text[i]);
	if (why.n)
		check_invalid_text(c, child, value, "%s%s", before, all.p);
}

static void check_label_name(struct check *c, const char *child, struct str value)
{
	if (value.n)
		complain(c, child, value, name_dns1035_label(value), "");
}

static void check_kind_name(struct check *c, const char *child, struct str value)
{
	auto_free char *lower = str_dup(value);
	for (char *p = lower; *p; p++)
		*p = (char)tolower((unsigned char)*p);
	if (value.n)
		complain(c, child, value, name_dns1035_label(str_from(lower)),
			 "may have mixed case, but should otherwise match: ");
}

static void check_name_list(struct check *c, const json_t *names, const char *list)
{
	const json_t *item;
	size_t i;
	json_array_foreach (json_object_get(names, list), i, item) {
		size_t was = check_in(c, list), at = check_in_index(c, i);
		check_label_name(c, NULL, tree_str(item));
		check_out(c, at);
		check_out(c, was);
	}
}

static void check_names(struct check *c, const json_t *names)
{
	static const char *const required[] = { "plural", "singular", "kind", "listKind" };
	size_t was = check_in(c, "names");
	for (size_t i = 0; i < COUNT_OF(required); i++)
		if (!field(names, required[i]).n)
			check_required(c, required[i], "%s", "");
	check_label_name(c, "plural", field(names, "plural"));
	check_label_name(c, "singular", field(names, "singular"));
	check_kind_name(c, "kind", field(names, "kind"));
	check_kind_name(c, "listKind", field(names, "listKind"));
	check_name_list(c, names, "shortNames");
	if (field(names, "kind").n && str_eq(field(names, "kind"), field(names, "listKind")))
		check_invalid_text(c, "listKind", field(names, "listKind"),
				   "kind and listKind may not be the same");
	check_name_list(c, names, "categories");
	check_out(c, was);
}

/* --- a version --- */

static bool is_simple_path(struct check *c, const char *child, struct str path)
{
	if (path.n && path.p[0] == '.')
		return true;
	check_invalid_text(c, child, path, "must be a simple json path starting with .");
	return false;
}

static void check_column(struct check *c, const json_t *column)
{
	static const char
		*const types[] = { "boolean", "date", "integer", "number", "string", NULL },
		       *const formats[] = { "byte",  "date",  "date-time", "double", "float",
					    "int32", "int64", "password",  NULL };
	struct str type = field(column, "type"), format = field(column, "format");
	if (!field(column, "name").n)
		check_required(c, "name", "%s", "");
	if (!type.n)
		check_required(c, "type", "must be one of boolean,date,integer,number,string");
	else if (!str_in(type, types))
		check_invalid_text(c, "type", type,
				   "must be one of boolean,date,integer,number,string");
	if (format.n && !str_in(format, formats))
		check_invalid_text(
			c, "format", format,
			"must be one of byte,date,date-time,double,float,int32,int64,password");
	if (!field(column, "jsonPath").n)
		check_required(c, "JSONPath", "%s", "");
	else
		is_simple_path(c, "JSONPath", field(column, "jsonPath"));
}

static void check_scale_path(struct check *c, const json_t *scale, const char *name,
			     const char *below)
{
	struct str path = field(scale, name);
	char child[64];
	snprintf(child, sizeof(child), "scale.%s", name);
	if (!path.n)
		check_required(c, child, "%s", "");
	else if (is_simple_path(c, child, path) && !str_starts(path, str_from(below)))
		check_invalid_text(c, child, path, "should be a json path under %.*s",
				   (int)strlen(below) - 1, below);
}

static void check_scale(struct check *c, const json_t *scale)
{
	struct str selector = field(scale, "labelSelectorPath");
	size_t was = check_in(c, "subresources");
	check_scale_path(c, scale, "specReplicasPath", ".spec.");
	check_scale_path(c, scale, "statusReplicasPath", ".status.");
	if (selector.n && is_simple_path(c, "scale.labelSelectorPath", selector) &&
	    !str_starts(selector, STR(".spec.")) && !str_starts(selector, STR(".status.")))
		check_invalid_text(c, "scale.labelSelectorPath", selector,
				   "should be a json path under either .spec or .status");
	check_out(c, was);
}

static const json_t *schema_at(const json_t *schema, struct str path)
{
	struct str part;
	str_cut_prefix(&path, STR("."));
	while (schema && str_next(&path, '.', &part)) {
		auto_free char *name = str_dup(part);
		schema = json_object_get(json_object_get(schema, "properties"), name);
	}
	return schema;
}

static void check_selectable_field(struct check *c, const json_t *schema, struct str path,
				   struct map *seen)
{
	static const char *const types[] = { "string", "boolean", "integer", NULL };
	if (!path.n) {
		check_required(c, "jsonPath", "%s", "");
		return;
	}
	const json_t *at = schema_at(schema, path);
	if (!at) {
		check_invalid_text(c, "jsonPath", path,
				   "is an invalid path: does not refer to a valid field");
		return;
	}
	if (str_starts(path, STR(".metadata.")))
		check_invalid_text(c, "jsonPath", path, "must not point to fields in metadata");
	if (!str_in(field(at, "type"), types))
		check_invalid_text(c, "jsonPath", path,
				   "must point to a field of type string, boolean or integer. Enum "
				   "string fields and strings with formats are allowed.");
	if (seen_before(seen, path))
		check_duplicate_text(c, "jsonPath", path);
}

static void check_selectable(struct check *c, const json_t *list, const json_t *schema)
{
	struct map seen = { 0 };
	const json_t *item;
	size_t i, was = check_in(c, "selectableFields");
	json_array_foreach (list, i, item) {
		size_t at = check_in_index(c, i);
		check_selectable_field(c, schema, field(item, "jsonPath"), &seen);
		check_out(c, at);
	}
	if (seen.count > SELECTABLE_MAX)
		check_too_many(c, NULL, seen.count, SELECTABLE_MAX);
	map_free(&seen, NULL);
	check_out(c, was);
}

/* What versions have in common stands once for all of them in upstream's stored form, and is complained about there: a single version has
 * everything in common. */
struct parts {
	const json_t *schema, *subresources, *columns, *selectable;
};

static struct parts parts_of(const json_t *version)
{
	return (struct parts){
		json_object_get(json_object_get(version, "schema"), "openAPIV3Schema"),
		json_object_get(version, "subresources"),
		json_object_get(version, "additionalPrinterColumns"),
		json_object_get(version, "selectableFields"),
	};
}

static bool same(const json_t *a, const json_t *b)
{
	return a == b || (a && b && json_equal(a, b));
}

/* The parts that all versions share. */
static struct parts common_parts(const json_t *versions)
{
	struct parts all = parts_of(json_array_get(versions, 0));
	const json_t *version;
	size_t i;
	json_array_foreach (versions, i, version) {
		struct parts p = parts_of(version);
		all.schema = same(all.schema, p.schema) ? all.schema : NULL;
		all.subresources = same(all.subresources, p.subresources) ? all.subresources : NULL;
		all.columns = same(all.columns, p.columns) ? all.columns : NULL;
		all.selectable = same(all.selectable, p.selectable) ? all.selectable : NULL;
	}
	return all;
}

static void check_parts(struct check *c, const struct parts *p, const char *schema_in,
			const json_t *selectable_schema)
{
	const json_t *scale = json_object_get(p->subresources, "scale"), *item;
	size_t i;
	if (p->schema) {
		size_t was = check_in(c, schema_in), at = check_in(c, "openAPIV3Schema");
		check_crd_schema(c, p->schema, json_object_get(p->subresources, "status") != NULL);
		check_out(c, at);
		check_out(c, was);
	}
	if (scale)
		check_scale(c, scale);
	json_array_foreach (p->columns, i, item) {
		size_t was = check_in(c, "additionalPrinterColumns"), at = check_in_index(c, i);
		check_column(c, item);
		check_out(c, at);
		check_out(c, was);
	}
	if (p->selectable && selectable_schema)
		check_selectable(c, p->selectable, selectable_schema);
}

static void check_version(struct check *c, const json_t *version, const struct parts *common)
{
	struct parts p = parts_of(version), own = p;
	complain(c, "name", field(version, "name"), name_dns1035_label(field(version, "name")), "");
	if (json_object_get(version, "deprecationWarning") &&
	    !json_is_true(json_object_get(version, "deprecated")))
		check_invalid(c, "deprecationWarning",
			      json_object_get(version, "deprecationWarning"),
			      "can only be set for deprecated versions");
	own.schema = common->schema ? NULL : p.schema;
	own.subresources = common->subresources ? NULL : p.subresources;
	own.columns = common->columns ? NULL : p.columns;
	own.selectable = common->selectable ? NULL : p.selectable;
	check_parts(c, &own, "schema", p.schema);
}

/* --- the spec --- */

static void check_group(struct check *c, struct str group)
{
	if (!group.n)
		check_required(c, "group", "%s", "");
	else if (!name_ok(name_dns_subdomain(group)))
		complain(c, "group", group, name_dns_subdomain(group), "");
	else if (str_find(group, '.') == group.n)
		check_invalid_text(c, "group", group, "should be a domain with at least one dot");
}

static void check_conversion(struct check *c, const json_t *conversion)
{
	static const char *const strategies[] = { "None", "Webhook", NULL };
	size_t was = check_in(c, "conversion");
	if (conversion) {
		check_one_of(c, conversion, "strategy", strategies, true);
		if (str_eqz(field(conversion, "strategy"), "Webhook") &&
		    !json_object_get(json_object_get(conversion, "webhook"), "clientConfig"))
			check_required(c, "webhookClientConfig",
				       "required when strategy is set to Webhook");
		if (str_eqz(field(conversion, "strategy"), "Webhook") &&
		    !json_array_size(json_object_get(json_object_get(conversion, "webhook"),
						     "conversionReviewVersions")))
			check_required(c, "conversionReviewVersions", "%s", "");
	}
	check_out(c, was);
}

/* The versions as upstream prints them, without what they have in common. */
static json_t *printed_versions(const json_t *versions)
{
	static const char *const absent[] = { "Schema", "Subresources", "AdditionalPrinterColumns",
					      "SelectableFields" };
	json_t *list = json_array();
	const json_t *version, *warning;
	size_t i;
	json_array_foreach (versions, i, version) {
		json_t *one = json_object();
		warning = json_object_get(version, "deprecationWarning");
		json_object_set(one, "Name", json_object_get(version, "name"));
		json_object_set_new(one, "Served",
				    json_boolean(json_is_true(json_object_get(version, "served"))));
		json_object_set_new(one, "Storage",
				    json_boolean(
					    json_is_true(json_object_get(version, "storage"))));
		json_object_set_new(one, "Deprecated",
				    json_boolean(
					    json_is_true(json_object_get(version, "deprecated"))));
		json_object_set_new(one, "DeprecationWarning",
				    warning ? json_incref((json_t *)(uintptr_t)warning)
					    : json_null());
		for (size_t k = 0; k < COUNT_OF(absent); k++)
			json_object_set_new(one, absent[k], json_null());
		json_array_append_new(list, one);
	}
	return list;
}

static void check_versions(struct check *c, const json_t *versions, const struct parts *common)
{
	struct map seen = { 0 };
	const json_t *version;
	size_t i, stored = 0;
	bool twice = false;
	json_array_foreach (versions, i, version) {
		if (parts_of(version).schema)
			continue;
		size_t was = check_in(c, "versions"), at = check_in_index(c, i);
		check_required(c, "schema.openAPIV3Schema", "%s", "");
		check_out(c, at);
		check_out(c, was);
	}
	json_array_foreach (versions, i, version) {
		size_t was = check_in(c, "versions"), at = check_in_index(c, i);
		stored += json_is_true(json_object_get(version, "storage"));
		twice = seen_before(&seen, field(version, "name")) || twice;
		check_version(c, version, common);
		check_out(c, at);
		check_out(c, was);
	}
	json_t *printed = printed_versions(versions);
	if (twice)
		check_invalid_whole(c, "versions", printed, "must contain unique version names");
	if (stored != 1)
		check_invalid_whole(c, "versions", printed,
				    "must have exactly one version marked as storage version");
	json_decref(printed);
	map_free(&seen, NULL);
}

static void check_spec(struct check *c, const json_t *spec)
{
	static const char *const scopes[] = { "Cluster", "Namespaced", NULL };
	size_t was = check_in(c, "spec");
	check_group(c, field(spec, "group"));
	check_one_of(c, spec, "scope", scopes, true);
	const json_t *versions = json_object_get(spec, "versions");
	struct parts common = common_parts(versions);
	struct str first = field(json_array_get(versions, 0), "name");
	check_versions(c, versions, &common);
	if (first.n)
		check_label_name(c, "version", first);
	check_names(c, json_object_get(spec, "names"));
	check_parts(c, &common, "validation", common.schema);
	check_conversion(c, json_object_get(spec, "conversion"));
	if (json_is_true(json_object_get(spec, "preserveUnknownFields")))
		check_invalid(c, "preserveUnknownFields",
			      json_object_get(spec, "preserveUnknownFields"),
			      "cannot set to true, set x-kubernetes-preserve-unknown-fields to "
			      "true in spec.versions[*].schema instead");
	check_out(c, was);
}

static void check_metadata_name(struct check *c, const json_t *crd)
{
	const json_t *spec = json_object_get(crd, "spec");
	struct str name = field(json_object_get(crd, "metadata"), "name");
	auto_buf wanted = { 0 };
	buf_str(&wanted, field(json_object_get(spec, "names"), "plural"));
	buf_putc(&wanted, '.');
	buf_str(&wanted, field(spec, "group"));
	if (!str_eq(name, buf_view(&wanted)))
		check_invalid_text(c, "metadata.name", name,
				   "must be spec.names.plural+\".\"+spec.group");
}

/* A new definition has stored the first of its storage versions, and no other. */
static void check_first_stored(struct check *c, const json_t *versions)
{
	const json_t *version, *first = NULL;
	size_t i, was = check_in(c, "status");
	json_array_foreach (versions, i, version) {
		struct str name = field(version, "name");
		if (!json_is_true(json_object_get(version, "storage")))
			continue;
		if (!first) {
			first = json_object_get(version, "name");
			continue;
		}
		json_t *stored = json_array();
		json_array_append(stored, (json_t *)(uintptr_t)first);
		if (!str_eq(name, tree_str(first)))
			check_invalid(c, "storedVersions", stored,
				      "must have the storage version %.*s", STR_ARG(name));
		json_decref(stored);
	}
	if (!first)
		check_invalid(c, "storedVersions", json_null(),
			      "must have at least one stored version");
	check_out(c, was);
}

static void check_approval(struct check *c, const json_t *crd)
{
	static const char where[] = "metadata.annotations[" CRD_APPROVAL_ANNOTATION "]";
	const json_t *annotations =
		json_object_get(json_object_get(crd, "metadata"), "annotations");
	auto_buf why = { 0 };
	if (!crd_group_protected(field(json_object_get(crd, "spec"), "group")))
		return;
	switch (crd_approval_of(crd, &why)) {
	case CRD_APPROVAL_MISSING: check_required(c, where, "%s", why.p ? why.p : ""); break;
	case CRD_APPROVAL_INVALID:
		check_invalid_text(c, where, field(annotations, CRD_APPROVAL_ANNOTATION), "%s",
				   why.p ? why.p : "");
		break;
	default: break;
	}
}

void validate_definition(struct check *c, const json_t *crd)
{
	check_metadata_name(c, crd);
	check_spec(c, json_object_get(crd, "spec"));
	check_first_stored(c, json_object_get(json_object_get(crd, "spec"), "versions"));
	check_approval(c, crd);
}

/* --- updates --- */

static bool is_established(const json_t *crd)
{
	const json_t *condition;
	size_t i;
	json_array_foreach (json_object_get(json_object_get(crd, "status"), "conditions"), i,
			    condition)
		if (str_eqz(field(condition, "type"), "Established") &&
		    str_eqz(field(condition, "status"), "True"))
			return true;
	return false;
}

/* A version whose objects may be in the store stays in the list. */
static void check_stored_versions(struct check *c, const json_t *crd)
{
	const json_t *stored = json_object_get(json_object_get(crd, "status"), "storedVersions"),
		     *versions = json_object_get(json_object_get(crd, "spec"), "versions"), *name,
		     *version;
	size_t i, k;
	json_array_foreach (stored, i, name) {
		bool there = false;
		json_array_foreach (versions, k, version)
			there = there || json_equal(json_object_get(version, "name"), name);
		if (there)
			continue;
		size_t was = check_in(c, "status"), list = check_in(c, "storedVersions"),
		       at = check_in_index(c, i);
		struct str v = tree_str(name);
		check_invalid_text(
			c, NULL, v,
			"missing from spec.versions; %.*s was previously a storage "
			"version, and must remain in spec.versions until a storage "
			"migration ensures no data remains persisted in %.*s and removes "
			"%.*s from status.storedVersions",
			STR_ARG(v), STR_ARG(v), STR_ARG(v));
		check_out(c, at);
		check_out(c, list);
		check_out(c, was);
	}
}

void validate_definition_update(struct check *c, const json_t *new, const json_t *old)
{
	static const char *const kept_names[] = { "kind" };
	const json_t *spec = json_object_get(new, "spec"), *old_spec = json_object_get(old, "spec"),
		     *names = json_object_get(spec, "names"),
		     *old_names = json_object_get(old_spec, "names");
	check_spec(c, spec);
	size_t was = check_in(c, "spec");
	if (is_established(old)) {
		check_immutable(c, "scope", json_object_get(spec, "scope"),
				json_object_get(old_spec, "scope"));
		check_immutable(c, "names.kind", json_object_get(names, kept_names[0]),
				json_object_get(old_names, kept_names[0]));
	}
	check_immutable(c, "group", json_object_get(spec, "group"),
			json_object_get(old_spec, "group"));
	check_immutable(c, "names.plural", json_object_get(names, "plural"),
			json_object_get(old_names, "plural"));
	check_out(c, was);
	check_stored_versions(c, new);
}

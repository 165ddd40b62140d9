/* SPDX-License-Identifier: Apache-2.0 */
/* CustomResourceDefinitions, after apiextensions-apiserver's pkg/apis/apiextensions/validation. Schemas are crd_schema_rules.c. */
#include "api/object/meta.h"
#include "api/validation/crd_approval.h"
#include "api/validation/crd_conversion.h"
#include "api/validation/crd_names.h"
#include "api/validation/crd_version.h"
#include "api/validation/kinds.h"
#include "base/mem.h"

static struct str field(const json_t *object, const char *name)
{
	return tree_str(json_object_get(object, name));
}

/* --- the spec --- */

static void check_group(struct check *c, struct str group)
{
	if (!group.n)
		check_required(c, "group", "%s", "");
	else if (!name_ok(name_dns_subdomain(group)))
		check_crd_name(c, "group", group, name_dns_subdomain(group), "");
	else if (str_find(group, '.') == group.n)
		check_invalid_text(c, "group", group, "should be a domain with at least one dot");
}

static void check_versions(struct check *c, const json_t *versions, const struct crd_common *common,
			   const struct crd_before *before)
{
	struct map seen = { 0 };
	const json_t *version;
	size_t i, stored = 0;
	bool twice = false;
	json_array_foreach (versions, i, version) {
		if (tree_get(version, "schema", "openAPIV3Schema", NULL))
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
		check_crd_version(c, version, common, before);
		check_out(c, at);
		check_out(c, was);
	}
	json_t *printed = versions && !json_is_null(versions)
				  ? crd_printed_versions(versions, common)
				  : json_null();
	if (twice)
		check_invalid_whole(c, "versions", printed, "must contain unique version names");
	if (stored != 1)
		check_invalid_whole(c, "versions", printed,
				    "must have exactly one version marked as storage version");
	json_decref(printed);
	map_free(&seen, NULL);
}

static void check_spec(struct check *c, const json_t *spec, const struct crd_before *before,
		       const struct crd_conversion_rules *conversion)
{
	static const char *const scopes[] = { "Cluster", "Namespaced", NULL };
	const json_t *versions = json_object_get(spec, "versions"),
		     *names = json_object_get(spec, "names");
	struct str first = field(json_array_get(versions, 0), "name");
	struct crd_common common;
	crd_common_of(versions, &common);
	check_group(c, field(spec, "group"));
	check_one_of(c, spec, "scope", scopes, true);
	check_versions(c, versions, &common, before);
	if (first.n)
		check_crd_name(c, "version", first, name_dns1035_label(first), "");
	size_t was = check_in(c, "names");
	check_crd_names_required(c, names);
	check_crd_names(c, names);
	check_out(c, was);
	check_crd_common(c, versions, &common, before);
	check_crd_conversion(c, json_object_get(spec, "conversion"), conversion);
}

static void check_preserve(struct check *c, const json_t *spec)
{
	const json_t *open = json_object_get(spec, "preserveUnknownFields");
	if (json_is_true(open))
		check_invalid(c, "spec.preserveUnknownFields", open,
			      "cannot set to true, set x-kubernetes-preserve-unknown-fields to "
			      "true in spec.versions[*].schema instead");
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
	static const struct crd_before nothing = { 0 };
	static const struct crd_conversion_rules conversion = { .any_bundle = true };
	const json_t *spec = json_object_get(crd, "spec");
	check_metadata_name(c, crd);
	size_t was = check_in(c, "spec");
	check_spec(c, spec, &nothing, &conversion);
	check_out(c, was);
	check_first_stored(c, json_object_get(spec, "versions"));
	check_approval(c, crd);
	check_preserve(c, spec);
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

/* An approval that has not changed may stay what it is. */
static void check_approval_update(struct check *c, const json_t *new, const json_t *old)
{
	auto_buf before = { 0 }, now = { 0 };
	if (crd_approval_of(old, &before) != crd_approval_of(new, &now))
		check_approval(c, new);
}

static void check_kept(struct check *c, const json_t *spec, const json_t *old, bool established)
{
	const json_t *names = json_object_get(spec, "names"),
		     *old_names = json_object_get(old, "names");
	if (established) {
		check_immutable(c, "scope", json_object_get(spec, "scope"),
				json_object_get(old, "scope"));
		check_immutable(c, "names.kind", json_object_get(names, "kind"),
				json_object_get(old_names, "kind"));
	}
	check_immutable(c, "group", json_object_get(spec, "group"), json_object_get(old, "group"));
	check_immutable(c, "names.plural", json_object_get(names, "plural"),
			json_object_get(old_names, "plural"));
}

void validate_definition_update(struct check *c, const json_t *new, const json_t *old)
{
	const json_t *spec = json_object_get(new, "spec"), *old_spec = json_object_get(old, "spec");
	struct crd_before before = { .versions = json_object_get(old_spec, "versions") };
	struct crd_conversion_rules conversion = { 0 };
	bool established = is_established(old);
	crd_leniency_of(before.versions, &before.schema);
	crd_conversion_rules_of(old, established, &conversion);
	size_t was = check_in(c, "spec");
	check_spec(c, spec, &before, &conversion);
	check_kept(c, spec, old_spec, established);
	check_out(c, was);
	check_stored_versions(c, new);
	check_approval_update(c, new, old);
	if (!json_is_true(json_object_get(old_spec, "preserveUnknownFields")))
		check_preserve(c, spec);
}

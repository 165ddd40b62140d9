/* SPDX-License-Identifier: Apache-2.0 */
#include "api/validation/crd_version.h"

#include "api/object/meta.h"
#include "api/validation/crd_names.h"
#include "api/validation/crd_parts.h"
#include "base/mem.h"

#define WARNING_MAX 256

static struct str field(const json_t *object, const char *name)
{
	return tree_str(json_object_get(object, name));
}

/* ---- what is common ---- */

static struct crd_common parts_of(const json_t *version)
{
	return (struct crd_common){
		json_object_get(version, "schema"),
		json_object_get(version, "subresources"),
		json_object_get(version, "additionalPrinterColumns"),
		json_object_get(version, "selectableFields"),
	};
}

static bool same(const json_t *a, const json_t *b)
{
	return a == b || (a && b && json_equal(a, b));
}

void crd_common_of(const json_t *versions, struct crd_common *out)
{
	struct crd_common all = parts_of(json_array_get(versions, 0));
	const json_t *version;
	size_t i;
	json_array_foreach (versions, i, version) {
		struct crd_common p = parts_of(version);
		all.schema = same(all.schema, p.schema) ? all.schema : NULL;
		all.subresources = same(all.subresources, p.subresources) ? all.subresources : NULL;
		all.columns = same(all.columns, p.columns) ? all.columns : NULL;
		all.selectable = same(all.selectable, p.selectable) ? all.selectable : NULL;
	}
	*out = all;
}

/* ---- parts ---- */

static void check_schema(struct check *c, const char *child, const json_t *validation, bool status,
			 const struct crd_before *before)
{
	const json_t *schema = json_object_get(validation, "openAPIV3Schema");
	size_t was = check_in(c, child), at = check_in(c, "openAPIV3Schema");
	if (schema)
		check_crd_schema(c, schema, status, &before->schema);
	check_out(c, at);
	check_out(c, was);
}

static void check_columns(struct check *c, const json_t *columns)
{
	const json_t *item;
	size_t i;
	json_array_foreach (columns, i, item) {
		size_t was = check_in(c, "additionalPrinterColumns"), at = check_in_index(c, i);
		check_crd_column(c, item);
		check_out(c, at);
		check_out(c, was);
	}
}

static void check_subresources(struct check *c, const json_t *subresources)
{
	const json_t *scale = json_object_get(subresources, "scale");
	size_t was = check_in(c, "subresources");
	if (scale)
		check_crd_scale(c, scale);
	check_out(c, was);
}

static const json_t *version_named(const json_t *versions, struct str name)
{
	const json_t *version;
	size_t i;
	json_array_foreach (versions, i, version)
		if (str_eq(field(version, "name"), name))
			return version;
	return NULL;
}

/* Too many that were there before may stay. */
static bool are_kept(const json_t *list, struct str version, const struct crd_before *before)
{
	const json_t *old =
		json_object_get(version_named(before->versions, version), "selectableFields");
	return old && json_equal(old, list);
}

static void check_selectable(struct check *c, const json_t *list, const json_t *validation,
			     bool common, bool kept)
{
	const json_t *schema = json_object_get(validation, "openAPIV3Schema");
	if (!json_array_size(list))
		return;
	if (!schema)
		check_invalid_text(c, "selectableFields", STR(""), "%s",
				   common ? "may only be set when validations.schema is included"
					  : "may only be set when `version.schema.openAPIV3Schema` "
					    "is not included");
	else
		check_crd_selectable(c, list, schema, kept);
}

/* ---- a version ---- */

/* Where the first character stands that can't be printed; as many as there are bytes: all can. */
static size_t unprintable_at(struct str s)
{
	for (size_t i = 0; i < s.n; i++) {
		unsigned char b = (unsigned char)s.p[i];
		bool c1 = b == 0xc2 && i + 1 < s.n && (unsigned char)s.p[i + 1] < 0xa1;
		if (b < 0x20 || b == 0x7f || c1)
			return i;
	}
	return s.n;
}

static void check_deprecation(struct check *c, const json_t *version)
{
	const json_t *warning = json_object_get(version, "deprecationWarning");
	struct str text = tree_str(warning);
	size_t at = unprintable_at(text);
	if (!warning)
		return;
	if (!json_is_true(json_object_get(version, "deprecated"))) {
		check_invalid(c, "deprecationWarning", warning,
			      "can only be set for deprecated versions");
		return;
	}
	if (text.n > WARNING_MAX)
		check_invalid(c, "deprecationWarning", warning, "must be <= %d characters long",
			      WARNING_MAX);
	if (!text.n)
		check_invalid(c, "deprecationWarning", warning, "must not be an empty string");
	if (at < text.n)
		check_invalid(c, "deprecationWarning", warning,
			      "must only contain printable UTF-8 characters; non-printable "
			      "character found at index %zu",
			      at);
}

void check_crd_version(struct check *c, const json_t *version, const struct crd_common *common,
		       const struct crd_before *before)
{
	struct crd_common p = parts_of(version);
	const json_t *subresources = p.subresources;
	check_crd_name(c, "name", field(version, "name"),
		       name_dns1035_label(field(version, "name")), "");
	check_deprecation(c, version);
	if (!common->schema)
		check_schema(c, "schema", p.schema, json_object_get(subresources, "status"),
			     before);
	if (!common->subresources)
		check_subresources(c, subresources);
	if (!common->columns)
		check_columns(c, p.columns);
	if (!common->selectable)
		check_selectable(c, p.selectable, common->schema ? NULL : p.schema, false,
				 are_kept(p.selectable, field(version, "name"), before));
}

void check_crd_common(struct check *c, const json_t *versions, const struct crd_common *common,
		      const struct crd_before *before)
{
	const json_t *version;
	bool status = false;
	size_t i;
	json_array_foreach (versions, i, version)
		status = status || tree_get(version, "subresources", "status", NULL);
	if (common->schema)
		check_schema(c, "validation", common->schema, status, before);
	check_subresources(c, common->subresources);
	check_columns(c, common->columns);
	check_selectable(c, common->selectable, common->schema, true,
			 are_kept(common->selectable, field(json_array_get(versions, 0), "name"),
				  before));
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "api/validation/crd_parts.h"

#include <stdio.h>

#include "api/object/meta.h"
#include "api/validation/crd_schema_rules.h"
#include "base/mem.h"

#define SELECTABLE_MAX 8

static struct str field(const json_t *object, const char *name)
{
	return tree_str(json_object_get(object, name));
}

/* ---- columns and paths ---- */

static bool is_simple_path(struct check *c, const char *child, struct str path)
{
	if (path.n && path.p[0] == '.')
		return true;
	check_invalid_text(c, child, path, "must be a simple json path starting with .");
	return false;
}

void check_crd_column(struct check *c, const json_t *column)
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

void check_crd_scale(struct check *c, const json_t *scale)
{
	struct str selector = field(scale, "labelSelectorPath");
	check_scale_path(c, scale, "specReplicasPath", ".spec.");
	check_scale_path(c, scale, "statusReplicasPath", ".status.");
	if (selector.n && is_simple_path(c, "scale.labelSelectorPath", selector) &&
	    !str_starts(selector, STR(".spec.")) && !str_starts(selector, STR(".status.")))
		check_invalid_text(c, "scale.labelSelectorPath", selector,
				   "should be a json path under either .spec or .status");
}

/* ---- selectable fields ---- */

static void check_selectable_field(struct check *c, const json_t *schema, struct str path,
				   struct map *seen)
{
	static const char *const types[] = { "string", "boolean", "integer", NULL };
	auto_buf found = { 0 }, why = { 0 };
	if (!path.n) {
		check_required(c, "jsonPath", "%s", "");
		return;
	}
	const json_t *at = crd_schema_at(schema, path, false, &found, &why);
	if (!at) {
		check_invalid_text(c, "jsonPath", path, "is an invalid path: %s", why.p);
		return;
	}
	if (str_eqz(buf_view(&found), "metadata") || str_starts(buf_view(&found), STR("metadata.")))
		check_invalid_text(c, "jsonPath", path, "must not point to fields in metadata");
	if (!str_in(field(at, "type"), types))
		check_invalid_text(c, "jsonPath", path,
				   "must point to a field of type string, boolean or integer. Enum "
				   "string fields and strings with formats are allowed.");
	if (seen_before(seen, buf_view(&found)))
		check_duplicate_text(c, "jsonPath", path);
}

void check_crd_selectable(struct check *c, const json_t *list, const json_t *schema, bool kept)
{
	struct map seen = { 0 };
	const json_t *item;
	size_t i, was = check_in(c, "selectableFields");
	json_array_foreach (list, i, item) {
		size_t at = check_in_index(c, i);
		check_selectable_field(c, schema, field(item, "jsonPath"), &seen);
		check_out(c, at);
	}
	if (seen.count > SELECTABLE_MAX && !kept)
		check_too_many(c, NULL, seen.count, SELECTABLE_MAX);
	map_free(&seen, NULL);
	check_out(c, was);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "api/validation/crd_schema_rules.h"

#include <string.h>

#include "api/meta.h"
#include "api/pattern.h"
#include "base/mem.h"

#define DEPTH_MAX 128

/* Where a node stands. */
enum level { ROOT, FIELD, ITEM };

static struct str text(const json_t *s, const char *name)
{
	return tree_str(json_object_get(s, name));
}

static bool flag(const json_t *s, const char *name)
{
	return json_is_true(json_object_get(s, name));
}

/* --- supported words --- */

static void check_words(struct check *c, const json_t *s, enum level level)
{
	static const char *const types[] = { "array",  "boolean", "integer", "number",
					     "object", "string",  NULL },
				 *const unsupported[] = {
					 "$ref", "definitions",       "dependencies",
					 "id",   "patternProperties", "additionalItems"
				 };
	const json_t *more = json_object_get(s, "additionalProperties"),
		     *items = json_object_get(s, "items");
	if (flag(s, "uniqueItems"))
		check_forbidden(c, "uniqueItems",
				"uniqueItems cannot be set to true since the runtime complexity "
				"becomes quadratic");
	if (more && json_object_size(json_object_get(s, "properties")) && !json_is_false(more))
		check_forbidden(c, "additionalProperties",
				"additionalProperties and properties are mutual exclusive");
	for (size_t i = 0; i < COUNT_OF(unsupported); i++)
		if (json_object_get(s, unsupported[i]))
			check_forbidden(c, unsupported[i], "%s is not supported", unsupported[i]);
	if (json_is_array(items))
		check_forbidden(c, "items", "items must be a schema object and not an array");
	if (text(s, "type").n && !str_in(text(s, "type"), types))
		check_unsupported(c, "type", json_object_get(s, "type"), types);
	if (level == ROOT && flag(s, "nullable"))
		check_forbidden(c, "nullable", "nullable cannot be true at the root");
}

static void check_type_is(struct check *c, const json_t *s, const char *type, const char *why)
{
	if (!text(s, "type").n)
		check_required(c, "type", "must be %s if %s is specified", type, why);
	else if (!str_eqz(text(s, "type"), type))
		check_invalid_text(c, "type", text(s, "type"), "must be %s if %s is specified",
				   type, why);
}

static bool is_required(const json_t *schema, const char *name)
{
	const json_t *item;
	size_t i;
	json_array_foreach (json_object_get(schema, "required"), i, item)
		if (strcmp(json_string_value(item), name) == 0)
			return true;
	return false;
}

/* A key is always there: by its schema, or by a default. */
static void check_key_property(struct check *c, const json_t *items, const char *key)
{
	const json_t *property = json_object_get(json_object_get(items, "properties"), key);
	size_t was = check_in(c, "items"), in = check_in(c, "properties"),
	       at = check_in_key(c, str_from(key));
	if (flag(property, "nullable"))
		check_forbidden(c, "nullable",
				"this property is in x-kubernetes-list-map-keys, so it cannot be "
				"nullable");
	if (property && !json_object_get(property, "default") && !is_required(items, key))
		check_required(c, "default",
			       "this property is in x-kubernetes-list-map-keys, so it must have a "
			       "default or be a required property");
	check_out(c, at);
	check_out(c, in);
	check_out(c, was);
}

static void check_list_keys(struct check *c, const json_t *s)
{
	const json_t *keys = json_object_get(s, "x-kubernetes-list-map-keys"), *key,
		     *items = json_object_get(s, "items"),
		     *properties = json_object_get(items, "properties");
	struct map seen = { 0 };
	size_t i;
	json_array_foreach (keys, i, key) {
		if (!json_object_get(properties, json_string_value(key)))
			check_invalid(c, "x-kubernetes-list-map-keys", keys,
				      "entries must all be names of item properties");
		if (seen_before(&seen, tree_str(key))) {
			size_t was = check_in(c, "x-kubernetes-list-map-keys"),
			       at = check_in_index(c, i);
			check_duplicate_text(c, NULL, tree_str(key));
			check_out(c, at);
			check_out(c, was);
		}
	}
	json_array_foreach (keys, i, key)
		check_key_property(c, items, json_string_value(key));
	map_free(&seen, NULL);
}

static void check_list_type(struct check *c, const json_t *s)
{
	static const char *const types[] = { "atomic", "map", "set", NULL };
	const json_t *type = json_object_get(s, "x-kubernetes-list-type"),
		     *keys = json_object_get(s, "x-kubernetes-list-map-keys");
	if (type) {
		check_type_is(c, s, "array", "x-kubernetes-list-type");
		if (!str_in(tree_str(type), types))
			check_unsupported(c, "x-kubernetes-list-type", type, types);
	}
	if (json_array_size(keys) && !type)
		check_required(c, "x-kubernetes-list-type",
			       "must be map if x-kubernetes-list-map-keys is non-empty");
	else if (json_array_size(keys) && !str_eqz(tree_str(type), "map"))
		check_invalid(c, "x-kubernetes-list-type", type,
			      "must be map if x-kubernetes-list-map-keys is non-empty");
	if (type && str_eqz(tree_str(type), "map") && !json_array_size(keys))
		check_required(c, "x-kubernetes-list-map-keys",
			       "must not be empty if x-kubernetes-list-type is map");
	check_list_keys(c, s);
}

static void check_map_type(struct check *c, const json_t *s)
{
	static const char *const types[] = { "atomic", "granular", NULL };
	const json_t *type = json_object_get(s, "x-kubernetes-map-type");
	if (!type)
		return;
	check_type_is(c, s, "object", "x-kubernetes-map-type");
	if (!str_in(tree_str(type), types))
		check_unsupported(c, "x-kubernetes-map-type", type, types);
}

static void check_extensions(struct check *c, const json_t *s)
{
	const json_t *open = json_object_get(s, "x-kubernetes-preserve-unknown-fields");
	if (json_is_false(open))
		check_invalid(c, "x-kubernetes-preserve-unknown-fields", open,
			      "must be true or undefined");
	if (flag(s, "x-kubernetes-int-or-string") && json_is_true(open))
		check_invalid(c, "x-kubernetes-preserve-unknown-fields", open,
			      "must be false if x-kubernetes-int-or-string is true");
	if (flag(s, "x-kubernetes-int-or-string") && flag(s, "x-kubernetes-embedded-resource"))
		check_invalid(c, "x-kubernetes-embedded-resource",
			      json_object_get(s, "x-kubernetes-embedded-resource"),
			      "must be false if x-kubernetes-int-or-string is true");
	check_list_type(c, s);
	check_map_type(c, s);
}

static void check_pattern(struct check *c, const json_t *s)
{
	struct str pattern = text(s, "pattern");
	struct pattern *p;
	auto_err err = { 0 };
	if (!pattern.n)
		return;
	if (pattern_new(pattern, &p, &err) < 0)
		check_invalid_text(c, "pattern", pattern,
				   "must be a valid regular expression, but isn't: %s",
				   err_text(&err));
	else
		pattern_free(p);
}

/* --- structural --- */

static void check_type(struct check *c, const json_t *s, enum level level)
{
	static const char *const where[] = { "must not be empty at the root",
					     "must not be empty for specified object fields",
					     "must not be empty for specified array items" };
	struct str type = text(s, "type");
	if (flag(s, "x-kubernetes-embedded-resource") && !str_eqz(type, "object")) {
		const char *why = "must be object if x-kubernetes-embedded-resource is true";
		if (type.n)
			check_invalid_text(c, "type", type, "%s", why);
		else
			check_required(c, "type", "%s", why);
	} else if (!type.n && !flag(s, "x-kubernetes-int-or-string") &&
		   !flag(s, "x-kubernetes-preserve-unknown-fields")) {
		check_required(c, "type", "%s", where[level]);
	}
	if (level == ROOT && type.n && !str_eqz(type, "object"))
		check_invalid_text(c, "type", type, "must be object at the root");
	if (str_eqz(type, "array") && !json_object_get(s, "items"))
		check_required(c, "items", "must be specified");
	if (level == ROOT && json_object_get(s, "additionalProperties"))
		check_forbidden(c, "additionalProperties", "must not be used at the root");
}

/* metadata of the root can only have rules for names; that it is there goes without saying. */
static void check_metadata(struct check *c, const json_t *s, enum level level)
{
	const json_t *properties = json_object_get(s, "properties"),
		     *metadata = json_object_get(properties, "metadata"), *value;
	bool whole = level == ROOT || flag(s, "x-kubernetes-embedded-resource"), other = false;
	static const char *const own[] = { "kind", "apiVersion" };
	size_t was = check_in(c, "properties");
	const char *name;
	for (size_t i = 0; whole && i < COUNT_OF(own); i++) {
		const json_t *p = json_object_get(properties, own[i]);
		size_t at = check_in_key(c, str_from(own[i]));
		if (p && !str_eqz(text(p, "type"), "string"))
			check_invalid_text(c, "type", text(p, "type"), "must be string");
		check_out(c, at);
	}
	size_t at = check_in_key(c, STR("metadata"));
	if (metadata && whole && !str_eqz(text(metadata, "type"), "object"))
		check_invalid_text(c, "type", text(metadata, "type"), "must be object");
	json_object_foreach (json_object_get(metadata, "properties"), name, value)
		other = other || (strcmp(name, "name") && strcmp(name, "generateName"));
	if (metadata && level == ROOT && other)
		check_forbidden(c, NULL,
				"must not specify anything other than name and generateName, but "
				"metadata is implicitly specified");
	check_out(c, at);
	check_out(c, was);
}

static void check_embedded(struct check *c, const json_t *s)
{
	if (!flag(s, "x-kubernetes-embedded-resource"))
		return;
	if (json_object_get(s, "additionalProperties"))
		check_forbidden(c, "additionalProperties",
				"must not be used if x-kubernetes-embedded-resource is set");
	if (!flag(s, "x-kubernetes-preserve-unknown-fields") &&
	    !json_object_size(json_object_get(s, "properties")))
		check_required(
			c, "properties",
			"must not be empty if x-kubernetes-embedded-resource is true without "
			"x-kubernetes-preserve-unknown-fields");
}

/* --- value rules: they add no types and no fields --- */

static void check_junctors(struct check *c, const json_t *s, const json_t *shape, int depth);

static bool is_int_or_string(const json_t *any)
{
	const char *first = json_string_value(json_object_get(json_array_get(any, 0), "type")),
		   *second = json_string_value(json_object_get(json_array_get(any, 1), "type"));
	return json_array_size(any) == 2 && first && second && !strcmp(first, "integer") &&
	       !strcmp(second, "string");
}

/* A schema below allOf, anyOf, oneOf, not. `shape`: what the same place is outside of them. */
static void check_nested(struct check *c, const json_t *s, const json_t *shape, int depth)
{
	static const char *const forbidden[] = { "title",
						 "description",
						 "default",
						 "nullable",
						 "additionalProperties",
						 "x-kubernetes-preserve-unknown-fields",
						 "x-kubernetes-embedded-resource",
						 "x-kubernetes-int-or-string",
						 "x-kubernetes-list-type",
						 "x-kubernetes-list-map-keys",
						 "x-kubernetes-map-type" };
	const json_t *value, *items = json_object_get(s, "items"),
			     *fields = json_object_get(shape, "properties");
	const char *name;
	if (!json_is_object(s) || depth == DEPTH_MAX)
		return;
	if (text(s, "type").n)
		check_forbidden(c, "type", "must be empty to be structural");
	for (size_t i = 0; i < COUNT_OF(forbidden); i++) {
		const json_t *v = json_object_get(s, forbidden[i]);
		if (v && !json_is_false(v))
			check_forbidden(c, forbidden[i], "must be %s to be structural",
					json_is_true(v) ? "false" : "undefined");
	}
	json_object_foreach ((json_t *)(uintptr_t)json_object_get(s, "properties"), name, value) {
		size_t was = check_in(c, "properties"), at = check_in_key(c, str_from(name));
		check_nested(c, value, json_object_get(fields, name), depth + 1);
		check_out(c, at);
		check_out(c, was);
	}
	if (items) {
		size_t was = check_in(c, "items");
		check_nested(c, items, json_object_get(shape, "items"), depth + 1);
		check_out(c, was);
	}
	check_junctors(c, s, shape, depth + 1);
	check_pattern(c, s);
}

static void check_junctors(struct check *c, const json_t *s, const json_t *shape, int depth)
{
	static const char *const lists[] = { "anyOf", "allOf", "oneOf" };
	const json_t *item, *not = json_object_get(s, "not");
	size_t i;
	for (size_t k = 0; k < COUNT_OF(lists); k++) {
		const json_t *list = json_object_get(s, lists[k]);
		if (k == 0 && is_int_or_string(list))
			continue;
		json_array_foreach (list, i, item) {
			if (k == 1 && i == 0 && is_int_or_string(json_object_get(item, "anyOf")))
				continue;
			size_t was = check_in(c, lists[k]), at = check_in_index(c, i);
			check_nested(c, item, shape, depth + 1);
			check_out(c, at);
			check_out(c, was);
		}
	}
	if (not ) {
		size_t was = check_in(c, "not");
		check_nested(c, not, shape, depth + 1);
		check_out(c, was);
	}
}

/* --- the walk --- */

static void check_node(struct check *c, const json_t *s, enum level level, int depth)
{
	static const struct {
		const char *name;
		enum level level;
	} parts[] = { { "items", ITEM }, { "additionalProperties", FIELD } };
	const json_t *value;
	const char *name;
	if (!json_is_object(s) || depth == DEPTH_MAX)
		return;
	check_words(c, s, level);
	check_extensions(c, s);
	check_embedded(c, s);
	check_type(c, s, level);
	check_metadata(c, s, level);
	check_pattern(c, s);
	check_junctors(c, s, s, depth + 1);
	json_object_foreach ((json_t *)(uintptr_t)json_object_get(s, "properties"), name, value) {
		size_t was = check_in(c, "properties"), at = check_in_key(c, str_from(name));
		bool meta = level == ROOT && strcmp(name, "metadata") == 0;
		if (!meta)
			check_node(c, value, FIELD, depth + 1);
		check_out(c, at);
		check_out(c, was);
	}
	for (size_t i = 0; i < COUNT_OF(parts); i++) {
		size_t was = check_in(c, parts[i].name);
		check_node(c, json_object_get(s, parts[i].name), parts[i].level, depth + 1);
		check_out(c, was);
	}
}

void check_crd_schema(struct check *c, const json_t *schema, bool has_status)
{
	static const char *const allowed[] = { "$schema",
					       "type",
					       "properties",
					       "additionalProperties",
					       "items",
					       "title",
					       "description",
					       "required",
					       "externalDocs",
					       "example",
					       "default",
					       "x-kubernetes-preserve-unknown-fields",
					       "x-kubernetes-validations",
					       "x-kubernetes-map-type",
					       "nullable",
					       NULL };
	const json_t *value;
	const char *name;
	check_node(c, schema, ROOT, 0);
	json_object_foreach ((json_t *)(uintptr_t)schema, name, value) {
		if (!has_status || str_in(str_from(name), allowed))
			continue;
		check_invalid_bare(
			c, NULL,
			"only [\"description\" \"example\" \"externalDocs\" \"items\" "
			"\"properties\" \"required\" \"title\" \"type\" "
			"\"x-kubernetes-preserve-unknown-fields\" \"x-kubernetes-validations\" "
			"\"x-kubernetes-map-type\"] fields are allowed at the root of the schema "
			"if the status subresource is enabled");
		break;
	}
}

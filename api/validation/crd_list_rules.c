/* SPDX-License-Identifier: Apache-2.0 */
#include "api/validation/crd_list_rules.h"

#include "api/object/meta.h"
#include "api/validation/crd_printed.h"
#include "base/mem.h"

#define TYPE "x-kubernetes-list-type"
#define KEYS "x-kubernetes-list-map-keys"

static struct str text(const json_t *s, const char *name)
{
	return tree_str(json_object_get(s, name));
}

static bool is_type(const json_t *s, const char *type)
{
	return str_eqz(text(s, TYPE), type);
}

static void check_type_is(struct check *c, const json_t *s, const char *type, const char *why)
{
	if (!text(s, "type").n)
		check_required(c, "type", "must be %s if %s is specified", type, why);
	else
		check_invalid_text(c, "type", text(s, "type"), "must be %s if %s is specified",
				   type, why);
}

void check_crd_map_type(struct check *c, const json_t *s)
{
	static const char *const types[] = { "atomic", "granular", NULL };
	const json_t *type = json_object_get(s, "x-kubernetes-map-type");
	if (!type)
		return;
	if (!str_eqz(text(s, "type"), "object"))
		check_type_is(c, s, "object", "x-kubernetes-map-type");
	if (!str_in(tree_str(type), types))
		check_unsupported(c, "x-kubernetes-map-type", type, types);
}

void check_crd_set_items(struct check *c, const json_t *s)
{
	const json_t *items = json_object_get(s, "items"),
		     *inner = json_object_get(items, "x-kubernetes-list-type");
	const char *why = "must be atomic as item of a list with x-kubernetes-list-type=set";
	size_t was;
	if (!is_type(s, "set") || !json_is_object(items))
		return;
	was = check_in(c, "items");
	if (str_eqz(text(items, "type"), "array") && inner && !is_type(items, "atomic"))
		check_invalid(c, "x-kubernetes-list-type", inner, "%s", why);
	else if (str_eqz(text(items, "type"), "object") &&
		 !str_eqz(text(items, "x-kubernetes-map-type"), "atomic"))
		check_invalid(c, "x-kubernetes-map-type", inner ? inner : json_null(), "%s", why);
	check_out(c, was);
}

/* ---- maps ---- */

static void check_keys(struct check *c, const json_t *keys, const json_t *items)
{
	struct map seen = { 0 };
	const json_t *key, *properties = json_object_get(items, "properties");
	size_t i;
	json_array_foreach (keys, i, key) {
		const json_t *property = json_object_get(properties, json_string_value(key));
		struct str type = text(property, "type");
		if (!property) {
			check_invalid(c, KEYS, keys,
				      "entries must all be names of item properties");
		} else if (str_eqz(type, "array") || str_eqz(type, "object")) {
			size_t was = check_in(c, "items"), in = check_in(c, "properties"),
			       at = check_in_key(c, tree_str(key));
			check_invalid_text(c, "type", STR("object"),
					   "must be a scalar type if parent array's "
					   "x-kubernetes-list-type is map");
			check_out(c, at);
			check_out(c, in);
			check_out(c, was);
		}
		if (seen_before(&seen, tree_str(key)))
			check_invalid(c, KEYS, keys, "must not contain duplicate entries");
	}
	map_free(&seen, NULL);
}

static void check_map(struct check *c, const json_t *s)
{
	const json_t *keys = json_object_get(s, KEYS), *items = json_object_get(s, "items");
	struct str type = text(items, "type");
	if (!json_array_size(keys))
		check_required(c, KEYS, "must not be empty if x-kubernetes-list-type is map");
	if (!items) {
		check_required(c, "items", "must have a schema if x-kubernetes-list-type is map");
	} else if (!json_is_object(items)) {
		json_t *printed = crd_printed_items(items);
		check_invalid_whole(
			c, "items", printed,
			"must only have a single schema if x-kubernetes-list-type is map");
		json_decref(printed);
	} else if (!str_eqz(type, "object")) {
		check_invalid_text(
			c, "items.type", type,
			"must be object if parent array's x-kubernetes-list-type is map");
	} else {
		check_keys(c, keys, items);
	}
}

void check_crd_list_type(struct check *c, const json_t *s, bool items)
{
	static const char *const types[] = { "atomic", "set", "map", NULL };
	const json_t *type = json_object_get(s, TYPE), *keys = json_object_get(s, KEYS);
	if (type && !str_eqz(text(s, "type"), "array"))
		check_type_is(c, s, "array", TYPE);
	else if (items)
		check_crd_set_items(c, s);
	if (type && !str_in(tree_str(type), types))
		check_unsupported(c, TYPE, type, types);
	if (json_array_size(keys) && !type)
		check_required(c, TYPE, "must be map if x-kubernetes-list-map-keys is non-empty");
	else if (json_array_size(keys) && !is_type(s, "map"))
		check_invalid(c, TYPE, type,
			      "must be map if x-kubernetes-list-map-keys is non-empty");
	if (is_type(s, "map"))
		check_map(c, s);
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

static void check_key_property(struct check *c, const json_t *items, const char *key)
{
	const json_t *property = json_object_get(json_object_get(items, "properties"), key);
	size_t was = check_in(c, "properties"), at = check_in_key(c, str_from(key));
	if (property && !json_object_get(property, "default") && !is_required(items, key))
		check_required(c, "default",
			       "this property is in x-kubernetes-list-map-keys, so it must have a "
			       "default or be a required property");
	if (json_is_true(json_object_get(property, "nullable")))
		check_forbidden(c, "nullable",
				"this property is in x-kubernetes-list-map-keys, so it cannot be "
				"nullable");
	check_out(c, at);
	check_out(c, was);
}

void check_crd_list_keys(struct check *c, const json_t *s)
{
	const json_t *items = json_object_get(s, "items"), *key;
	size_t i, was;
	if (!json_is_object(items) || (!is_type(s, "set") && !is_type(s, "map")))
		return;
	was = check_in(c, "items");
	if (json_is_true(json_object_get(items, "nullable")))
		check_forbidden(c, "nullable",
				"cannot be nullable when x-kubernetes-list-type is "
				"%.*s",
				STR_ARG(text(s, TYPE)));
	if (is_type(s, "map"))
		json_array_foreach (json_object_get(s, KEYS), i, key)
			check_key_property(c, items, json_string_value(key));
	check_out(c, was);
}

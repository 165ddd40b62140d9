/* SPDX-License-Identifier: Apache-2.0 */
#include "api/validation/crd_schema_rules.h"

#include <stdio.h>
#include <string.h>

#include "api/object/meta.h"
#include "api/validation/crd_defaults.h"
#include "api/validation/crd_list_rules.h"
#include "api/validation/crd_printed.h"
#include "api/validation/crd_rule_texts.h"
#include "api/validation/crd_structural.h"
#include "base/mem.h"

/* What is known of the place of a node. */
struct place {
	const char *no_default; /* why there may be none, NULL: there may */
	bool in_metadata;
	const struct crd_leniency *old;
};

static struct str text(const json_t *s, const char *name)
{
	return tree_str(json_object_get(s, name));
}

static bool flag(const json_t *s, const char *name)
{
	return json_is_true(json_object_get(s, name));
}

/* ---- words ---- */

static void check_unsupported_words(struct check *c, const json_t *s)
{
	static const char *const words[] = { "id",          "additionalItems", "patternProperties",
					     "definitions", "dependencies",    "$ref" };
	for (size_t i = 0; i < COUNT_OF(words); i++) {
		const json_t *v = json_object_get(s, words[i]);
		bool pointer = json_is_boolean(v) || !strcmp(words[i], "additionalItems") ||
			       !strcmp(words[i], "$ref");
		if (v && (pointer || !shape_empty(v)))
			check_forbidden(c, words[i], "%s is not supported", words[i]);
	}
}

static void check_words(struct check *c, const json_t *s, const struct place *at)
{
	static const char *const types[] = { "array",  "boolean", "integer", "number",
					     "object", "string",  NULL };
	if (text(s, "type").n && !str_in(text(s, "type"), types))
		check_unsupported(c, "type", json_object_get(s, "type"), types);
	if (json_object_get(s, "default") && at->no_default)
		check_forbidden(c, "default", "must not be set %s", at->no_default);
	check_unsupported_words(c, s);
	if (str_eqz(text(s, "type"), "null"))
		check_forbidden(c, "type",
				"type cannot be set to null, use nullable as an alternative");
	if (json_array_size(json_object_get(s, "items")))
		check_forbidden(c, "items", "items must be a schema object and not an array");
	if (at->in_metadata && flag(s, "x-kubernetes-embedded-resource"))
		check_forbidden(c, "x-kubernetes-embedded-resource",
				"must not be used inside of resource meta");
	if (flag(s, "uniqueItems"))
		check_forbidden(c, "uniqueItems",
				"uniqueItems cannot be set to true since the runtime complexity "
				"becomes quadratic");
}

static void check_own(struct check *c, const json_t *s, const struct place *at)
{
	const json_t *open = json_object_get(s, "x-kubernetes-preserve-unknown-fields");
	if (json_is_false(open))
		check_invalid(c, "x-kubernetes-preserve-unknown-fields", open,
			      "must be true or undefined");
	check_crd_map_type(c, s);
	check_crd_list_type(c, s, !at->old->sets_of_maps);
	if (!at->old->loose_keys)
		check_crd_list_keys(c, s);
	check_crd_rule_texts(c, s);
}

/* ---- the walk ---- */

static void check_node(struct check *c, const json_t *s, bool root, const struct place *at);

static void check_child(struct check *c, const char *child, const json_t *s, const struct place *at)
{
	size_t was = check_in(c, child);
	check_node(c, s, false, at);
	check_out(c, was);
}

static void check_more(struct check *c, const json_t *s, const struct place *at)
{
	const json_t *more = json_object_get(s, "additionalProperties");
	struct place below = *at;
	if (more && json_object_size(json_object_get(s, "properties")) && !json_is_true(more))
		check_forbidden(c, "additionalProperties",
				"additionalProperties and properties are mutual exclusive");
	if (at->in_metadata)
		below.no_default = "inside additionalProperties applying to object metadata";
	check_child(c, "additionalProperties", more, &below);
}

static void check_properties(struct check *c, const json_t *s, bool root, const struct place *at)
{
	static const char *const meta[] = { "metadata", "kind", "apiVersion", NULL };
	const json_t *value;
	const char *name;
	json_object_foreach ((json_t *)(uintptr_t)json_object_get(s, "properties"), name, value) {
		struct place below = *at;
		char why[32];
		if ((root || flag(s, "x-kubernetes-embedded-resource")) &&
		    str_in(str_from(name), meta)) {
			below.in_metadata = true;
			snprintf(why, sizeof(why), "in top-level %s", name);
			below.no_default = root ? why : at->no_default;
		}
		size_t was = check_in(c, "properties"), in = check_in_key(c, str_from(name));
		check_node(c, value, false, &below);
		check_out(c, in);
		check_out(c, was);
	}
}

static void check_lists(struct check *c, const json_t *s, const struct place *at)
{
	static const char *const lists[] = { "allOf", "oneOf", "anyOf" };
	const json_t *item;
	size_t i;
	for (size_t k = 0; k < COUNT_OF(lists); k++)
		json_array_foreach (json_object_get(s, lists[k]), i, item) {
			size_t was = check_in(c, lists[k]), in = check_in_index(c, i);
			check_node(c, item, false, at);
			check_out(c, in);
			check_out(c, was);
		}
}

static void check_maps(struct check *c, const json_t *s, const char *map, const struct place *at)
{
	const json_t *value;
	const char *name;
	json_object_foreach ((json_t *)(uintptr_t)json_object_get(s, map), name, value) {
		size_t was = check_in(c, map), in = check_in_key(c, str_from(name));
		check_node(c, value, false, at);
		check_out(c, in);
		check_out(c, was);
	}
}

static void check_items(struct check *c, const json_t *s, const struct place *at)
{
	const json_t *items = json_object_get(s, "items"), *item;
	size_t i, was = check_in(c, "items");
	check_node(c, items, false, at);
	json_array_foreach (items, i, item) {
		size_t in = check_in_index(c, i);
		check_node(c, item, false, at);
		check_out(c, in);
	}
	check_out(c, was);
}

static void check_node(struct check *c, const json_t *s, bool root, const struct place *at)
{
	if (!json_is_object(s))
		return;
	check_words(c, s, at);
	check_more(c, s, at);
	check_properties(c, s, root, at);
	check_child(c, "not", json_object_get(s, "not"), at);
	check_lists(c, s, at);
	check_maps(c, s, "definitions", at);
	check_items(c, s, at);
	check_maps(c, s, "dependencies", at);
	check_own(c, s, at);
}

/* ---- the root ---- */

/* Of what stands beside status only that may be said whose validation does not get lost when the status is looked at alone. */
#define ALLOWED                                                                                \
	"[Description Type Format Title Maximum ExclusiveMaximum Minimum ExclusiveMinimum "    \
	"MaxLength MinLength Pattern MaxItems MinItems UniqueItems MultipleOf Required Items " \
	"Properties ExternalDocs Example XPreserveUnknownFields XValidations]"

static void check_beside_status(struct check *c, const json_t *schema)
{
	static const char *const fine[] = { "description", "format",
					    "title",       "maximum",
					    "minimum",     "exclusiveMaximum",
					    "maxLength",   "exclusiveMinimum",
					    "minLength",   "pattern",
					    "maxItems",    "minItems",
					    "uniqueItems", "multipleOf",
					    "required",    "items",
					    "properties",  "externalDocs",
					    "example",     "x-kubernetes-preserve-unknown-fields",
					    "type",        "x-kubernetes-validations",
					    NULL };
	static const char *const only = "only \"object\" is allowed as the type at the root of the "
					"schema if the status subresource is enabled";
	const json_t *value;
	const char *name;
	struct str type = text(schema, "type");
	if (type.n && !str_eqz(type, "object")) {
		check_invalid_text(c, "type", type, "%s", only);
		return;
	}
	json_object_foreach ((json_t *)(uintptr_t)schema, name, value) {
		if (str_in(str_from(name), fine) || json_is_false(value))
			continue;
		json_t *printed = crd_printed_schema(schema);
		check_invalid_whole(c, NULL, printed,
				    "only %s fields are allowed at the root of the schema if the "
				    "status subresource is enabled",
				    ALLOWED);
		json_decref(printed);
		break;
	}
}

void check_crd_schema(struct check *c, const json_t *schema, bool has_status,
		      const struct crd_leniency *old)
{
	const struct place root = { .old = old };
	size_t before = check_causes(c);
	if (has_status)
		check_beside_status(c, schema);
	if (flag(schema, "nullable"))
		check_forbidden(c, "nullable", "nullable cannot be true at the root");
	const char *unreadable = crd_schema_unreadable(schema);
	if (!unreadable) {
		size_t was = check_causes(c);
		check_crd_structural(c, schema);
		if (!check_failed(c, was))
			check_crd_defaults(c, schema, !old->unpruned_defaults);
	}
	check_node(c, schema, true, &root);
	if (unreadable && !check_failed(c, before))
		check_invalid_text(c, NULL, STR(""), "%s", unreadable);
}

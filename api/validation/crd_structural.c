/* SPDX-License-Identifier: Apache-2.0 */
#include "api/validation/crd_structural.h"

#include <stdlib.h>
#include <string.h>

#include "api/object/meta.h"
#include "api/validation/crd_values.h"
#include "base/mem.h"

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

/* ---- what can't be looked at ---- */

static const char *unreadable_part(const json_t *v)
{
	const json_t *one;
	const char *name, *why = NULL;
	size_t i;
	if (json_is_array(v))
		json_array_foreach (v, i, one)
			why = why ? why : crd_schema_unreadable(one);
	else
		json_object_foreach ((json_t *)(uintptr_t)v, name, one)
			why = why ? why : crd_schema_unreadable(one);
	return why;
}

const char *crd_schema_unreadable(const json_t *s)
{
	static const struct {
		const char *word, *why;
	} rows[] = {
		{ "id", "OpenAPIV3Schema 'id' is not supported" },
		{ "$schema", "OpenAPIV3Schema 'schema' is not supported" },
		{ "$ref", "OpenAPIV3Schema '$ref' is not supported" },
		{ "patternProperties", "OpenAPIV3Schema 'patternProperties' is not supported" },
		{ "dependencies", "OpenAPIV3Schema 'dependencies' is not supported" },
		{ "additionalItems", "OpenAPIV3Schema 'additionalItems' is not supported" },
		{ "definitions", "OpenAPIV3Schema 'definitions' is not supported" },
	};
	static const char *const lists[] = { "allOf", "anyOf", "oneOf" }, *const nodes[] = {
		"items", "additionalProperties"
	};
	if (!json_is_object(s))
		return NULL;
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		const json_t *v = json_object_get(s, rows[i].word);
		if (v && (json_is_boolean(v) || !shape_empty(v)))
			return rows[i].why;
	}
	const char *why = crd_schema_unreadable(json_object_get(s, "not"));
	for (size_t i = 0; !why && i < COUNT_OF(lists); i++)
		why = unreadable_part(json_object_get(s, lists[i]));
	if (!why && json_is_false(json_object_get(s, "x-kubernetes-preserve-unknown-fields")))
		why = "internal error: 'x-kubernetes-preserve-unknown-fields' must be true or "
		      "undefined";
	if (!why && json_array_size(json_object_get(s, "items")))
		why = "OpenAPIV3Schema 'items' must be a schema, but is an array";
	if (!why)
		why = unreadable_part(json_object_get(s, "properties"));
	for (size_t i = 0; !why && i < COUNT_OF(nodes); i++)
		why = crd_schema_unreadable(json_object_get(s, nodes[i]));
	return why;
}

/* ---- one node ---- */

static void check_type(struct check *c, const json_t *s, enum level level)
{
	static const char *const where[] = { "must not be empty at the root",
					     "must not be empty for specified object fields",
					     "must not be empty for specified array items" };
	struct str type = text(s, "type");
	bool embedded = flag(s, "x-kubernetes-embedded-resource");
	if (embedded && !str_eqz(type, "object")) {
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

static void check_extensions(struct check *c, const json_t *s)
{
	static const char *const apart[] = { "x-kubernetes-preserve-unknown-fields",
					     "x-kubernetes-embedded-resource" };
	for (size_t i = 0; flag(s, "x-kubernetes-int-or-string") && i < COUNT_OF(apart); i++)
		if (flag(s, apart[i]))
			check_invalid(c, apart[i], json_object_get(s, apart[i]),
				      "must be false if x-kubernetes-int-or-string is true");
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

/* Of the root nothing may be said about metadata but what names look like: the rest goes without saying. */
static bool says_too_much(const json_t *metadata)
{
	static const char *const fine[] = { "type", "default", "properties", NULL };
	const json_t *value;
	const char *name;
	bool other = false;
	json_object_foreach ((json_t *)(uintptr_t)metadata, name, value)
		other = other || (!str_in(str_from(name), fine) && !shape_empty(value) &&
				  !json_is_false(value));
	json_object_foreach (json_object_get(metadata, "properties"), name, value)
		other = other || (strcmp(name, "name") && strcmp(name, "generateName"));
	return other;
}

static void check_metadata(struct check *c, const json_t *s, enum level level)
{
	static const char *const own[] = { "kind", "apiVersion" };
	const json_t *properties = json_object_get(s, "properties"),
		     *metadata = json_object_get(properties, "metadata");
	if (level != ROOT && !flag(s, "x-kubernetes-embedded-resource"))
		return;
	size_t was = check_in(c, "properties");
	for (size_t i = 0; i < COUNT_OF(own); i++) {
		const json_t *p = json_object_get(properties, own[i]);
		size_t at = check_in_key(c, str_from(own[i]));
		if (p && !str_eqz(text(p, "type"), "string"))
			check_invalid_text(c, "type", text(p, "type"), "must be string");
		check_out(c, at);
	}
	size_t at = check_in_key(c, STR("metadata"));
	if (metadata && !str_eqz(text(metadata, "type"), "object"))
		check_invalid_text(c, "type", text(metadata, "type"), "must be object");
	if (metadata && level == ROOT && says_too_much(metadata))
		check_forbidden(c, NULL,
				"must not specify anything other than name and generateName, but "
				"metadata is implicitly specified");
	check_out(c, at);
	check_out(c, was);
}

/* ---- the walk ---- */

static void check_node(struct check *c, const json_t *s, enum level level)
{
	static const struct {
		const char *name;
		enum level level;
	} parts[] = { { "items", ITEM }, { "additionalProperties", FIELD } };
	const json_t *value;
	const char *name;
	if (!json_is_object(s))
		return;
	check_type(c, s, level);
	check_extensions(c, s);
	check_metadata(c, s, level);
	check_crd_values(c, s);
	json_object_foreach ((json_t *)(uintptr_t)json_object_get(s, "properties"), name, value) {
		size_t was = check_in(c, "properties"), at = check_in_key(c, str_from(name));
		check_node(c, value, FIELD);
		check_out(c, at);
		check_out(c, was);
	}
	for (size_t i = 0; i < COUNT_OF(parts); i++) {
		size_t was = check_in(c, parts[i].name);
		check_node(c, json_object_get(s, parts[i].name), parts[i].level);
		check_out(c, was);
	}
}

static int by_text(const void *a, const void *b)
{
	const struct err_cause *x = a, *y = b;
	auto_buf left = { 0 }, right = { 0 };
	buf_printf(&left, "%s: %s", x->field, x->message);
	buf_printf(&right, "%s: %s", y->field, y->message);
	return strcmp(left.p, right.p);
}

void check_crd_structural(struct check *c, const json_t *schema)
{
	auto_err err = { 0 };
	struct check own = { .err = &err };
	buf_add(&own.path, c->path.p ? c->path.p : "", c->path.n);
	check_node(&own, schema, ROOT);
	check_crd_values_complete(&own, schema);
	buf_free(&own.path);
	if (err.ncauses)
		qsort(err.causes, err.ncauses, sizeof(*err.causes), by_text);
	for (size_t i = 0; i < err.ncauses; i++)
		err_cause(c->err, err.causes[i].type, err.causes[i].field, "%s",
			  err.causes[i].message);
}

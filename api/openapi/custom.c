/* SPDX-License-Identifier: Apache-2.0 */
#include "api/openapi/custom.h"

#include <stdlib.h>
#include <string.h>

#include "api/json/write.h"
#include "api/object/meta.h"
#include "base/mem.h"

#define OBJECT_META "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta"
#define DEPTH_MAX   64

static bool is_true(const json_t *schema, const char *name)
{
	return json_is_true(json_object_get(schema, name));
}

static bool has_type(const json_t *schema, const char *type)
{
	const char *t = json_string_value(json_object_get(schema, "type"));
	return t && strcmp(t, type) == 0;
}

/* --- v2 --- */

static void drop(json_t *schema, const char *const *names)
{
	for (; *names; names++)
		json_object_del(schema, *names);
}

/* A property that may be null is no longer required: v2 can't say that it may be. */
static void relax_required(json_t *schema)
{
	json_t *required = json_object_get(schema, "required"), *value;
	const char *name;
	json_object_foreach (json_object_get(schema, "properties"), name, value) {
		if (!is_true(value, "nullable"))
			continue;
		for (size_t i = json_array_size(required); i-- > 0;)
			if (strcmp(json_string_value(json_array_get(required, i)), name) == 0)
				json_array_remove(required, i);
	}
	if (is_true(json_object_get(schema, "additionalProperties"), "nullable") ||
	    json_array_size(required) == 0)
		json_object_del(schema, "required");
}

static void cut_for_v2(json_t *schema)
{
	static const char *const junctors[] = { "allOf", "anyOf", "oneOf", "not", NULL },
				 *const shape[] = { "items", "properties", NULL },
				 *const nullable[] = { "type", "nullable", NULL };
	bool open = is_true(schema, "x-kubernetes-preserve-unknown-fields");
	drop(schema, junctors);
	relax_required(schema);
	if (is_true(schema, "nullable")) {
		drop(schema, nullable);
		drop(schema, shape);
	}
	if (open)
		drop(schema, shape);
	if ((has_type(schema, "array") && !json_object_get(schema, "items")) ||
	    (open && has_type(schema, "object")))
		json_object_del(schema, "type");
}

/* --- what every object has --- */

static json_t *text_property(const char *description)
{
	json_t *p = json_object();
	json_object_set_new(p, "description", json_string(description));
	json_object_set_new(p, "type", json_string("string"));
	return p;
}

static json_t *metadata_property(bool v3)
{
	json_t *p = json_object(), *ref = json_object(), *all;
	json_object_set_new(p, "description",
			    json_string("Standard object's metadata: name, labels, annotations and "
					"what the server keeps about the object."));
	if (!v3) {
		json_object_set_new(p, "$ref", json_string("#/definitions/" OBJECT_META));
		json_decref(ref);
		return p;
	}
	json_object_set_new(ref, "$ref", json_string("#/components/schemas/" OBJECT_META));
	all = json_array();
	json_array_append_new(all, ref);
	json_object_set_new(p, "allOf", all);
	return p;
}

static void add_object_properties(json_t *schema, bool v3)
{
	json_t *properties = json_object_get(schema, "properties");
	if (!properties) {
		properties = json_object();
		json_object_set_new(schema, "properties", properties);
	}
	json_object_set_new(properties, "apiVersion",
			    text_property("APIVersion defines the version of the API in which this "
					  "object is written."));
	json_object_set_new(properties, "kind", text_property("What kind of object this is."));
	json_object_set_new(properties, "metadata", metadata_property(v3));
}

static void require(json_t *schema, const char *name)
{
	json_t *required = json_object_get(schema, "required"), *value;
	size_t i;
	if (!required) {
		required = json_array();
		json_object_set_new(schema, "required", required);
	}
	json_array_foreach (required, i, value)
		if (strcmp(json_string_value(value), name) == 0)
			return;
	json_array_append_new(required, json_string(name));
}

/* An object inside of the object; v2 clients could not cope with more fields there. */
static void embed(json_t *schema, bool v3)
{
	if (!is_true(schema, "x-kubernetes-embedded-resource") ||
	    (!v3 && is_true(schema, "x-kubernetes-preserve-unknown-fields")))
		return;
	add_object_properties(schema, v3);
	require(schema, "kind");
	require(schema, "apiVersion");
}

static void each_part(json_t *schema, bool v3, int depth)
{
	static const char *const nested[] = { "items", "additionalProperties" };
	const char *name;
	json_t *value;
	if (!json_is_object(schema) || depth == DEPTH_MAX)
		return;
	if (!v3)
		cut_for_v2(schema);
	json_object_foreach (json_object_get(schema, "properties"), name, value)
		each_part(value, v3, depth + 1);
	for (size_t i = 0; i < COUNT_OF(nested); i++)
		each_part(json_object_get(schema, nested[i]), v3, depth + 1);
	if (depth > 0)
		embed(schema, v3);
}

/* --- the whole --- */

static json_t *kind_extension(const struct api_resource *r)
{
	json_t *list = json_array(), *one = json_object();
	json_object_set_new(one, "group", json_string(r->group));
	json_object_set_new(one, "kind", json_string(r->kind));
	json_object_set_new(one, "version", json_string(r->version));
	json_array_append_new(list, one);
	return list;
}

static json_t *selectable_extension(const struct api_resource *r)
{
	json_t *list = json_array();
	for (size_t i = 0; i < r->nselectable; i++) {
		json_t *one = json_object();
		json_object_set_new(one, "fieldPath", json_string(r->selectable[i].label));
		json_array_append_new(list, one);
	}
	return list;
}

void openapi_custom_schema(const struct api_resource *r, const json_t *schema, bool v3,
			   struct buf *out)
{
	bool opaque = !schema || (!v3 && is_true(schema, "x-kubernetes-preserve-unknown-fields"));
	json_t *copy = opaque ? json_object() : tree_copy(schema);
	if (opaque) {
		json_object_set_new(copy, "type", json_string("object"));
	} else {
		each_part(copy, v3, 0);
		add_object_properties(copy, v3);
	}
	json_object_set_new(copy, "x-kubernetes-group-version-kind", kind_extension(r));
	if (r->nselectable)
		json_object_set_new(copy, "x-kubernetes-selectable-fields",
				    selectable_extension(r));
	api_json_any(out, copy);
	json_decref(copy);
}

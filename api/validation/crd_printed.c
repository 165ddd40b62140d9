/* SPDX-License-Identifier: Apache-2.0 */
#include "api/validation/crd_printed.h"

#include <math.h>

#include "api/object/meta.h"
#include "base/mem.h"

struct row {
	const char *go, *json;
	json_t *(*print)(const json_t *value); /* value NULL: it is absent */
};

static json_t *rows_print(const struct row *rows, size_t n, const json_t *object)
{
	json_t *out = json_object();
	for (size_t i = 0; i < n; i++)
		json_object_set_new(out, rows[i].go,
				    rows[i].print(json_object_get(object, rows[i].json)));
	return out;
}

/* ---- plain values ---- */

static json_t *raw(const json_t *v)
{
	return v ? tree_copy(v) : json_null();
}

static json_t *text(const json_t *v)
{
	return v ? tree_copy(v) : json_string("");
}

static json_t *flag(const json_t *v)
{
	return json_boolean(json_is_true(v));
}

static json_t *whole(const json_t *v)
{
	return v ? tree_copy(v) : json_integer(0);
}

/* Go prints a whole number without a fraction. */
static json_t *number(const json_t *v)
{
	double d = json_number_value(v);
	return json_is_real(v) && floor(d) >= d && fabs(d) < 1e15 ? json_integer((json_int_t)d)
								  : raw(v);
}

/* ---- schemas ---- */

static json_t *pointer(const json_t *v)
{
	return v ? crd_printed_schema(v) : json_null();
}

static json_t *list_of(const json_t *v, json_t *(*print)(const json_t *))
{
	json_t *out = json_array();
	const json_t *item;
	size_t i;
	if (!json_array_size(v)) {
		json_decref(out);
		return json_null();
	}
	json_array_foreach (v, i, item)
		json_array_append_new(out, print(item));
	return out;
}

static json_t *schemas(const json_t *v)
{
	return list_of(v, crd_printed_schema);
}

static json_t *items(const json_t *v)
{
	return v ? crd_printed_items(v) : json_null();
}

static json_t *properties(const json_t *v)
{
	json_t *out = json_object();
	const char *name;
	json_t *one;
	if (!json_object_size(v)) {
		json_decref(out);
		return json_null();
	}
	json_object_foreach ((json_t *)(uintptr_t)v, name, one)
		json_object_set_new(out, name, crd_printed_schema(one));
	return out;
}

static json_t *schema_or_bool(const json_t *v)
{
	return v ? json_pack("{sbso}", "Allows", json_is_object(v) || json_is_true(v), "Schema",
			     json_is_object(v) ? crd_printed_schema(v) : json_null())
		 : json_null();
}

static json_t *dependencies(const json_t *v)
{
	json_t *out = json_object();
	const char *name;
	json_t *one;
	if (!json_object_size(v)) {
		json_decref(out);
		return json_null();
	}
	json_object_foreach ((json_t *)(uintptr_t)v, name, one)
		json_object_set_new(out, name,
				    json_pack("{soso}", "Schema",
					      json_is_object(one) ? crd_printed_schema(one)
								  : json_null(),
					      "Property",
					      json_is_array(one) ? raw(one) : json_null()));
	return out;
}

static json_t *documents(const json_t *v)
{
	static const struct row rows[] = { { "Description", "description", text },
					   { "URL", "url", text } };
	return v ? rows_print(rows, COUNT_OF(rows), v) : json_null();
}

static json_t *rule(const json_t *v)
{
	static const struct row rows[] = { { "Rule", "rule", text },
					   { "Message", "message", text },
					   { "MessageExpression", "messageExpression", text },
					   { "Reason", "reason", raw },
					   { "FieldPath", "fieldPath", text },
					   { "OptionalOldSelf", "optionalOldSelf", raw } };
	return rows_print(rows, COUNT_OF(rows), v);
}

static json_t *rules(const json_t *v)
{
	return list_of(v, rule);
}

json_t *crd_printed_items(const json_t *v)
{
	bool list = json_is_array(v);
	return json_pack("{soso}", "Schema", list ? json_null() : crd_printed_schema(v),
			 "JSONSchemas", list ? schemas(v) : json_null());
}

json_t *crd_printed_schema(const json_t *schema)
{
	static const struct row rows[] = {
		{ "ID", "id", text },
		{ "Schema", "$schema", text },
		{ "Ref", "$ref", raw },
		{ "Description", "description", text },
		{ "Type", "type", text },
		{ "Nullable", "nullable", flag },
		{ "Format", "format", text },
		{ "Title", "title", text },
		{ "Default", "default", raw },
		{ "Maximum", "maximum", number },
		{ "ExclusiveMaximum", "exclusiveMaximum", flag },
		{ "Minimum", "minimum", number },
		{ "ExclusiveMinimum", "exclusiveMinimum", flag },
		{ "MaxLength", "maxLength", raw },
		{ "MinLength", "minLength", raw },
		{ "Pattern", "pattern", text },
		{ "MaxItems", "maxItems", raw },
		{ "MinItems", "minItems", raw },
		{ "UniqueItems", "uniqueItems", flag },
		{ "MultipleOf", "multipleOf", number },
		{ "Enum", "enum", raw },
		{ "MaxProperties", "maxProperties", raw },
		{ "MinProperties", "minProperties", raw },
		{ "Required", "required", raw },
		{ "Items", "items", items },
		{ "AllOf", "allOf", schemas },
		{ "OneOf", "oneOf", schemas },
		{ "AnyOf", "anyOf", schemas },
		{ "Not", "not", pointer },
		{ "Properties", "properties", properties },
		{ "AdditionalProperties", "additionalProperties", schema_or_bool },
		{ "PatternProperties", "patternProperties", properties },
		{ "Dependencies", "dependencies", dependencies },
		{ "AdditionalItems", "additionalItems", schema_or_bool },
		{ "Definitions", "definitions", properties },
		{ "ExternalDocs", "externalDocs", documents },
		{ "Example", "example", raw },
		{ "XPreserveUnknownFields", "x-kubernetes-preserve-unknown-fields", raw },
		{ "XEmbeddedResource", "x-kubernetes-embedded-resource", flag },
		{ "XIntOrString", "x-kubernetes-int-or-string", flag },
		{ "XListMapKeys", "x-kubernetes-list-map-keys", raw },
		{ "XListType", "x-kubernetes-list-type", raw },
		{ "XMapType", "x-kubernetes-map-type", raw },
		{ "XValidations", "x-kubernetes-validations", rules },
	};
	return rows_print(rows, COUNT_OF(rows), schema);
}

/* ---- versions ---- */

static json_t *validation(const json_t *v)
{
	return v ? json_pack("{so}", "OpenAPIV3Schema",
			     pointer(json_object_get(v, "openAPIV3Schema")))
		 : json_null();
}

static json_t *scale(const json_t *v)
{
	static const struct row rows[] = { { "SpecReplicasPath", "specReplicasPath", text },
					   { "StatusReplicasPath", "statusReplicasPath", text },
					   { "LabelSelectorPath", "labelSelectorPath", raw } };
	return v ? rows_print(rows, COUNT_OF(rows), v) : json_null();
}

static json_t *subresources(const json_t *v)
{
	static const struct row rows[] = { { "Status", "status", raw },
					   { "Scale", "scale", scale } };
	return v ? rows_print(rows, COUNT_OF(rows), v) : json_null();
}

static json_t *column(const json_t *v)
{
	static const struct row rows[] = {
		{ "Name", "name", text },          { "Type", "type", text },
		{ "Format", "format", text },      { "Description", "description", text },
		{ "Priority", "priority", whole }, { "JSONPath", "jsonPath", text }
	};
	return rows_print(rows, COUNT_OF(rows), v);
}

static json_t *columns(const json_t *v)
{
	return list_of(v, column);
}

static json_t *selectable_field(const json_t *v)
{
	static const struct row rows[] = { { "JSONPath", "jsonPath", text } };
	return rows_print(rows, COUNT_OF(rows), v);
}

static json_t *selectable(const json_t *v)
{
	return list_of(v, selectable_field);
}

json_t *crd_printed_versions(const json_t *versions, const struct crd_common *common)
{
	static const struct row rows[] = { { "Name", "name", text },
					   { "Served", "served", flag },
					   { "Storage", "storage", flag },
					   { "Deprecated", "deprecated", flag },
					   { "DeprecationWarning", "deprecationWarning", raw },
					   { "Schema", "schema", validation },
					   { "Subresources", "subresources", subresources },
					   { "AdditionalPrinterColumns", "additionalPrinterColumns",
					     columns },
					   { "SelectableFields", "selectableFields", selectable } };
	const struct {
		const char *go;
		const json_t *shared;
	} parts[] = { { "Schema", common->schema },
		      { "Subresources", common->subresources },
		      { "AdditionalPrinterColumns", common->columns },
		      { "SelectableFields", common->selectable } };
	json_t *list = json_array();
	const json_t *version;
	size_t i;
	json_array_foreach (versions, i, version) {
		json_t *one = rows_print(rows, COUNT_OF(rows), version);
		for (size_t k = 0; k < COUNT_OF(parts); k++)
			if (parts[k].shared)
				json_object_set_new(one, parts[k].go, json_null());
		json_array_append_new(list, one);
	}
	return list;
}

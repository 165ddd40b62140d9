/* SPDX-License-Identifier: Apache-2.0 */
/* Types as OpenAPI schemas. What JSON Schema has no word for stands in x-kubernetes-… extensions. */
#include <stdlib.h>

#include "api/json/write.h"
#include "api/openapi/custom.h"
#include "api/openapi/openapi.h"
#include "api/openapi/types.h"
#include "api/registry.h"
#include "base/mem.h"

static const struct basic {
	enum api_kind kind;
	const char *name, *v2, *v3; /* v3 NULL: as v2 */
} basics[] = {
	{ API_TIME, "io.k8s.apimachinery.pkg.apis.meta.v1.Time",
	  "{\"description\":\"A point in time, RFC 3339, in whole "
	  "seconds.\",\"format\":\"date-time\",\"type\":\"string\"}",
	  NULL },
	{ API_MICRO_TIME, "io.k8s.apimachinery.pkg.apis.meta.v1.MicroTime",
	  "{\"description\":\"A point in time, RFC 3339, with "
	  "microseconds.\",\"format\":\"date-time\",\"type\":\"string\"}",
	  NULL },
	{ API_DURATION, "io.k8s.apimachinery.pkg.apis.meta.v1.Duration",
	  "{\"description\":\"A length of time: 90s, 1h30m.\",\"type\":\"string\"}", NULL },
	{ API_QUANTITY, "io.k8s.apimachinery.pkg.api.resource.Quantity",
	  "{\"description\":\"An amount: a decimal number with a suffix of m, k, M, G, T, P, E, or "
	  "Ki, Mi, Gi, Ti, Pi, Ei, or an exponent.\","
	  "\"type\":\"string\"}",
	  "{\"description\":\"An amount: a decimal number with a suffix of m, k, M, G, T, P, E, or "
	  "Ki, Mi, Gi, Ti, Pi, Ei, or an exponent.\","
	  "\"oneOf\":[{\"type\":\"string\"},{\"type\":\"number\"}]}" },
	{ API_INT_OR_STRING, "io.k8s.apimachinery.pkg.util.intstr.IntOrString",
	  "{\"description\":\"A whole number or a text, such as a port's name or a "
	  "percentage.\",\"format\":\"int-or-string\","
	  "\"type\":\"string\"}",
	  "{\"description\":\"A whole number or a text, such as a port's name or a "
	  "percentage.\",\"format\":\"int-or-string\","
	  "\"oneOf\":[{\"type\":\"integer\"},{\"type\":\"string\"}]}" },
	{ API_RAW, "io.k8s.apimachinery.pkg.runtime.RawExtension",
	  "{\"description\":\"An object of any kind.\",\"type\":\"object\"}", NULL },
	{ API_JSON, "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSON",
	  "{\"description\":\"Any JSON value.\"}", NULL },
	{ API_FIELDS_V1, "io.k8s.apimachinery.pkg.apis.meta.v1.FieldsV1",
	  "{\"description\":\"A set of fields: f:NAME a field, k:KEYS or v:VALUE an item, . the "
	  "thing itself.\",\"type\":\"object\"}",
	  NULL },
	{ API_PROPS_OR_ARRAY,
	  "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSONSchemaPropsOrArray",
	  "{\"description\":\"One schema, or a list of them.\"}", NULL },
	{ API_PROPS_OR_BOOL,
	  "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSONSchemaPropsOrBool",
	  "{\"description\":\"A schema, or whether anything is allowed.\"}", NULL },
	{ API_PROPS_OR_STRINGS,
	  "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSONSchemaPropsOrStringArray",
	  "{\"description\":\"A schema, or a list of property names.\"}", NULL },
};

static const struct basic *basic_of(enum api_kind kind)
{
	for (size_t i = 0; i < COUNT_OF(basics); i++)
		if (basics[i].kind == kind)
			return &basics[i];
	return NULL;
}

void openapi_types_add(struct openapi_types *s, const struct api_type *t)
{
	if (!t || !t->openapi_name || map_get(&s->seen, str_from(t->openapi_name)))
		return;
	map_put(&s->seen, str_from(t->openapi_name), (void *)t);
	s->items = mem_array_grow(s->items, &s->cap, s->n + 1, sizeof(*s->items));
	s->items[s->n++] = t;
}

void openapi_types_free(struct openapi_types *s)
{
	map_free(&s->seen, NULL);
	free(s->items);
	*s = (struct openapi_types){ 0 };
}

void openapi_ref(bool v3, const char *openapi_name, struct buf *out)
{
	buf_printf(out, "{\"$ref\":\"#/%s/%s\"}", v3 ? "components/schemas" : "definitions",
		   openapi_name);
}

static const char *ref_name(const struct api_schema *s, struct openapi_types *refers)
{
	if (s->kind == API_OBJECT && s->type) {
		openapi_types_add(refers, s->type);
		return s->type->openapi_name;
	}
	const struct basic *b = basic_of(s->kind);
	if (b)
		refers->basics |= 1u << s->kind;
	return b ? b->name : NULL;
}

/* Members are added one by one; the first has no comma. */
static void member(struct buf *out, const char *name)
{
	if (out->p[out->n - 1] != '{')
		buf_putc(out, ',');
	buf_printf(out, "\"%s\":", name);
}

static void text_member(struct buf *out, const char *name, const char *value)
{
	member(out, name);
	buf_json_string(out, str_from(value));
}

/* Types of meta/v1 are of every group, and of the core group to begin with; what is sent to or by each group says so. */
static void kinds_member(const struct api_type *t, const struct openapi_types *refers,
			 struct buf *out)
{
	const char *kind = strrchr(t->name, '.') ? strrchr(t->name, '.') + 1 : t->name;
	bool meta = t->gv && strcmp(t->gv->prefix, "meta/v1") == 0;
	bool shared = meta && (!strcmp(kind, "DeleteOptions") || !strcmp(kind, "WatchEvent"));
	if (!(t->typed && t->gv) && !shared)
		return;
	member(out, "x-kubernetes-group-version-kind");
	buf_printf(out, "[{\"group\":\"%s\",\"kind\":\"%s\",\"version\":\"%s\"}",
		   meta ? "" : t->gv->group, kind, t->gv->version);
	if (shared && refers && refers->group.n)
		buf_printf(out, ",{\"group\":\"%.*s\",\"kind\":\"%s\",\"version\":\"%.*s\"}",
			   STR_ARG(refers->group), kind, STR_ARG(refers->version));
	buf_putc(out, ']');
}

static void type_members(const struct api_type *t, bool v3, struct openapi_types *refers,
			 struct buf *out);
static void item_schema(const struct api_schema *s, bool v3, struct openapi_types *refers,
			struct buf *out);

static void scalar_members(const struct api_schema *s, struct buf *out)
{
	static const char *const words[][2] = {
		/* type, format */
		[API_STRING] = { "string", NULL },      [API_BOOL] = { "boolean", NULL },
		[API_INT32] = { "integer", "int32" },   [API_INT64] = { "integer", "int64" },
		[API_FLOAT64] = { "number", "double" }, [API_BYTES] = { "string", "byte" }
	};
	if (words[s->kind][1])
		text_member(out, "format", words[s->kind][1]);
	if (s->limits && s->limits->enum_values) {
		member(out, "enum");
		for (const char *const *v = s->limits->enum_values; *v; v++) {
			buf_putc(out, v == s->limits->enum_values ? '[' : ',');
			buf_json_string(out, str_from(*v));
		}
		buf_putc(out, ']');
	}
	text_member(out, "type", words[s->kind][0]);
}

/* Everything of a value's schema but its description and extensions. */
static void shape_members(const struct api_schema *s, bool v3, struct openapi_types *refers,
			  struct buf *out)
{
	const char *name = ref_name(s, refers);
	if (name && v3) {
		member(out, "allOf");
		buf_putc(out, '[');
		openapi_ref(true, name, out);
		buf_putc(out, ']');
	} else if (name) {
		member(out, "$ref");
		buf_printf(out, "\"#/definitions/%s\"", name);
	} else if (s->kind == API_LIST) {
		member(out, "items");
		item_schema(s->item, v3, refers, out);
		text_member(out, "type", "array");
	} else if (s->kind == API_MAP) {
		member(out, "additionalProperties");
		item_schema(s->item, v3, refers, out);
		text_member(out, "type", "object");
	} else if (s->kind == API_OBJECT && s->type) {
		type_members(s->type, v3, refers, out);
	} else if (s->kind == API_OBJECT) {
		text_member(out, "type", "object");
	} else {
		scalar_members(s, out);
	}
}

static void item_schema(const struct api_schema *s, bool v3, struct openapi_types *refers,
			struct buf *out)
{
	const char *name = ref_name(s, refers);
	if (name) {
		openapi_ref(v3, name, out);
		return;
	}
	buf_putc(out, '{');
	shape_members(s, v3, refers, out);
	buf_putc(out, '}');
}

static void list_extensions(const struct api_field *f, bool of_kind, struct buf *out)
{
	static const char *const types[] = { "atomic", "set", "map" };
	const struct api_schema *s = &f->schema;
	if (s->kind == API_LIST && s->list_type == API_LIST_MAP && s->list_keys) {
		member(out, "x-kubernetes-list-map-keys");
		for (size_t i = 0; s->list_keys[i]; i++)
			buf_printf(out, "%s\"%s\"", i ? "," : "[", s->list_keys[i]);
		buf_putc(out, ']');
	}
	if ((s->kind == API_LIST && !s->boxed && !of_kind) || (s->kind == API_BYTES && s->atomic))
		text_member(out, "x-kubernetes-list-type", types[s->list_type]);
	if (s->kind == API_MAP && s->atomic)
		text_member(out, "x-kubernetes-map-type", "atomic");
	if (s->granular)
		text_member(out, "x-kubernetes-map-type", "granular");
}

static void patch_extensions(const struct api_field *f, struct buf *out)
{
	static const char *const strategies[] = { NULL, "merge", "retainKeys", "merge,retainKeys" };
	if (f->patch_key)
		text_member(out, "x-kubernetes-patch-merge-key", f->patch_key);
	const char *strategy = f->patch & API_PATCH_WHOLE ? "replace" : strategies[f->patch & 3];
	if (strategy)
		text_member(out, "x-kubernetes-patch-strategy", strategy);
}

static void limit_members(const struct api_limits *l, struct buf *out)
{
	if (!l)
		return;
	if (l->has_min) {
		member(out, "minimum");
		api_json_double(out, l->min);
	}
	if (l->has_max) {
		member(out, "maximum");
		api_json_double(out, l->max);
	}
	if (l->max_length >= 0) {
		member(out, "maxLength");
		buf_i64(out, l->max_length);
	}
	if (l->max_items >= 0) {
		member(out, "maxItems");
		buf_i64(out, l->max_items);
	}
}

/* What a value that is always there is when it was not given. */
static const char *zero_value(const struct api_field *f)
{
	if (f->schema.kind == API_OBJECT)
		return f->pointer || !f->always ? NULL : "{}";
	if ((f->pointer || !f->always) && !f->published)
		return NULL;
	switch (f->schema.kind) {
	case API_STRING: return "\"\"";
	case API_BOOL: return "false";
	case API_INT32:
	case API_INT64: return "0";
	default: return NULL;
	}
}

static void property(const struct api_type *t, const struct api_field *f, bool v3,
		     struct openapi_types *refers, struct buf *out)
{
	member(out, f->name);
	buf_putc(out, '{');
	if (f->doc && *f->doc)
		text_member(out, "description", f->doc);
	bool own = f->schema.default_json && (f->published || !t->gv);
	const char *value = own ? f->schema.default_json : zero_value(f);
	if (v3 && value) {
		member(out, "default");
		buf_puts(out, value);
	}
	shape_members(&f->schema, v3, refers, out);
	if (v3 && !t->gv) /* of built-in kinds upstream publishes none */
		limit_members(f->schema.limits, out);
	list_extensions(f, t->typed && strcmp(f->name, "items") == 0, out);
	patch_extensions(f, out);
	buf_putc(out, '}');
}

static void required_list(const struct api_type *t, struct buf *out)
{
	bool any = false;
	for (size_t i = 0; i < t->nfields; i++) {
		const struct api_field *f = &t->fields[i];
		if (!f->required)
			continue;
		if (!any)
			member(out, "required");
		buf_printf(out, "%s\"%s\"", any ? "," : "[", f->name);
		any = true;
	}
	if (any)
		buf_putc(out, ']');
}

static void type_members(const struct api_type *t, bool v3, struct openapi_types *refers,
			 struct buf *out)
{
	if (t->doc && *t->doc)
		text_member(out, "description", t->doc);
	if (t->nfields) {
		member(out, "properties");
		buf_putc(out, '{');
		for (size_t i = 0; i < t->nfields; i++)
			property(t, &t->fields[t->by_name[i]], v3, refers, out);
		buf_putc(out, '}');
	}
	required_list(t, out);
	text_member(out, "type", "object");
	kinds_member(t, refers, out);
	if (t->atomic)
		text_member(out, "x-kubernetes-map-type", "atomic");
	if (t->unions) {
		member(out, "x-kubernetes-unions");
		buf_puts(out, t->unions);
	}
}

void openapi_schema(const struct api_type *t, bool v3, struct openapi_types *refers,
		    struct buf *out)
{
	buf_putc(out, '{');
	type_members(t, v3, refers, out);
	buf_putc(out, '}');
}

/* A custom resource looks as its definition says. */
static bool custom_schema(struct openapi_types *s, const struct api_type *t, bool v3,
			  struct buf *out)
{
	const struct discovery *d = s->of;
	if (t->gv || !d || !d->schema_of)
		return false;
	for (size_t i = 0; i < d->n; i++) {
		if (d->resources[i]->type != t)
			continue;
		json_t *schema = d->schema_of(d->ctx, d->resources[i]);
		openapi_custom_schema(d->resources[i], schema, v3, out);
		json_decref(schema);
		openapi_types_add(s, api_type_find(STR("meta/v1.ObjectMeta")));
		return true;
	}
	return false;
}

void openapi_schemas(struct openapi_types *s, bool v3, struct buf *out)
{
	for (size_t i = 0; i < s->n; i++) {
		member(out, s->items[i]->openapi_name);
		if (!custom_schema(s, s->items[i], v3, out))
			openapi_schema(s->items[i], v3, s, out);
	}
	for (size_t i = 0; i < COUNT_OF(basics); i++) {
		if (!(s->basics & 1u << basics[i].kind))
			continue;
		member(out, basics[i].name);
		buf_puts(out, v3 && basics[i].v3 ? basics[i].v3 : basics[i].v2);
	}
}

/* SPDX-License-Identifier: Apache-2.0 */
/* One schema node is one api_schema; a node with properties is a type of its own. Maps with values of one shape are API_MAP,
 * objects of which nothing is known are types without fields. */
#include "api/crd/schema.h"

#include <stdlib.h>

#include "api/json/write.h"
#include "api/object/meta.h"
#include "api/registry.h"
#include "base/mem.h"

struct compiler {
	struct crd *crd;
	struct err *err;
};

static int value_compile(struct compiler *c, const json_t *s, struct api_schema *out);

static bool flag(const json_t *s, const char *name)
{
	return json_is_true(json_object_get(s, name));
}

static bool is_text(const json_t *s, const char *name, const char *value)
{
	const char *text = json_string_value(json_object_get(s, name));
	return text && strcmp(text, value) == 0;
}

static int count_node(struct compiler *c)
{
	if (++c->crd->nodes > CRD_NODES_MAX)
		return err_set(c->err, ERR_INVALID, "the schema has more than %d nodes",
			       CRD_NODES_MAX);
	return 0;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct api_field *)a)->name, ((const struct api_field *)b)->name);
}

static const uint16_t *in_order(struct compiler *c, size_t n)
{
	uint16_t *order = ARENA_ARRAY(&c->crd->arena, uint16_t, n + 1);
	for (size_t i = 0; i < n; i++)
		order[i] = (uint16_t)i;
	return order;
}

static void field_init(struct compiler *c, struct api_field *f, const char *name)
{
	struct str copy = arena_str(&c->crd->arena, str_from(name));
	f->name = copy.p;
	f->name_length = (uint16_t)copy.n;
	f->pointer = true;
	f->doc = "";
}

static bool is_meta(const char *name)
{
	return !strcmp(name, "apiVersion") || !strcmp(name, "kind") || !strcmp(name, "metadata");
}

/* What every object has, whether its schema says so or not. */
static size_t add_meta(struct compiler *c, struct api_field *fields)
{
	field_init(c, &fields[0], "apiVersion");
	field_init(c, &fields[1], "kind");
	field_init(c, &fields[2], "metadata");
	fields[0].schema = fields[1].schema = (struct api_schema){ .kind = API_STRING };
	fields[2].schema = (struct api_schema){ .kind = API_OBJECT,
						.type = api_type_find(STR("meta/v1.ObjectMeta")) };
	return 3;
}

static bool is_required(const json_t *s, const char *name)
{
	const json_t *list = json_object_get(s, "required");
	for (size_t i = 0; i < json_array_size(list); i++)
		if (str_eqz(tree_str(json_array_get(list, i)), name))
			return true;
	return false;
}

static int fields_compile(struct compiler *c, const json_t *s, bool resource, struct api_type *t)
{
	json_t *props = json_object_get(s, "properties"), *prop;
	const char *name;
	size_t most = json_object_size(props) + 3, n = 0;
	if (most > UINT16_MAX)
		return err_set(c->err, ERR_INVALID, "too many properties");
	struct api_field *fields = ARENA_ARRAY(&c->crd->arena, struct api_field, most);
	if (resource)
		n = add_meta(c, fields);
	json_object_foreach (props, name, prop) {
		if (resource && is_meta(name))
			continue;
		if (strlen(name) > UINT16_MAX)
			return err_set(c->err, ERR_INVALID, "a property's name is too long");
		struct api_field *f = &fields[n++];
		field_init(c, f, name);
		f->required = is_required(s, name);
		int e = value_compile(c, prop, &f->schema);
		if (e < 0)
			return e;
	}
	qsort(fields, n, sizeof(*fields), by_name);
	t->fields = fields;
	t->nfields = (uint16_t)n;
	t->by_name = t->by_tag = in_order(c, n);
	return 0;
}

static int object_compile(struct compiler *c, const json_t *s, struct api_schema *out)
{
	const json_t *more = json_object_get(s, "additionalProperties");
	bool has_props = json_object_size(json_object_get(s, "properties")) > 0;
	if (json_is_object(more) && !has_props) {
		struct api_schema *item = ARENA_NEW(&c->crd->arena, struct api_schema);
		out->kind = API_MAP;
		out->item = item;
		return value_compile(c, more, item);
	}
	if (json_is_true(more) && !has_props && !out->preserve_unknown && !out->embedded_resource) {
		struct api_schema *item = ARENA_NEW(&c->crd->arena, struct api_schema);
		item->kind = API_JSON;
		out->kind = API_MAP;
		out->item = item;
		return 0;
	}
	struct api_type *t = ARENA_NEW(&c->crd->arena, struct api_type);
	t->name = t->doc = "";
	t->atomic = out->atomic;
	t->preserve_unknown = out->preserve_unknown || (has_props && json_is_true(more));
	out->kind = API_OBJECT;
	out->type = t;
	return fields_compile(c, s, out->embedded_resource, t);
}

static const char *const *names_of(struct compiler *c, const json_t *list)
{
	size_t n = json_array_size(list);
	const char **out = ARENA_ARRAY(&c->crd->arena, const char *, n + 1);
	for (size_t i = 0; i < n; i++)
		out[i] = arena_strdup(&c->crd->arena, tree_str(json_array_get(list, i)));
	return out;
}

static int list_compile(struct compiler *c, const json_t *s, struct api_schema *out)
{
	struct api_schema *item = ARENA_NEW(&c->crd->arena, struct api_schema);
	const json_t *items = json_object_get(s, "items");
	out->kind = API_LIST;
	out->item = item;
	if (is_text(s, "x-kubernetes-list-type", "set"))
		out->list_type = API_LIST_SET;
	if (is_text(s, "x-kubernetes-list-type", "map"))
		out->list_type = API_LIST_MAP;
	out->list_keys = names_of(c, json_object_get(s, "x-kubernetes-list-map-keys"));
	item->kind = API_JSON;
	return json_is_object(items) ? value_compile(c, items, item) : 0;
}

static enum api_kind scalar_kind(const json_t *s)
{
	static const struct {
		const char *type;
		enum api_kind kind;
	} kinds[] = { { "string", API_STRING },
		      { "integer", API_INT64 },
		      { "number", API_FLOAT64 },
		      { "boolean", API_BOOL } };
	for (size_t i = 0; i < COUNT_OF(kinds); i++)
		if (is_text(s, "type", kinds[i].type))
			return kinds[i].kind;
	return API_JSON;
}

static int value_compile(struct compiler *c, const json_t *s, struct api_schema *out)
{
	const json_t *value = json_object_get(s, "default");
	int e = count_node(c);
	if (e < 0)
		return e;
	out->nullable = flag(s, "nullable");
	out->preserve_unknown = flag(s, "x-kubernetes-preserve-unknown-fields");
	out->embedded_resource = flag(s, "x-kubernetes-embedded-resource");
	out->atomic = is_text(s, "x-kubernetes-map-type", "atomic");
	if (value) {
		auto_buf text = { 0 };
		api_json_any(&text, value);
		out->default_json = arena_strdup(&c->crd->arena, buf_view(&text));
	}
	if (flag(s, "x-kubernetes-int-or-string"))
		out->kind = API_INT_OR_STRING;
	else if (is_text(s, "type", "object"))
		e = object_compile(c, s, out);
	else if (is_text(s, "type", "array"))
		e = list_compile(c, s, out);
	else
		out->kind = scalar_kind(s);
	return e;
}

int crd_schema_compile(struct crd *crd, const json_t *schema, const char *name,
		       const char *openapi_name, const struct api_type **out, struct err *err)
{
	struct compiler c = { crd, err };
	struct api_type *t = ARENA_NEW(&crd->arena, struct api_type);
	t->name = name;
	t->openapi_name = openapi_name;
	t->doc = "";
	t->preserve_unknown = flag(schema, "x-kubernetes-preserve-unknown-fields");
	t->atomic = is_text(schema, "x-kubernetes-map-type", "atomic");
	*out = t;
	return fields_compile(&c, schema, true, t);
}

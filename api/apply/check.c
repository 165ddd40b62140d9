/* SPDX-License-Identifier: Apache-2.0 */
/* What structured-merge-diff's typed validation says about an applied configuration, in its words. */
#include "api/apply/fieldset_node.h"
#include "api/apply/merge.h"
#include "api/object/meta.h"
#include "api/shape.h"
#include "api/values/go_format.h"
#include "base/mem.h"

struct check {
	struct arena *a;
	struct buf path;
	struct buf errors; /* "  PATH: MESSAGE\n" each */
	size_t nerrors;
};

static void complain(struct check *c, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static void complain(struct check *c, const char *fmt, ...)
{
	va_list ap;
	if (c->nerrors++)
		buf_puts(&c->errors, "\n  ");
	if (c->path.n) {
		buf_str(&c->errors, buf_view(&c->path));
		buf_puts(&c->errors, ": ");
	}
	va_start(ap, fmt);
	buf_vprintf(&c->errors, fmt, ap);
	va_end(ap);
}

/* Go's name of a decoded value's type */
static const char *type_name(const json_t *value)
{
	switch (json_typeof(value)) {
	case JSON_OBJECT: return "map[string]interface {}";
	case JSON_ARRAY: return "[]interface {}";
	case JSON_STRING: return "string";
	case JSON_INTEGER: return "int64";
	case JSON_REAL: return "float64";
	case JSON_TRUE:
	case JSON_FALSE: return "bool";
	default: return "nil";
	}
}

/* As Go prints the decoded value where a container was expected, and where a string was. */
static void complain_of(struct check *c, const char *expected, bool detailed, const json_t *value)
{
	auto_buf text = { 0 };
	if (detailed)
		tree_format_go_syntax(value, &text);
	else
		tree_format_go(value, &text);
	complain(c, "expected %s, got &%s{%s%s}", expected,
		 detailed ? "value.valueUnstructured" : "", detailed ? "Value:" : "",
		 text.p ? text.p : "");
}

static void check_value(struct check *c, const struct api_schema *schema, const json_t *value);

static void check_scalar(struct check *c, enum api_kind kind, const json_t *value)
{
	bool container = json_is_object(value) || json_is_array(value);
	switch (kind) {
	case API_BOOL:
		if (!json_is_boolean(value))
			complain_of(c, "boolean", false, value);
		break;
	case API_INT32:
	case API_INT64:
	case API_FLOAT64:
		if (!json_is_number(value))
			complain(c, "expected numeric (int or float), got %s", type_name(value));
		break;
	case API_QUANTITY:
	case API_INT_OR_STRING:
		if (container)
			complain_of(c, "any scalar", false, value);
		break;
	case API_STRING:
	case API_BYTES:
	case API_TIME:
	case API_MICRO_TIME:
	case API_DURATION:
		if (!json_is_string(value))
			complain_of(c, "string", true, value);
		break;
	default: break;
	}
}

static bool knows_everything(const struct api_schema *schema)
{
	return schema->kind == API_OBJECT && schema->type && !schema->preserve_unknown &&
	       !schema->type->preserve_unknown && !schema->embedded_resource;
}

static bool type_meta(const struct check *c, const char *key)
{
	return c->path.n == 0 && (strcmp(key, "apiVersion") == 0 || strcmp(key, "kind") == 0 ||
				  strcmp(key, "metadata") == 0);
}

static void check_map(struct check *c, const struct api_schema *schema, const json_t *map)
{
	const char *key;
	json_t *value;
	size_t n, base = c->path.n;
	bool strict = knows_everything(schema);
	json_object_keylen_foreach((json_t *)map, key, n, value)
	{
		const struct api_field *f = schema->kind == API_OBJECT && schema->type
						    ? api_type_field(schema->type, str_of(key, n))
						    : NULL;
		bool known = f || !strict || type_meta(c, key);
		buf_putc(&c->path, '.');
		buf_add(&c->path, key, n);
		if (known)
			check_value(c,
				    f                         ? &f->schema
				    : schema->kind == API_MAP ? schema->item
							      : NULL,
				    value);
		else
			complain(c, "field not declared in schema");
		c->path.n = base;
	}
}

static void list_keys_text(const struct api_schema *schema, struct buf *out)
{
	buf_putc(out, '[');
	for (size_t i = 0; schema->list_keys && schema->list_keys[i]; i++)
		buf_printf(out, "%s\"%s\"", i ? " " : "", schema->list_keys[i]);
	buf_putc(out, ']');
}

static void complain_element(struct check *c, const struct api_schema *schema, size_t i,
			     const json_t *item)
{
	auto_buf keys = { 0 };
	if (schema->list_type == API_LIST_SET) {
		complain(c, "element %zu: associative list without keys has an element that's %s",
			 i, json_is_object(item) ? "a map type" : "an explicit null");
	} else if (!json_is_object(item)) {
		complain(c, "element %zu: associative list with keys may not have %s", i,
			 json_is_null(item) ? "a null element" : "non-map elements");
	} else {
		list_keys_text(schema, &keys);
		complain(c,
			 "element %zu: associative list with keys has an element that omits all "
			 "key fields %s (and doesn't "
			 "have default values for any key fields)",
			 i, keys.p);
	}
}

static void complain_double(struct check *c, const struct element *e)
{
	auto_buf text = { 0 };
	element_write(e, &text);
	complain(c, "duplicate entries for key %s", text.p);
}

static void check_keyed_list(struct check *c, const struct api_schema *schema, const json_t *list)
{
	size_t i, base = c->path.n;
	json_t *item;
	json_array_foreach (list, i, item) {
		struct element e;
		if (!element_of_item(c->a, schema, item, &e)) {
			complain_element(c, schema, i, item);
			return;
		}
		element_write(&e, &c->path);
		check_value(c, schema->item, item);
		c->path.n = base;
	}
	struct items items = items_of(c->a, schema, list);
	for (i = 0; i < items.n; i += items_run(&items, i))
		if (items_run(&items, i) > 1)
			complain_double(c, &items.p[i].e);
}

static void check_list(struct check *c, const struct api_schema *schema, const json_t *list)
{
	size_t i, base = c->path.n;
	json_t *item;
	if (schema->list_type != API_LIST_ATOMIC) {
		check_keyed_list(c, schema, list);
		return;
	}
	json_array_foreach (list, i, item) {
		buf_putc(&c->path, '[');
		buf_i64(&c->path, (int64_t)i);
		buf_putc(&c->path, ']');
		check_value(c, schema->item, item);
		c->path.n = base;
	}
}

static void check_value(struct check *c, const struct api_schema *schema, const json_t *value)
{
	if (!schema || json_is_null(value))
		return;
	if (schema->kind == API_OBJECT || schema->kind == API_MAP) {
		if (json_is_object(value))
			check_map(c, schema, value);
		else
			complain_of(c, "map", false, value);
	} else if (schema->kind == API_LIST) {
		if (json_is_array(value))
			check_list(c, schema, value);
		else
			complain_of(c, "list", false, value);
	} else {
		check_scalar(c, schema->kind, value);
	}
}

int apply_check(const struct api_type *t, const json_t *applied, struct err *err)
{
	auto_arena arena = { 0 };
	struct check c = { .a = &arena };
	struct api_schema top = { .kind = API_OBJECT, .type = t };
	int r = 0;
	check_value(&c, &top, applied);
	if (c.nerrors == 1)
		r = err_set(err, ERR_BAD_REQUEST, "%s", c.errors.p);
	else if (c.nerrors)
		r = err_set(err, ERR_BAD_REQUEST, "errors:\n  %s", c.errors.p);
	buf_free(&c.path);
	buf_free(&c.errors);
	return r;
}

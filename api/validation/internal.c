/* SPDX-License-Identifier: Apache-2.0 */
#include "api/validation/internal.h"

#include <ctype.h>

#include "api/codec.h"
#include "api/object/meta.h"
#include "api/registry.h"
#include "base/mem.h"

static void field_name(const char *name, struct buf *out)
{
	static const char *const initials[] = { "api",  "uid", "uri",  "url", "ip",  "tls", "tty",
						"iqn",  "csi", "nfs",  "dns", "fs",  "os",  "iscsi",
						"http", "tcp", "grpc", "gce", "aws", "rbd", "fc" };
	static const char *const others[][2] = { { "serviceAccount", "DeprecatedServiceAccount" },
						 { "cephfs", "CephFS" },
						 { "storageos", "StorageOS" } };
	for (size_t i = 0; i < COUNT_OF(others); i++)
		if (!strcmp(name, others[i][0])) {
			buf_puts(out, others[i][1]);
			return;
		}
	if (!strncmp(name, "seLinux", 7)) {
		buf_printf(out, "SELinux%s", name + 7);
		return;
	}
	for (size_t i = 0; i < COUNT_OF(initials); i++) {
		size_t n = strlen(initials[i]);
		if (strncmp(name, initials[i], n) || islower((unsigned char)name[n]))
			continue;
		for (size_t k = 0; k < n; k++)
			buf_putc(out, (char)toupper((unsigned char)name[k]));
		buf_puts(out, name + n);
		return;
	}
	buf_putc(out, (char)toupper((unsigned char)*name));
	buf_puts(out, name + 1);
}

static void write_schema(const struct api_schema *s, bool pointer, const json_t *value,
			 struct buf *out);

/* Types of meta/v1 are not converted, and have JSON names. */
static bool is_meta(const struct api_type *t)
{
	return t->gv && !strcmp(t->gv->prefix, "meta/v1");
}

static void write_tagged(const struct api_type *t, const json_t *value, struct buf *out)
{
	json_t *copy = value ? tree_copy(value) : json_object();
	api_json_write(t, copy, false, out, NULL);
	json_decref(copy);
}

/* Go's embedded structs: what they hold stands in their places. */
static void write_embedded(const struct api_type *t, const json_t *value, struct buf *out)
{
	auto_buf text = { 0 };
	write_tagged(t, value, &text);
	if (text.n > 2)
		buf_str(out, str_of(text.p + 1, text.n - 2));
}

static void write_list(const struct api_schema *s, const json_t *value, struct buf *out)
{
	size_t i;
	json_t *item;
	buf_putc(out, '[');
	json_array_foreach (value, i, item) {
		buf_puts(out, i ? "," : "");
		write_schema(s->item, false, item, out);
	}
	buf_putc(out, ']');
}

static void write_plain(const struct api_schema *s, const json_t *value, struct buf *out)
{
	if (value) {
		char *text = json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT | JSON_SORT_KEYS);
		buf_puts(out, text);
		free(text);
		return;
	}
	switch (s->kind) {
	case API_STRING: buf_puts(out, "\"\""); break;
	case API_BOOL: buf_puts(out, "false"); break;
	case API_INT32:
	case API_INT64: buf_puts(out, "0"); break;
	case API_QUANTITY: buf_puts(out, "\"0\""); break;
	default: buf_puts(out, "null");
	}
}

static void write_schema(const struct api_schema *s, bool pointer, const json_t *value,
			 struct buf *out)
{
	if (!value && (pointer || s->kind == API_LIST || s->kind == API_MAP))
		buf_puts(out, "null");
	else if (s->kind == API_OBJECT && s->type && is_meta(s->type))
		write_tagged(s->type, value, out);
	else if (s->kind == API_OBJECT && s->type)
		internal_text(s->type, value, out);
	else if (s->kind == API_LIST)
		write_list(s, value, out);
	else
		write_plain(s, value, out);
}

static bool is_object_meta(const struct api_field *f)
{
	return f->schema.kind == API_OBJECT && f->schema.type && !strcmp(f->name, "metadata");
}

static bool is_type_meta(const struct api_field *f) /* emptied by the conversion */
{
	return f->schema.kind == API_STRING &&
	       (!strcmp(f->name, "kind") || !strcmp(f->name, "apiVersion")) && !f->tag;
}

void internal_text(const struct api_type *t, const json_t *value, struct buf *out)
{
	size_t was;
	buf_putc(out, '{');
	was = out->n;
	for (size_t i = 0; i < t->nfields; i++) {
		const struct api_field *f = &t->fields[i];
		const json_t *own = json_object_get(value, f->name);
		if (is_type_meta(f))
			continue;
		if (is_object_meta(f)) {
			write_embedded(f->schema.type, own, out);
			continue;
		}
		buf_puts(out, out->n > was ? ",\"" : "\"");
		field_name(f->name, out);
		buf_puts(out, "\":");
		write_schema(&f->schema, f->pointer, own, out);
	}
	buf_putc(out, '}');
}

static void complain(struct check *c, const char *kind, const char *word, const char *child,
		     const char *type, const json_t *value, const char *detail)
{
	const struct api_type *t = api_type_find(str_from(type));
	auto_buf text = { 0 };
	size_t was = check_in(c, child);
	if (t && is_meta(t))
		write_tagged(t, value, &text);
	else if (t)
		internal_text(t, value, &text);
	err_cause(c->declared ? &c->later : c->err, kind, c->path.p ? c->path.p : "", "%s: %s%s%s",
		  word, text.p ? text.p : "", *detail ? ": " : "", detail);
	check_out(c, was);
}

void check_invalid_internal(struct check *c, const char *child, const char *type,
			    const json_t *value, const char *detail)
{
	complain(c, "FieldValueInvalid", "Invalid value", child, type, value, detail);
}

void check_immutable_internal(struct check *c, const char *child, const char *type,
			      const json_t *new, const json_t *old)
{
	const json_t *a = json_object_get(new, child), *b = json_object_get(old, child);
	if (!type)
		check_immutable(c, child, a, b);
	else if ((!a && !b) || (a && b && shape_equal(a, b)))
		return;
	else if (a)
		check_invalid_internal(c, child, type, a, "field is immutable");
	else
		check_invalid(c, child, NULL, "field is immutable");
}

void check_duplicate_internal(struct check *c, const char *child, const char *type,
			      const json_t *value)
{
	complain(c, "FieldValueDuplicate", "Duplicate value", child, type, value, "");
}

void check_duplicate_typed(struct check *c, const char *type, const json_t *value)
{
	const struct api_type *t = api_type_find(str_from(type));
	auto_buf text = { 0 };
	json_t *copy = tree_copy(value);
	if (t && api_json_write(t, copy, false, &text, NULL) == 0)
		err_cause(c->declared ? &c->later : c->err, "FieldValueDuplicate",
			  c->path.p ? c->path.p : "", "Duplicate value: %s", text.p);
	json_decref(copy);
}

void check_invalid_internal_items(struct check *c, const char *child, const char *type,
				  const json_t *list, const char *detail)
{
	const struct api_type *t = api_type_find(str_from(type));
	auto_buf text = { 0 };
	size_t was = check_in(c, child), i;
	json_t *item;
	buf_puts(&text, list ? "[" : "null");
	json_array_foreach ((json_t *)list, i, item) {
		buf_puts(&text, i ? "," : "");
		if (t)
			internal_text(t, item, &text);
	}
	buf_puts(&text, list ? "]" : "");
	err_cause(c->err, "FieldValueInvalid", c->path.p ? c->path.p : "", "Invalid value: %s: %s",
		  text.p, detail);
	check_out(c, was);
}

void check_invalid_items(struct check *c, const char *child, const char *type, const json_t *list,
			 const char *detail)
{
	const struct api_type *t = api_type_find(str_from(type));
	auto_buf text = { 0 };
	size_t was = check_in(c, child), i;
	json_t *item;
	buf_putc(&text, '[');
	json_array_foreach ((json_t *)list, i, item) {
		buf_puts(&text, i ? "," : "");
		if (t)
			api_json_write(t, item, false, &text, NULL);
	}
	buf_putc(&text, ']');
	err_cause(c->declared ? &c->later : c->err, "FieldValueInvalid", c->path.p ? c->path.p : "",
		  "Invalid value: %s: %s", text.p, detail);
	check_out(c, was);
}

void check_unsupported_internal(struct check *c, const char *child, const char *type,
				const json_t *value, const char *const *supported)
{
	const struct api_type *t = api_type_find(str_from(type));
	auto_buf text = { 0 };
	auto_buf list = { 0 };
	size_t was = check_in(c, child);
	if (t)
		internal_text(t, value, &text);
	for (size_t i = 0; supported[i]; i++)
		buf_printf(&list, "%s\"%s\"", i ? ", " : "", supported[i]);
	err_cause(c->declared ? &c->later : c->err, "FieldValueNotSupported",
		  c->path.p ? c->path.p : "", "Unsupported value: %s: supported values: %s", text.p,
		  list.p);
	check_out(c, was);
}

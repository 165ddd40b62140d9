/* SPDX-License-Identifier: Apache-2.0 */
/* Writes structs as JSON: fields in the order of the schema, empty ones left out unless the schema says always. */
#include "base/encode.h"
#include "api/decode.h"
#include "api/json/write.h"
#include "api/struct_layout.h"
#include "api/values/duration.h"
#include "base/clock.h"

static void write_struct(const struct api_struct *desc, const char *s, bool top, struct buf *out);

static void write_text(struct buf *out, struct str s)
{
	buf_json_string(out, s.p ? s : STR("")); /* an item that was null */
}

static void write_time(struct buf *out, bool micro, const struct api_time *t)
{
	char text[TIME_TEXT_MAX];
	if (!t->set) {
		buf_puts(out, "null");
		return;
	}
	if (micro)
		time_format_micro(t->us, text);
	else
		time_format(t->us >= 0 ? t->us / 1000000 : -((-t->us + 999999) / 1000000), text);
	buf_putc(out, '"');
	buf_puts(out, text);
	buf_putc(out, '"');
}

static void write_duration(struct buf *out, const struct api_duration *d)
{
	char text[DURATION_TEXT_MAX];
	duration_text(d->ns, text);
	buf_putc(out, '"');
	buf_puts(out, text);
	buf_putc(out, '"');
}

static void write_bytes(struct buf *out, struct str s)
{
	if (!s.p) {
		buf_puts(out, "null");
		return;
	}
	buf_putc(out, '"');
	base64_encode(out, s.p, s.n);
	buf_putc(out, '"');
}

static void write_value(const struct api_schema *s, const struct api_struct *nested, const void *v,
			struct buf *out);

static void write_list(const struct api_schema *s, const struct api_struct *nested,
		       const struct vector *v, struct buf *out)
{
	if (!v->items) {
		buf_puts(out, "null");
		return;
	}
	size_t bytes = struct_value_bytes(s->item, nested);
	buf_putc(out, '[');
	for (size_t i = 0; i < v->n; i++) {
		if (i)
			buf_putc(out, ',');
		write_value(s->item, nested, v->items + i * bytes, out);
	}
	buf_putc(out, ']');
}

static void write_map(const struct api_schema *s, const struct api_struct *nested,
		      const struct vector *v, struct buf *out)
{
	size_t bytes = sizeof(struct str) + struct_value_bytes(s->item, nested);
	buf_putc(out, '{');
	for (size_t i = 0; i < v->n; i++) {
		const char *entry = v->items + i * bytes;
		if (i)
			buf_putc(out, ',');
		write_text(out, *(const struct str *)entry);
		buf_putc(out, ':');
		write_value(s->item, nested, entry + sizeof(struct str), out);
	}
	buf_putc(out, '}');
}

static void write_value(const struct api_schema *s, const struct api_struct *nested, const void *v,
			struct buf *out)
{
	const struct api_int_or_string *ios = v;
	const struct str *text = v;
	switch (s->kind) {
	case API_STRING: write_text(out, *text); break;
	case API_BOOL: buf_puts(out, *(const bool *)v ? "true" : "false"); break;
	case API_INT32: buf_i64(out, *(const int32_t *)v); break;
	case API_INT64: buf_i64(out, *(const int64_t *)v); break;
	case API_FLOAT64: api_json_double(out, *(const double *)v); break;
	case API_BYTES: write_bytes(out, *text); break;
	case API_TIME:
	case API_MICRO_TIME: write_time(out, s->kind == API_MICRO_TIME, v); break;
	case API_DURATION: write_duration(out, v); break;
	case API_QUANTITY: write_text(out, text->p ? *text : STR("0")); break;
	case API_INT_OR_STRING:
		if (ios->is_string)
			write_text(out, ios->s);
		else
			buf_i64(out, ios->i);
		break;
	case API_OBJECT: write_struct(nested, v, false, out); break;
	case API_LIST: write_list(s, nested, v, out); break;
	case API_MAP: write_map(s, nested, v, out); break;
	default: buf_str(out, text->n ? *text : STR("null"));
	}
}

/* Whether there is a value at all (a pointer set, a flag, a slice). */
static bool is_set(const struct api_field *f, const void *v)
{
	switch (f->schema.kind) {
	case API_BOOL:
	case API_INT32:
	case API_INT64:
	case API_FLOAT64:
	case API_OBJECT: return *(void *const *)v != NULL;
	case API_TIME:
	case API_MICRO_TIME: return ((const struct api_time *)v)->set;
	case API_DURATION: return ((const struct api_duration *)v)->set;
	case API_INT_OR_STRING: return ((const struct api_int_or_string *)v)->set;
	default: return ((const struct str *)v)->p != NULL;
	}
}

static bool is_empty(const struct api_field *f, const void *v)
{
	switch (f->schema.kind) {
	case API_BOOL: return !*(const bool *)v;
	case API_INT32: return *(const int32_t *)v == 0;
	case API_INT64: return *(const int64_t *)v == 0;
	case API_FLOAT64: return *(const uint64_t *)v == 0;
	case API_OBJECT: return false;
	case API_TIME:
	case API_MICRO_TIME: return !((const struct api_time *)v)->set;
	case API_DURATION: return !((const struct api_duration *)v)->set;
	case API_INT_OR_STRING: return !((const struct api_int_or_string *)v)->set;
	default: return ((const struct str *)v)->n == 0; /* slices, lists and maps: { p, n } */
	}
}

static void write_name(struct buf *out, const struct api_field *f)
{
	if (out->p[out->n - 1] != '{')
		buf_putc(out, ',');
	buf_putc(out, '"');
	buf_add(out, f->name, f->name_length);
	buf_add(out, "\":", 2);
}

static void write_field(const struct api_field *f, const struct api_struct *nested, const void *v,
			struct buf *out)
{
	write_name(out, f);
	if (f->pointer && !is_set(f, v))
		buf_puts(out, "null");
	else
		write_value(&f->schema, nested, struct_by_pointer(f) ? *(void *const *)v : v, out);
}

static void write_own_kind(const struct api_type *t, struct buf *out)
{
	buf_printf(out, "\"kind\":\"%s\",\"apiVersion\":\"%s%s%s\"", strrchr(t->name, '.') + 1,
		   t->gv->group, *t->gv->group ? "/" : "", t->gv->version);
}

static void write_struct(const struct api_struct *desc, const char *s, bool top, struct buf *out)
{
	const struct api_type *t = desc->type;
	size_t i = 0;
	buf_putc(out, '{');
	if (top && t->typed &&
	    ((const struct str *)(const void *)(s + desc->fields[0].offset))->n == 0) {
		write_own_kind(t, out);
		i = 2;
	}
	for (; i < t->nfields; i++) {
		const struct api_field *f = &t->fields[i];
		const void *v = s + desc->fields[i].offset;
		if (f->always || (f->pointer ? is_set(f, v) : !is_empty(f, v)))
			write_field(f, struct_nested(desc, i), v, out);
	}
	buf_putc(out, '}');
}

int struct_write_json(const struct api_struct *desc, const void *s, struct buf *out)
{
	write_struct(desc, s, true, out);
	return 0;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Reads JSON into structs: the members of an object come mostly in the order of the schema, so that the field after the last
 * one is tried before the search. Lists grow in powers of two; what is left over stays in the arena. */
#include "api/decode.h"

#include "api/json/reader.h"
#include "api/struct_layout.h"
#include "api/values/duration.h"
#include "base/clock.h"
#include "base/encode.h"

struct decoder {
	struct reader r;
	struct arena *a;
	const char *wanted; /* set when a value is of the wrong kind */
	const char *field;
};

static void read_struct(struct decoder *d, const struct api_struct *desc, void *out);

static bool mismatch(struct decoder *d, const char *wanted)
{
	if (!d->wanted)
		d->wanted = wanted;
	reader_skip(&d->r);
	return false;
}

static struct str keep(struct decoder *d, const struct reader_text *t)
{
	if (!t->cooked)
		return arena_str(d->a, t->raw);
	char *p = arena_alloc(d->a, 3 * t->raw.n + 1);
	return str_of(p, reader_cook(t->raw, p));
}

static bool read_text(struct decoder *d, struct str *out)
{
	struct reader_text t;
	if (reader_peek(&d->r) != READ_STRING)
		return mismatch(d, "string");
	if (!reader_string(&d->r, &t))
		return false;
	*out = keep(d, &t);
	return true;
}

static bool read_int(struct decoder *d, int64_t *out)
{
	struct str text;
	bool integer;
	if (reader_peek(&d->r) != READ_NUMBER)
		return mismatch(d, "integer");
	if (!reader_number(&d->r, &text, &integer))
		return false;
	if (integer && str_to_i64(text, out))
		return true;
	if (!d->wanted)
		d->wanted = "integer";
	return false;
}

static void read_double(struct decoder *d, double *out)
{
	struct str text;
	bool integer;
	char number[64];
	if (reader_peek(&d->r) != READ_NUMBER) {
		mismatch(d, "number");
	} else if (reader_number(&d->r, &text, &integer) && text.n < sizeof number) {
		memcpy(number, text.p, text.n);
		number[text.n] = '\0';
		*out = strtod(number, NULL);
	}
}

static void read_bytes(struct decoder *d, struct str *out)
{
	struct str text;
	if (!read_text(d, &text))
		return;
	auto_buf b = { 0 };
	if (base64_decode(&b, text))
		*out = arena_str(d->a, buf_view(&b));
	else if (!d->wanted)
		d->wanted = "base64";
}

static void read_time(struct decoder *d, struct api_time *out)
{
	struct str text;
	if (!read_text(d, &text) || text.n == 0)
		return;
	out->set = time_parse(text, &out->us);
	if (!out->set && !d->wanted)
		d->wanted = "time";
}

static void read_duration(struct decoder *d, struct api_duration *out)
{
	struct str text;
	if (!read_text(d, &text))
		return;
	out->set = duration_parse(text, &out->ns);
	if (!out->set && !d->wanted)
		d->wanted = "duration";
}

static void read_quantity(struct decoder *d, struct api_quantity *out)
{
	bool integer;
	if (reader_peek(&d->r) != READ_NUMBER)
		read_text(d, &out->text);
	else if (reader_number(&d->r, &out->text, &integer))
		out->text = arena_str(d->a, out->text);
}

static void read_int_or_string(struct decoder *d, struct api_int_or_string *out)
{
	int64_t value = 0;
	out->is_string = reader_peek(&d->r) == READ_STRING;
	if (out->is_string ? read_text(d, &out->s) : read_int(d, &value)) {
		out->i = (int32_t)value;
		out->set = true;
	}
}

static char *vector_push(struct decoder *d, struct vector *v, size_t bytes)
{
	if (v->n && (v->n & (v->n - 1)) == 0) { /* full at 1, 2, 4, … */
		char *more = arena_alloc(d->a, 2 * v->n * bytes);
		memcpy(more, v->items, v->n * bytes);
		v->items = more;
	}
	return v->items + v->n++ * bytes;
}

static void read_value(struct decoder *d, const struct api_schema *s,
		       const struct api_struct *nested, void *out);

static void read_list(struct decoder *d, const struct api_schema *s,
		      const struct api_struct *nested, struct vector *v)
{
	if (reader_peek(&d->r) != READ_ARRAY) {
		mismatch(d, "list");
		return;
	}
	size_t bytes = struct_value_bytes(s->item, nested);
	if (!reader_array(&d->r))
		return;
	v->items = arena_alloc(d->a, bytes); /* an empty list is not an absent one */
	v->n = 0;                            /* of a member that comes twice, the last counts */
	while (reader_item(&d->r))
		read_value(d, s->item, nested, vector_push(d, v, bytes));
}

static void sort_entries(struct vector *v, size_t bytes)
{
	char spare
		[512]; /* by insertion: what the server writes is sorted, so this looks once at each */
	if (bytes > sizeof spare)
		return;
	for (size_t i = 1; i < v->n; i++) {
		size_t k = i;
		memcpy(spare, v->items + i * bytes, bytes);
		const struct str *key = (const void *)spare;
		while (k && str_cmp(*(struct str *)(v->items + (k - 1) * bytes), *key) > 0)
			k--;
		if (k != i) {
			memmove(v->items + (k + 1) * bytes, v->items + k * bytes, (i - k) * bytes);
			memcpy(v->items + k * bytes, spare, bytes);
		}
	}
}

static void read_map(struct decoder *d, const struct api_schema *s, const struct api_struct *nested,
		     struct vector *v)
{
	if (reader_peek(&d->r) != READ_OBJECT) {
		mismatch(d, "map");
		return;
	}
	size_t bytes = sizeof(struct str) + struct_value_bytes(s->item, nested);
	struct reader_text key;
	if (!reader_object(&d->r))
		return;
	v->items = arena_alloc(d->a, bytes);
	v->n = 0;
	while (reader_member(&d->r, &key)) {
		char *entry = vector_push(d, v, bytes);
		*(struct str *)entry = keep(d, &key);
		read_value(d, s->item, nested, entry + sizeof(struct str));
	}
	sort_entries(v, bytes);
}

static void read_value(struct decoder *d, const struct api_schema *s,
		       const struct api_struct *nested, void *out)
{
	int64_t number = 0;
	if (s->kind != API_JSON && s->kind != API_RAW && reader_null(&d->r))
		return;
	switch (s->kind) {
	case API_STRING: read_text(d, out); break;
	case API_BOOL:
		if (reader_peek(&d->r) == READ_BOOL)
			reader_bool(&d->r, out);
		else
			mismatch(d, "boolean");
		break;
	case API_INT32:
		if (read_int(d, &number))
			*(int32_t *)out = (int32_t)number;
		break;
	case API_INT64:
		if (read_int(d, &number))
			*(int64_t *)out = number;
		break;
	case API_FLOAT64: read_double(d, out); break;
	case API_BYTES: read_bytes(d, out); break;
	case API_TIME:
	case API_MICRO_TIME: read_time(d, out); break;
	case API_DURATION: read_duration(d, out); break;
	case API_QUANTITY: read_quantity(d, out); break;
	case API_INT_OR_STRING: read_int_or_string(d, out); break;
	case API_OBJECT: read_struct(d, nested, out); break;
	case API_LIST: read_list(d, s, nested, out); break;
	case API_MAP: read_map(d, s, nested, out); break;
	default: { /* kept as JSON text */
		struct str text;
		if (reader_value(&d->r, &text))
			*(struct str *)out = arena_str(d->a, text);
	}
	}
}

static void read_field(struct decoder *d, const struct api_struct *desc, size_t i, char *out)
{
	const struct api_field *f = &desc->type->fields[i];
	const struct api_struct *nested = struct_nested(desc, i);
	void *to = out + desc->fields[i].offset;
	if (struct_by_pointer(f)) {
		if (reader_null(&d->r))
			return;
		*(void **)to = arena_alloc(d->a, struct_value_bytes(&f->schema, nested));
		to = *(void **)to;
	}
	read_value(d, &f->schema, nested, to);
	if (d->wanted && !d->field)
		d->field = f->name;
}

static void read_struct(struct decoder *d, const struct api_struct *desc, void *out)
{
	const struct api_type *t = desc->type;
	struct reader_text key;
	size_t next = 0;
	if (reader_peek(&d->r) != READ_OBJECT) {
		mismatch(d, "object");
		return;
	}
	reader_object(&d->r);
	while (reader_member(&d->r, &key)) {
		const struct api_field *f = NULL;
		for (size_t i = next; i < t->nfields && i < next + 4 && !f; i++)
			if (t->fields[i].name_length == key.raw.n &&
			    memcmp(t->fields[i].name, key.raw.p, key.raw.n) == 0)
				f = &t->fields[i];
		if (!f && !key.cooked)
			f = api_type_field(t, key.raw);
		if (!f) {
			reader_skip(&d->r);
			continue;
		}
		next = (size_t)(f - t->fields) + 1;
		read_field(d, desc, next - 1, out);
	}
}

int struct_read_json(struct str json, struct arena *a, const struct api_struct *desc, void *out,
		     struct err *err)
{
	struct decoder d = { .a = a };
	reader_init(&d.r, json);
	memset(out, 0, desc->size);
	read_struct(&d, desc, out);
	reader_end(&d.r);
	if (d.wanted)
		return err_set(err, ERR_BAD_REQUEST, "%s: field %s is no %s", desc->type->name,
			       d.field ? d.field : "(self)", d.wanted);
	return d.r.failed ? reader_error(&d.r, err) : 0;
}

int object_decode(const struct object *o, struct arena *a, const struct api_struct *desc, void *out,
		  struct err *err)
{
	int r = struct_read_json(o->json, a, desc, out, err);
	return r < 0 ? err_wrap(err, r, "decode %s", o->key.p) : 0;
}

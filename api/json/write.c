/* SPDX-License-Identifier: Apache-2.0 */
/* Trees as canonical JSON. A field is written when it has a value that is not empty, or when upstream's type always writes it
 * (then the empty value stands for an absent one, and an absent message shows what it always writes itself). */
#include "api/json/write.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "api/codec.h"
#include "base/sort.h"

struct writer {
	struct buf *out;
	bool omit_revision;
	int depth;
	const char *top; /* the member of the root that we are in */
};

static void write_value(struct writer *w, const struct api_schema *s, const json_t *v);
static void write_object(struct writer *w, const struct api_type *t, const json_t *tree);

/* The shortest digits that read back as v, in Go's layout: exponents below -6 and from 21 on. */
void api_json_double(struct buf *out, double v)
{
	char text[40];
	int precision = 1;
	do
		snprintf(text, sizeof text, "%.*e", precision - 1, v);
	while (precision++ < 17 && strtod(text, NULL) != v);
	int exponent = atoi(strchr(text, 'e') + 1);
	double size = fabs(v);
	if (v == 0 || (size >= 1e-6 && size < 1e21)) {
		int decimals = precision - 2 - exponent;
		buf_printf(out, "%.*f", decimals > 0 ? decimals : 0, v);
		return;
	}
	*strchr(text, 'e') = '\0';
	buf_printf(out, "%se%c%d", text, exponent < 0 ? '-' : '+', abs(exponent));
}

static struct str text_of(const json_t *v)
{
	return str_of(json_string_value(v), json_string_length(v));
}

struct member {
	struct str key;
	json_t *value;
};

static int by_key(const void *a, const void *b)
{
	return str_cmp(((const struct member *)a)->key, ((const struct member *)b)->key);
}

/* Heap array of the members sorted by name. */
static struct member *sorted(const json_t *object, size_t *n)
{
	struct member *members = malloc((json_object_size(object) + 1) * sizeof *members);
	if (!members)
		abort();
	size_t key_length;
	const char *key;
	json_t *value;
	*n = 0;
	json_object_keylen_foreach((json_t *)object, key, key_length, value) members[(*n)++] =
		(struct member){ str_of(key, key_length), value };
	sort_mostly(members, *n, sizeof *members, by_key);
	return members;
}

static void write_array(struct writer *w, const struct api_schema *item, const json_t *list)
{
	buf_putc(w->out, '[');
	for (size_t i = 0; i < json_array_size(list); i++) {
		if (i)
			buf_putc(w->out, ',');
		write_value(w, item, json_array_get(list, i));
	}
	buf_putc(w->out, ']');
}

static void write_map(struct writer *w, const struct api_schema *item, const json_t *map)
{
	size_t n;
	struct member *members = sorted(map, &n);
	buf_putc(w->out, '{');
	for (size_t i = 0; i < n; i++) {
		if (i)
			buf_putc(w->out, ',');
		buf_json_string(w->out, members[i].key);
		buf_putc(w->out, ':');
		write_value(w, item, members[i].value);
	}
	buf_putc(w->out, '}');
	free(members);
}

static void write_any(struct writer *w, const json_t *v)
{
	switch (v ? json_typeof(v) : JSON_NULL) {
	case JSON_OBJECT: write_map(w, NULL, v); break;
	case JSON_ARRAY: write_array(w, NULL, v); break;
	case JSON_STRING: buf_json_string(w->out, text_of(v)); break;
	case JSON_INTEGER: buf_i64(w->out, json_integer_value(v)); break;
	case JSON_REAL: api_json_double(w->out, json_real_value(v)); break;
	case JSON_TRUE: buf_puts(w->out, "true"); break;
	case JSON_FALSE: buf_puts(w->out, "false"); break;
	case JSON_NULL: buf_puts(w->out, "null"); break;
	}
}

void api_json_any(struct buf *out, const json_t *value)
{
	struct writer w = { .out = out };
	write_any(&w, value);
}

static void write_value(struct writer *w, const struct api_schema *s, const json_t *v)
{
	if (s && s->kind == API_OBJECT && s->type && (!v || json_is_object(v)))
		write_object(w, s->type, v);
	else if (s && s->kind == API_LIST && json_is_array(v))
		write_array(w, s->item, v);
	else if (s && s->kind == API_MAP && json_is_object(v))
		write_map(w, s->item, v);
	else
		write_any(w, v);
}

static const char *zero_text(const struct api_field *f)
{
	if (f->pointer)
		return "null";
	switch (f->schema.kind) {
	case API_STRING: return "\"\"";
	case API_BOOL: return "false";
	case API_INT32:
	case API_INT64:
	case API_FLOAT64:
	case API_INT_OR_STRING: return "0";
	case API_QUANTITY: return "\"0\"";
	case API_DURATION: return "\"0s\"";
	default: return "null";
	}
}

static bool is_empty(const json_t *v)
{
	switch (json_typeof(v)) {
	case JSON_NULL:
	case JSON_FALSE: return true;
	case JSON_STRING: return json_string_length(v) == 0;
	case JSON_INTEGER: return json_integer_value(v) == 0;
	case JSON_REAL: return fpclassify(json_real_value(v)) == FP_ZERO;
	case JSON_ARRAY: return json_array_size(v) == 0;
	case JSON_OBJECT: return json_object_size(v) == 0;
	default: return false;
	}
}

static bool is_message(const struct api_field *f)
{
	return f->schema.kind == API_OBJECT && !f->pointer;
}

static bool wants(const struct api_field *f, const json_t *v)
{
	if (f->always)
		return true;
	if (!v || json_is_null(v))
		return false;
	return f->pointer || f->schema.kind == API_JSON || is_message(f) || !is_empty(v);
}

static void begin_member(struct writer *w, struct str name)
{
	if (w->out->p[w->out->n - 1] != '{')
		buf_putc(w->out, ',');
	buf_json_string(w->out, name);
	buf_putc(w->out, ':');
}

/* Names of fields need no escapes. */
static void begin_field(struct writer *w, const struct api_field *f)
{
	if (w->out->p[w->out->n - 1] != '{')
		buf_putc(w->out, ',');
	buf_putc(w->out, '"');
	buf_add(w->out, f->name, f->name_length);
	buf_add(w->out, "\":", 2);
}

static void write_field(struct writer *w, const struct api_field *f, const json_t *v)
{
	/* An empty list doesn't outlive upstream's store, which keeps protobuf. */
	bool lost = w->omit_revision && f->schema.kind == API_LIST && json_is_array(v) &&
		    json_array_size(v) == 0;
	begin_field(w, f);
	if (v && !json_is_null(v) && !lost)
		write_value(w, &f->schema, v);
	else if (is_message(f))
		write_object(w, f->schema.type, NULL);
	else
		buf_puts(w->out, zero_text(f));
}

/* Fields that the schema doesn't know, but keeps. */
static void write_unknown(struct writer *w, const struct api_type *t, const json_t *tree)
{
	size_t n;
	struct member *members = sorted(tree, &n);
	for (size_t i = 0; i < n; i++) {
		if (api_type_field(t, members[i].key))
			continue;
		begin_member(w, members[i].key);
		write_any(w, members[i].value);
	}
	free(members);
}

static bool is_revision(const struct writer *w, const struct api_field *f)
{
	return w->omit_revision && w->depth == 2 && strcmp(f->name, "resourceVersion") == 0 &&
	       strcmp(w->top, "metadata") == 0;
}

/* A custom resource's fields stand in the order of their names, known or not, and all that are there are written. */
static void write_custom(struct writer *w, const struct api_type *t, const json_t *tree)
{
	size_t n;
	struct member *members = sorted(tree, &n);
	buf_putc(w->out, '{');
	w->depth++;
	for (size_t i = 0; i < n; i++) {
		const struct api_field *f = api_type_field(t, members[i].key);
		if (w->depth == 1)
			w->top = f ? f->name : "";
		begin_member(w, members[i].key);
		write_value(w, f ? &f->schema : NULL, members[i].value);
	}
	w->depth--;
	buf_putc(w->out, '}');
	free(members);
}

static void write_object(struct writer *w, const struct api_type *t, const json_t *tree)
{
	if (!t->gv) {
		write_custom(w, t, tree);
		return;
	}
	size_t left = tree ? json_object_size(tree) : 0; /* members that have not been found */
	buf_putc(w->out, '{');
	w->depth++;
	for (size_t i = 0; i < t->nfields; i++) {
		const struct api_field *f = &t->fields[i];
		const json_t *v = left ? json_object_getn(tree, f->name, f->name_length) : NULL;
		left -= v != NULL;
		if (w->depth == 1)
			w->top = f->name;
		if (wants(f, v) && !is_revision(w, f))
			write_field(w, f, v);
	}
	if (t->preserve_unknown && tree)
		write_unknown(w, t, tree);
	w->depth--;
	buf_putc(w->out, '}');
}

int api_json_write(const struct api_type *t, const json_t *tree, bool omit_revision,
		   struct buf *out, struct err *err)
{
	struct writer w = { .out = out, .omit_revision = omit_revision };
	if (!json_is_object(tree))
		return err_set(err, ERR_INTERNAL, "encode %s: no object", t->name);
	write_object(&w, t, tree);
	return 0;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Trees as Kubernetes' protobuf, byte for byte as upstream writes it: fields by number, values that are no pointer always
 * written, even zero ones (proto2 with gogo's non-nullable fields), map entries sorted by key. */
#include <stdlib.h>

#include "api/codec.h"
#include "api/json/write.h"
#include "api/protobuf/wire.h"
#include "api/values/duration.h"
#include "base/clock.h"
#include "base/encode.h"
#include "base/mem.h"

static void write_message(struct buf *out, const struct api_type *t, const json_t *tree);
static void write_field(struct buf *out, const struct api_schema *s, uint32_t tag, const json_t *v);

static struct str text_of(const json_t *v)
{
	return json_is_string(v) ? str_of(json_string_value(v), json_string_length(v)) : STR("");
}

static void time_field(struct buf *out, uint32_t tag, bool micro, const json_t *v)
{
	int64_t us;
	size_t start = pb_open(out, tag);
	if (time_parse(text_of(v), &us)) {
		int64_t seconds = us >= 0 ? us / 1000000 : -((-us + 999999) / 1000000);
		pb_number(out, 1, seconds);
		pb_number(out, 2, micro ? (us - seconds * 1000000) * 1000 : 0);
	}
	pb_close(out, start);
}

static void int_or_string_field(struct buf *out, uint32_t tag, const json_t *v)
{
	size_t start = pb_open(out, tag);
	pb_number(out, 1, json_is_string(v));
	pb_number(out, 2, json_integer_value(v));
	pb_bytes(out, 3, text_of(v));
	pb_close(out, start);
}

static void raw_field(struct buf *out, uint32_t tag, const json_t *v)
{
	size_t start = pb_open(out, tag);
	auto_buf text = { 0 };
	if (v && !json_is_null(v)) {
		api_json_any(&text, v);
		pb_bytes(out, 1, buf_view(&text));
	}
	pb_close(out, start);
}

static void duration_field(struct buf *out, uint32_t tag, const json_t *v)
{
	int64_t ns = 0;
	duration_parse(text_of(v), &ns);
	size_t start = pb_open(out, tag);
	pb_number(out, 1, ns);
	pb_close(out, start);
}

static void base64_field(struct buf *out, uint32_t tag, const json_t *v)
{
	auto_buf bytes = { 0 };
	base64_decode(&bytes, text_of(v));
	pb_bytes(out, tag, buf_view(&bytes));
}

static void list_field(struct buf *out, const struct api_schema *s, uint32_t tag, const json_t *v)
{
	size_t start = s->boxed ? pb_open(out, tag) : 0;
	for (size_t i = 0; i < json_array_size(v); i++)
		write_field(out, s->item, s->boxed ? 1 : tag, json_array_get(v, i));
	if (s->boxed)
		pb_close(out, start);
}

struct entry {
	struct str name;
	const json_t *value;
};

static int by_name(const void *a, const void *b)
{
	return str_cmp(((const struct entry *)a)->name, ((const struct entry *)b)->name);
}

static void map_field(struct buf *out, const struct api_schema *s, uint32_t tag, const json_t *v)
{
	size_t n = 0, length;
	struct entry *entries = mem_alloc((json_object_size(v) + 1) * sizeof *entries);
	const char *name;
	json_t *value;
	json_object_keylen_foreach((json_t *)v, name, length, value) entries[n++] =
		(struct entry){ str_of(name, length), value };
	qsort(entries, n, sizeof *entries, by_name);
	for (size_t i = 0; i < n; i++) {
		size_t start = pb_open(out, tag);
		pb_bytes(out, 1, entries[i].name);
		write_field(out, s->item, 2, entries[i].value);
		pb_close(out, start);
	}
	free(entries);
}

static void props_field(struct buf *out, const struct api_schema *s, uint32_t tag, const json_t *v)
{
	const struct api_schema one = { .kind = API_OBJECT, .type = s->type },
				text = { .kind = API_STRING };
	size_t start = pb_open(out, tag);
	if (s->kind == API_PROPS_OR_BOOL) {
		pb_number(out, 1,
			  json_is_true(v) || json_is_object(v)); /* a schema means: allowed */
		if (json_is_object(v))
			write_field(out, &one, 2, v);
	} else if (json_is_object(v)) {
		write_field(out, &one, 1, v);
	} else {
		for (size_t i = 0; i < json_array_size(v); i++)
			write_field(out, s->kind == API_PROPS_OR_ARRAY ? &one : &text, 2,
				    json_array_get(v, i));
	}
	pb_close(out, start);
}

/* v may be NULL: the zero value. */
static void write_field(struct buf *out, const struct api_schema *s, uint32_t tag, const json_t *v)
{
	size_t start;
	switch (s->kind) {
	case API_STRING: pb_bytes(out, tag, text_of(v)); break;
	case API_BOOL: pb_number(out, tag, json_is_true(v)); break;
	case API_INT32:
	case API_INT64: pb_number(out, tag, json_integer_value(v)); break;
	case API_FLOAT64: pb_double(out, tag, json_number_value(v)); break;
	case API_BYTES: base64_field(out, tag, v); break;
	case API_TIME:
	case API_MICRO_TIME: time_field(out, tag, s->kind == API_MICRO_TIME, v); break;
	case API_DURATION: duration_field(out, tag, v); break;
	case API_QUANTITY:
		start = pb_open(out, tag);
		pb_bytes(out, 1, v ? text_of(v) : STR("0"));
		pb_close(out, start);
		break;
	case API_INT_OR_STRING: int_or_string_field(out, tag, v); break;
	case API_RAW:
	case API_JSON:
	case API_FIELDS_V1: raw_field(out, tag, v); break;
	case API_OBJECT:
		start = pb_open(out, tag);
		write_message(out, s->type, v);
		pb_close(out, start);
		break;
	case API_LIST: list_field(out, s, tag, v); break;
	case API_MAP: map_field(out, s, tag, v); break;
	case API_PROPS_OR_ARRAY:
	case API_PROPS_OR_BOOL:
	case API_PROPS_OR_STRINGS: props_field(out, s, tag, v); break;
	}
}

static bool always_on_wire(const struct api_field *f)
{
	switch (f->schema.kind) {
	case API_BYTES:
	case API_LIST:
	case API_MAP: return false;
	default: return !f->pointer;
	}
}

struct inline_groups { /* inline messages around the field being written */
	uint8_t tag[2];
	size_t start[2];
	int depth;
};

static void move_to(struct buf *out, struct inline_groups *g, const uint8_t via[2])
{
	int want = via[1] ? 2 : via[0] ? 1 : 0, common = 0;
	while (common < want && common < g->depth && g->tag[common] == via[common])
		common++;
	while (g->depth > common)
		pb_close(out, g->start[--g->depth]);
	for (; g->depth < want; g->depth++) {
		g->tag[g->depth] = via[g->depth];
		g->start[g->depth] = pb_open(out, via[g->depth]);
	}
}

static void write_message(struct buf *out, const struct api_type *t, const json_t *tree)
{
	static const uint8_t outside[2];
	struct inline_groups groups = { 0 };
	for (size_t i = 0; i < t->ntags; i++) {
		const struct api_field *f = &t->fields[t->by_tag[i]];
		const json_t *v = tree ? json_object_getn(tree, f->name, f->name_length) : NULL;
		if (json_is_null(v) && f->schema.kind != API_JSON)
			v = NULL;
		move_to(out, &groups, f->via);
		if (v || always_on_wire(f))
			write_field(out, &f->schema, f->tag, v);
	}
	move_to(out, &groups, outside);
}

int api_protobuf_write_message(const struct api_type *t, const json_t *tree, struct buf *out,
			       struct err *err)
{
	if (!json_is_object(tree))
		return err_set(err, ERR_INTERNAL, "encode %s: no object", t->name);
	write_message(out, t, tree);
	return 0;
}

int api_protobuf_write(const struct api_type *t, const json_t *tree, struct buf *out,
		       struct err *err)
{
	if (!json_is_object(tree))
		return err_set(err, ERR_INTERNAL, "encode %s: no object", t->name);
	buf_add(out, "k8s\0", 4);
	size_t type = pb_open(out, 1);
	pb_bytes(out, 1, text_of(json_object_get(tree, "apiVersion")));
	pb_bytes(out, 2, text_of(json_object_get(tree, "kind")));
	pb_close(out, type);
	size_t raw = pb_open(out, 2);
	write_message(out, t, tree);
	pb_close(out, raw);
	pb_bytes(out, 3, STR(""));
	pb_bytes(out, 4, STR(""));
	return 0;
}

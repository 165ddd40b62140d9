/* SPDX-License-Identifier: Apache-2.0 */
/* Kubernetes' protobuf to trees, in the form that JSON has. Fields that the schema doesn't know are passed over, as upstream
 * does; values that are not there stay absent. Lengths are checked before they are used, depth is limited. */
#include <stdlib.h>

#include "api/codec.h"
#include "api/protobuf/items.h"
#include "api/values/duration.h"
#include "base/clock.h"
#include "base/encode.h"
#include "base/mem.h"

static json_t *read_message(struct pb_reader *r, const struct api_type *t);
static json_t *read_value(struct pb_reader *r, const struct api_schema *s, const struct pb_item *i);

static bool is_utf8(struct str s)
{
	json_t *v = json_stringn(s.p, s.n);
	json_decref(v);
	return v != NULL;
}

static json_t *text(struct pb_reader *r, struct str s)
{
	if (!is_utf8(s)) {
		pb_fail(r);
		return NULL;
	}
	return json_stringn_nocheck(s.p ? s.p : "", s.n);
}

static json_t *read_time(struct pb_reader *outer, bool micro, struct str bytes)
{
	struct pb_reader r = pb_sub(outer, bytes);
	struct pb_item i;
	int64_t seconds = 0, nanos = 0;
	char out[TIME_TEXT_MAX];
	while (pb_next(&r, &i)) {
		if (i.tag == 1)
			seconds = (int64_t)i.number;
		else if (i.tag == 2)
			nanos = (int64_t)i.number;
	}
	if (r.failed || seconds > 253402300799 || seconds < -62135596800) {
		pb_fail(outer);
		return NULL;
	}
	if (seconds == 0 && (micro ? nanos / 1000 : 0) == 0)
		return json_null();
	if (micro)
		time_format_micro(seconds * 1000000 + nanos / 1000 % 1000000, out);
	else
		time_format(seconds, out);
	return json_string_nocheck(out);
}

static json_t *read_int_or_string(struct pb_reader *outer, struct str bytes)
{
	struct pb_reader r = pb_sub(outer, bytes);
	struct pb_item i;
	bool is_text = false;
	int32_t number = 0;
	struct str string = STR("");
	while (pb_next(&r, &i)) {
		if (i.tag == 1)
			is_text = i.number != 0;
		else if (i.tag == 2)
			number = (int32_t)i.number;
		else if (i.tag == 3 && i.wire == PB_BYTES)
			string = i.bytes;
	}
	outer->failed |= r.failed;
	return is_text ? text(outer, string) : json_integer(number);
}

static json_t *read_raw(struct pb_reader *r, struct str bytes)
{
	struct pb_item raw = pb_only(r, bytes);
	json_t *tree = NULL;
	if (raw.bytes.n == 0)
		return json_null();
	if (api_json_parse(raw.bytes, &tree, NULL, NULL) < 0) {
		pb_fail(r);
		return NULL;
	}
	return tree;
}

static json_t *read_boxed(struct pb_reader *outer, const struct api_schema *s, struct str bytes)
{
	struct pb_reader r = pb_sub(outer, bytes);
	struct pb_item i;
	json_t *list = json_array();
	while (pb_next(&r, &i))
		if (i.tag == 1)
			json_array_append_new(list, read_value(&r, s->item, &i));
	outer->failed |= r.failed;
	return list;
}

static json_t *read_props(struct pb_reader *outer, const struct api_schema *s, struct str bytes)
{
	struct pb_reader r = pb_sub(outer, bytes);
	struct pb_item i;
	json_t *out = NULL;
	const struct api_schema one = { .kind = API_OBJECT, .type = s->type },
				string = { .kind = API_STRING };
	uint32_t schema_tag = s->kind == API_PROPS_OR_BOOL ? 2 : 1;
	bool allows = false;
	while (pb_next(&r, &i)) {
		if (i.tag == schema_tag) {
			json_decref(out);
			out = read_value(&r, &one, &i);
		} else if (s->kind == API_PROPS_OR_BOOL) {
			allows = i.number != 0;
		} else if (i.tag == 2) {
			if (!json_is_array(out)) {
				json_decref(out);
				out = json_array();
			}
			json_array_append_new(
				out,
				read_value(&r, s->kind == API_PROPS_OR_ARRAY ? &one : &string, &i));
		}
	}
	outer->failed |= r.failed;
	if (!out)
		out = s->kind == API_PROPS_OR_BOOL ? json_boolean(allows) : json_null();
	return out;
}

static json_t *read_base64(struct str bytes)
{
	auto_buf b = { 0 };
	base64_encode(&b, bytes.p ? bytes.p : "", bytes.n);
	return json_stringn_nocheck(b.p ? b.p : "", b.n);
}

static json_t *read_double(uint64_t bits)
{
	double v;
	memcpy(&v, &bits, sizeof v);
	return json_real(v); /* NULL for NaN and infinity */
}

static json_t *read_duration(struct pb_reader *r, struct str bytes)
{
	char out[DURATION_TEXT_MAX];
	struct pb_item ns = pb_only(r, bytes);
	size_t n = duration_text((int64_t)ns.number, out);
	return json_stringn_nocheck(out, n);
}

static enum pb_wire wire_of(enum api_kind kind)
{
	switch (kind) {
	case API_BOOL:
	case API_INT32:
	case API_INT64: return PB_VARINT;
	case API_FLOAT64: return PB_64;
	default: return PB_BYTES;
	}
}

/* Never a list or map of the message itself (but a boxed one). NULL once the reader failed. */
static json_t *read_value(struct pb_reader *r, const struct api_schema *s, const struct pb_item *i)
{
	if (i->wire != wire_of(s->kind)) {
		pb_fail(r);
		return NULL;
	}
	struct pb_item inner;
	struct pb_reader message;
	json_t *v = NULL;
	switch (s->kind) {
	case API_STRING: v = text(r, i->bytes); break;
	case API_BOOL: v = json_boolean(i->number != 0); break;
	case API_INT32: v = json_integer((int32_t)i->number); break;
	case API_INT64: v = json_integer((int64_t)i->number); break;
	case API_FLOAT64: v = read_double(i->number); break;
	case API_BYTES: v = read_base64(i->bytes); break;
	case API_TIME:
	case API_MICRO_TIME: v = read_time(r, s->kind == API_MICRO_TIME, i->bytes); break;
	case API_DURATION: v = read_duration(r, i->bytes); break;
	case API_QUANTITY:
		inner = pb_only(r, i->bytes);
		v = inner.bytes.n ? text(r, inner.bytes) : json_string_nocheck("0");
		break;
	case API_INT_OR_STRING: v = read_int_or_string(r, i->bytes); break;
	case API_RAW:
	case API_JSON:
	case API_FIELDS_V1: v = read_raw(r, i->bytes); break;
	case API_OBJECT:
		message = pb_sub(r, i->bytes);
		v = read_message(&message, s->type);
		r->failed |= message.failed;
		break;
	case API_LIST: v = read_boxed(r, s, i->bytes); break;
	case API_PROPS_OR_ARRAY:
	case API_PROPS_OR_BOOL:
	case API_PROPS_OR_STRINGS: v = read_props(r, s, i->bytes); break;
	case API_MAP: break;
	}
	if (!v)
		pb_fail(r);
	return v;
}

static json_t *child(json_t *tree, const struct api_field *f, json_t *(*make)(void))
{
	json_t *v = json_object_getn(tree, f->name, f->name_length);
	if (!v) {
		v = make();
		json_object_setn_new_nocheck(tree, f->name, f->name_length, v);
	}
	return v;
}

static void read_item(struct pb_reader *r, const struct api_field *f, const struct pb_item *i,
		      json_t *tree)
{
	json_t *list = child(tree, f, json_array);
	if (i->wire == PB_BYTES && wire_of(f->schema.item->kind) == PB_VARINT) { /* packed */
		struct pb_reader packed = pb_sub(r, i->bytes);
		struct pb_item one = { .wire = PB_VARINT };
		while (packed.p < packed.end && pb_read_varint(&packed, &one.number))
			json_array_append_new(list, read_value(r, f->schema.item, &one));
		r->failed |= packed.failed;
		return;
	}
	json_array_append_new(list, read_value(r, f->schema.item, i));
}

static json_t *zero_value(const struct api_schema *s)
{
	if (s->kind == API_QUANTITY)
		return json_string_nocheck("0");
	return s->kind == API_OBJECT ? json_object()
	       : s->kind == API_LIST ? json_array()
				     : json_string_nocheck("");
}

static void read_entry(struct pb_reader *r, const struct api_field *f, const struct pb_item *i,
		       json_t *tree)
{
	if (i->wire != PB_BYTES) {
		pb_fail(r);
		return;
	}
	json_t *map = child(tree, f, json_object), *v = NULL;
	struct pb_reader entry = pb_sub(r, i->bytes);
	struct pb_item part;
	struct str name = STR("");
	while (pb_next(&entry, &part)) {
		if (part.tag == 1 && part.wire == PB_BYTES) {
			name = part.bytes;
		} else if (part.tag == 2) {
			json_decref(v);
			v = read_value(&entry, f->schema.item, &part);
		}
	}
	if (entry.failed || !is_utf8(name)) {
		json_decref(v);
		pb_fail(r);
		return;
	}
	json_object_setn_new_nocheck(map, name.p, name.n, v ? v : zero_value(f->schema.item));
}

/* What JSON would leave out is left out of the tree, too, so that both bodies give the same tree. */
static bool says_nothing(const struct api_field *f, const json_t *v)
{
	if (json_is_null(v))
		return true;
	if (f->pointer)
		return false;
	return json_is_false(v) || (json_is_string(v) && json_string_length(v) == 0) ||
	       (json_is_integer(v) && json_integer_value(v) == 0);
}

static const struct api_field *find(const struct api_type *t, const uint8_t via[2], uint32_t tag,
				    bool *inner)
{
	int depth = via[1] ? 2 : via[0] ? 1 : 0;
	for (size_t i = 0; i < t->ntags; i++) {
		const struct api_field *f = &t->fields[t->by_tag[i]];
		if (memcmp(f->via, via, (size_t)depth) != 0)
			continue;
		uint8_t deeper = depth < 2 ? f->via[depth] : 0;
		if (deeper ? deeper == tag : f->tag == tag) {
			*inner = deeper != 0;
			return f;
		}
	}
	return NULL;
}

static void read_fields(struct pb_reader *r, const struct api_type *t, const uint8_t via[2],
			json_t *tree)
{
	struct pb_item i;
	while (pb_next(r, &i)) {
		bool inner = false;
		const struct api_field *f = find(t, via, i.tag, &inner);
		if (!f)
			continue;
		if (inner && i.wire == PB_BYTES) {
			uint8_t deeper[2] = { via[0] ? via[0] : (uint8_t)i.tag,
					      via[0] ? (uint8_t)i.tag : 0 };
			struct pb_reader message = pb_sub(r, i.bytes);
			read_fields(&message, t, deeper, tree);
			r->failed |= message.failed;
		} else if (f->schema.kind == API_LIST && !f->schema.boxed) {
			read_item(r, f, &i, tree);
		} else if (f->schema.kind == API_MAP) {
			read_entry(r, f, &i, tree);
		} else {
			json_t *v = read_value(r, &f->schema, &i);
			if (v && says_nothing(f, v))
				json_decref(v);
			else if (v)
				json_object_setn_new_nocheck(tree, f->name, f->name_length, v);
		}
	}
}

static json_t *read_message(struct pb_reader *r, const struct api_type *t)
{
	static const uint8_t outside[2];
	json_t *tree = json_object();
	read_fields(r, t, outside, tree);
	return tree;
}

int api_protobuf_read_message(const struct api_type *t, struct str raw, json_t **out,
			      struct err *err)
{
	struct pb_reader r = { (const unsigned char *)raw.p, (const unsigned char *)raw.p + raw.n,
			       false, 0 };
	json_t *tree = read_message(&r, t);
	if (r.failed) {
		json_decref(tree);
		return err_set(err, ERR_BAD_REQUEST,
			       "proto: cannot parse invalid wire-format data of %s", t->name);
	}
	*out = tree;
	return 0;
}

int api_protobuf_envelope(struct str body, struct str *api_version, struct str *kind,
			  struct str *raw, struct err *err)
{
	if (body.n < 4 || memcmp(body.p, "k8s\0", 4) != 0)
		return err_set(err, ERR_BAD_REQUEST,
			       "provided data does not appear to be a protobuf message, expected "
			       "prefix [107 56 115 0]");
	struct pb_reader r = { (const unsigned char *)body.p + 4,
			       (const unsigned char *)body.p + body.n, false, 0 };
	struct pb_item i, part;
	struct str version = STR(""), name = STR(""), message = STR("");
	while (pb_next(&r, &i)) {
		if (i.wire != PB_BYTES)
			continue;
		if (i.tag == 2)
			message = i.bytes;
		if (i.tag != 1)
			continue;
		struct pb_reader type = pb_sub(&r, i.bytes);
		while (pb_next(&type, &part))
			if (part.wire == PB_BYTES && part.tag <= 2)
				*(part.tag == 1 ? &version : &name) = part.bytes;
		r.failed |= type.failed;
	}
	if (r.failed)
		return err_set(err, ERR_BAD_REQUEST, "unexpected EOF");
	*api_version = version;
	*kind = name;
	*raw = message;
	return 0;
}

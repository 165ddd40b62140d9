/* SPDX-License-Identifier: Apache-2.0 */
/* What Go's decoder does with a tree: checks the kind of each value, drops nulls and unknown fields, and brings values with a
 * text form of their own (times, quantities, durations, bytes) into the form in which they are served. The errors are Go's:
 * "json: cannot unmarshal string into Go struct field DeploymentSpec.spec.replicas of type int32". */
#include <stdlib.h>

#include "api/codec.h"
#include "api/duration.h"
#include "api/json_write.h"
#include "api/path.h"
#include "api/quantity.h"
#include "base/clock.h"
#include "base/encode.h"
#include "base/mem.h"

struct conform {
	struct api_strings *unknown;
	struct err *err;
	const struct api_type *inside; /* the message whose field we look at */
};

/* Checks v in place; *out is set to what takes its place (a new reference), or left NULL. */
static int value(struct conform *c, const struct api_schema *s, json_t *v, const struct path *at,
		 json_t **out);
static int object(struct conform *c, const struct api_type *t, json_t *tree, const struct path *at);

static struct str text_of(const json_t *v)
{
	return str_of(json_string_value(v), json_string_length(v));
}

static json_t *new_text(struct str s)
{
	return json_stringn_nocheck(s.p, s.n);
}

static const char *short_name(const struct api_type *t)
{
	const char *dot = strrchr(t->name, '.');
	return dot ? dot + 1 : t->name;
}

static void go_type(const struct api_schema *s, struct buf *out)
{
	static const char *const names[] = {
		[API_STRING] = "string",
		[API_BOOL] = "bool",
		[API_INT32] = "int32",
		[API_INT64] = "int64",
		[API_FLOAT64] = "float64",
		[API_BYTES] = "[]uint8",
		[API_TIME] = "v1.Time",
		[API_MICRO_TIME] = "v1.MicroTime",
		[API_DURATION] = "v1.Duration",
		[API_QUANTITY] = "resource.Quantity",
		[API_INT_OR_STRING] = "intstr.IntOrString",
		[API_RAW] = "runtime.RawExtension",
		[API_JSON] = "v1.JSON",
		[API_FIELDS_V1] = "v1.FieldsV1",
		[API_PROPS_OR_ARRAY] = "v1.JSONSchemaPropsOrArray",
		[API_PROPS_OR_BOOL] = "v1.JSONSchemaPropsOrBool",
		[API_PROPS_OR_STRINGS] = "v1.JSONSchemaPropsOrStringArray",
	};
	if (s->kind == API_LIST || s->kind == API_MAP) {
		buf_puts(out, s->kind == API_LIST ? "[]" : "map[string]");
		if (s->item)
			go_type(s->item, out);
	} else if (s->kind == API_OBJECT) {
		buf_printf(out, "%s.%s", s->type && s->type->gv ? s->type->gv->version : "v1",
			   s->type ? short_name(s->type) : "Object");
	} else {
		buf_puts(out, s->kind == API_STRING && s->limits && s->limits->go_type
				      ? s->limits->go_type
				      : names[s->kind]);
	}
}

static const char *json_kind(const json_t *v)
{
	switch (json_typeof(v)) {
	case JSON_OBJECT: return "object";
	case JSON_ARRAY: return "array";
	case JSON_STRING: return "string";
	case JSON_TRUE:
	case JSON_FALSE: return "bool";
	default: return "number";
	}
}

static int wrong_type(struct conform *c, const char *type, bool whole, const json_t *v,
		      const struct path *at)
{
	auto_buf number = { 0 };
	if (json_is_number(v) && whole)
		buf_printf(&number, json_is_real(v) ? " %.17g" : " %.0f", json_number_value(v));
	if (!at || !c->inside)
		return err_set(c->err, ERR_BAD_REQUEST,
			       "json: cannot unmarshal %s%s into Go value of type %s", json_kind(v),
			       number.n ? number.p : "", type);
	auto_free char *field = path_fields(at);
	return err_set(c->err, ERR_BAD_REQUEST,
		       "json: cannot unmarshal %s%s into Go struct field %s.%s of type %s",
		       json_kind(v), number.n ? number.p : "", short_name(c->inside), field, type);
}

static int wrong(struct conform *c, const struct api_schema *s, const json_t *v,
		 const struct path *at)
{
	auto_buf type = { 0 };
	go_type(s, &type);
	return wrong_type(c, type.p, s->kind == API_INT32 || s->kind == API_INT64, v, at);
}

static int whole_number(struct conform *c, const struct api_schema *s, json_t *v,
			const struct path *at)
{
	if (!json_is_integer(v))
		return wrong(c, s, v, at);
	json_int_t n = json_integer_value(v);
	if (s->kind == API_INT32 && (n < INT32_MIN || n > INT32_MAX))
		return wrong(c, s, v, at);
	return 0;
}

/* Upstream takes exactly six digits. */
static bool has_micros(struct str s)
{
	return s.n > 27 - 1 && s.p[19] == '.' && (s.p[26] < '0' || s.p[26] > '9') &&
	       strspn(s.p + 20, "0123456789") == 6;
}

static int wrong_time(struct conform *c, struct str s, bool micro)
{
	int64_t us;
	bool fraction = micro && time_parse(s, &us) && s.n > 19;
	return err_set(c->err, ERR_BAD_REQUEST,
		       "parsing time \"%.*s\" as \"2006-01-02T15:04:05%sZ07:00\": cannot parse "
		       "\"%.*s\" as \"%s\"",
		       STR_ARG(s), micro ? ".000000" : "", (int)(fraction ? s.n - 19 : s.n),
		       fraction ? s.p + 19 : s.p, fraction ? ".000000" : "2006");
}

static int time_value(struct conform *c, const struct api_schema *s, const json_t *v,
		      const struct path *at, json_t **out)
{
	int64_t us;
	char text[TIME_TEXT_MAX];
	if (!json_is_string(v))
		return wrong_type(c, "string", false, v, at);
	struct str in = text_of(v);
	if (!time_parse(in, &us) || (s->kind == API_MICRO_TIME && !has_micros(in)))
		return wrong_time(c, in, s->kind == API_MICRO_TIME);
	if (s->kind == API_MICRO_TIME)
		time_format_micro(us, text);
	else
		time_format(us >= 0 ? us / 1000000 : -((-us + 999999) / 1000000), text);
	if (!str_eqz(in, text))
		*out = new_text(str_from(text));
	return 0;
}

static int duration_value(struct conform *c, const json_t *v, const struct path *at, json_t **out)
{
	int64_t ns;
	char text[DURATION_TEXT_MAX];
	if (!json_is_string(v))
		return wrong_type(c, "string", false, v, at);
	if (!duration_parse(text_of(v), &ns))
		return err_set(c->err, ERR_BAD_REQUEST, "time: invalid duration \"%s\"",
			       json_string_value(v));
	duration_text(ns, text);
	*out = new_text(str_from(text));
	return 0;
}

static int quantity_value(struct conform *c, const json_t *v, json_t **out)
{
	auto_buf given = { 0 };
	auto_buf text = { 0 };
	if (json_is_string(v))
		buf_str(&given, str_trim(text_of(v)));
	else if (json_is_integer(v))
		buf_i64(&given, json_integer_value(v));
	else if (json_is_real(v))
		api_json_double(&given, json_real_value(v));
	else
		buf_puts(&given,
			 "{}"); /* no number: upstream's words for it come from the parser */
	int r = quantity_normalize(buf_view(&given), &text, c->err);
	if (r < 0) {
		if (c->err)
			c->err->reason = ERR_BAD_REQUEST;
		return -ERR_BAD_REQUEST;
	}
	if (!json_is_string(v) || !str_eq(buf_view(&text), text_of(v)))
		*out = new_text(buf_view(&text));
	return 0;
}

static int bytes_value(struct conform *c, const struct api_schema *s, const json_t *v,
		       const struct path *at, json_t **out)
{
	auto_buf bytes = { 0 };
	auto_buf text = { 0 };
	if (!json_is_string(v))
		return wrong(c, s, v, at);
	struct str in = text_of(v);
	if (!base64_decode(&bytes, in)) {
		static const char alphabet[] =
			"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/\r\n";
		return err_set(c->err, ERR_BAD_REQUEST, "illegal base64 data at input byte %zu",
			       strspn(in.p, alphabet));
	}
	base64_encode(&text, bytes.n ? bytes.p : "", bytes.n);
	if (!str_eq(buf_view(&text), in))
		*out = new_text(text.n ? buf_view(&text) : STR(""));
	return 0;
}

static int int_or_string(struct conform *c, json_t *v, const struct path *at)
{
	static const struct api_schema as_int = { .kind = API_INT32 };
	if (json_is_string(v))
		return 0;
	if (!json_is_integer(v))
		return wrong_type(c, "int32", true, v, at);
	return whole_number(c, &as_int, v, at);
}

static json_t *zero_of(const struct api_schema *s)
{
	switch (s->kind) {
	case API_STRING:
	case API_BYTES: return json_stringn_nocheck("", 0);
	case API_BOOL: return json_false();
	case API_INT32:
	case API_INT64:
	case API_FLOAT64:
	case API_INT_OR_STRING: return json_integer(0);
	case API_QUANTITY: return json_stringn_nocheck("0", 1);
	case API_OBJECT:
	case API_MAP: return json_object();
	case API_LIST: return json_array();
	default: return NULL;
	}
}

static int list(struct conform *c, const struct api_schema *s, json_t *v, const struct path *up)
{
	struct path at = { .up = up, .is_index = true };
	for (; at.index < json_array_size(v); at.index++) {
		json_t *item = json_array_get(v, at.index), *instead = NULL;
		if (json_is_null(item)) {
			instead = zero_of(s->item);
		} else {
			int r = value(c, s->item, item, &at, &instead);
			if (r < 0)
				return r;
		}
		if (instead)
			json_array_set_new(v, at.index, instead);
	}
	return 0;
}

static int map(struct conform *c, const struct api_schema *s, json_t *v, const struct path *up)
{
	size_t n;
	const char *key;
	json_t *item;
	void *next;
	json_object_keylen_foreach_safe(v, next, key, n, item)
	{
		struct path at = { .up = up, .name = str_of(key, n), .is_key = true };
		json_t *instead = NULL;
		if (json_is_null(item)) {
			instead = zero_of(s->item);
		} else {
			int r = value(c, s->item, item, &at, &instead);
			if (r < 0)
				return r;
		}
		if (instead) /* the key exists: the iteration stays valid */
			json_object_setn_new_nocheck(v, key, n, instead);
	}
	return 0;
}

static int one_or_list(struct conform *c, const struct api_schema *s, json_t *v,
		       const struct path *at)
{
	const struct api_schema one = { .kind = API_OBJECT, .type = s->type },
				text = { .kind = API_STRING };
	const struct api_schema many = { .kind = API_LIST,
					 .item = s->kind == API_PROPS_OR_ARRAY ? &one : &text };
	json_t *unused = NULL;
	if (json_is_object(v))
		return object(c, s->type, v, at);
	if (s->kind == API_PROPS_OR_BOOL)
		return json_is_boolean(v) ? 0
					  : err_set(c->err, ERR_BAD_REQUEST,
						    "boolean or JSON schema expected");
	return value(c, &many, v, at, &unused);
}

static int value(struct conform *c, const struct api_schema *s, json_t *v, const struct path *at,
		 json_t **out)
{
	switch (s->kind) {
	case API_STRING: return json_is_string(v) ? 0 : wrong(c, s, v, at);
	case API_BOOL: return json_is_boolean(v) ? 0 : wrong(c, s, v, at);
	case API_INT32:
	case API_INT64: return whole_number(c, s, v, at);
	case API_FLOAT64: return json_is_number(v) ? 0 : wrong(c, s, v, at);
	case API_BYTES: return bytes_value(c, s, v, at, out);
	case API_TIME:
	case API_MICRO_TIME: return time_value(c, s, v, at, out);
	case API_DURATION: return duration_value(c, v, at, out);
	case API_QUANTITY: return quantity_value(c, v, out);
	case API_INT_OR_STRING: return int_or_string(c, v, at);
	case API_RAW:
	case API_JSON:
	case API_FIELDS_V1: return 0;
	case API_PROPS_OR_ARRAY:
	case API_PROPS_OR_BOOL:
	case API_PROPS_OR_STRINGS: return one_or_list(c, s, v, at);
	case API_OBJECT:
		if (!json_is_object(v))
			return wrong(c, s, v, at);
		return s->type ? object(c, s->type, v, at) : 0;
	case API_LIST: return json_is_array(v) ? list(c, s, v, at) : wrong(c, s, v, at);
	case API_MAP: return json_is_object(v) ? map(c, s, v, at) : wrong(c, s, v, at);
	}
	return 0;
}

static int member(struct conform *c, const struct api_type *t, json_t *tree, struct str name,
		  json_t *v, const struct path *up)
{
	struct path at = { .up = up, .name = name };
	const struct api_field *f = api_type_field(t, name);
	json_t *instead = NULL;
	if (!f) {
		if (t->preserve_unknown)
			return 0;
		if (c->unknown)
			api_strings_add(c->unknown, path_text(&at));
		json_object_deln(tree, name.p, name.n);
		return 0;
	}
	if (json_is_null(v)) {
		if (!f->schema.nullable)
			json_object_deln(tree, name.p, name.n);
		return 0;
	}
	if (f->via[0] && t->inline_name) {
		at.embedded = t->inline_name;
		at.embedded_n = f->via[1] ? strlen(t->inline_name) : strcspn(t->inline_name, ".");
	}
	c->inside = t;
	int r = value(c, &f->schema, v, &at, &instead);
	if (r == 0 && instead)
		json_object_setn_new_nocheck(tree, name.p, name.n, instead);
	return r;
}

static int object(struct conform *c, const struct api_type *t, json_t *tree, const struct path *at)
{
	size_t n;
	const char *key;
	json_t *v;
	void *next;
	const struct api_type *outside = c->inside;
	json_object_keylen_foreach_safe(tree, next, key, n, v)
	{
		int r = member(c, t, tree, str_of(key, n), v, at);
		if (r < 0)
			return r;
	}
	c->inside = outside;
	return 0;
}

int api_conform(const struct api_type *t, json_t *tree, struct api_strings *unknown,
		struct err *err)
{
	struct conform c = { .unknown = unknown, .err = err };
	const struct api_schema s = { .kind = API_OBJECT, .type = t };
	return json_is_object(tree) ? object(&c, t, tree, NULL) : wrong(&c, &s, tree, NULL);
}

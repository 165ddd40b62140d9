/* SPDX-License-Identifier: Apache-2.0 */
#include "api/conform_values.h"

#include <math.h>

#include "api/json/write.h"
#include "api/values/duration.h"
#include "api/values/quantity.h"
#include "api/values/time_text.h"
#include "base/clock.h"
#include "base/encode.h"
#include "base/mem.h"

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

/* A map of quantities has a name of its own, but for those of resource.k8s.io. */
static bool is_resource_list(const struct api_schema *s)
{
	return s->kind == API_MAP && s->item && s->item->kind == API_QUANTITY;
}

static bool is_of_devices(const struct api_type *t)
{
	return t->gv && !strcmp(t->gv->group, "resource.k8s.io");
}

void conform_go_type(const struct api_schema *s, struct buf *out)
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
	if (is_resource_list(s)) {
		buf_puts(out, "v1.ResourceList");
	} else if (s->kind == API_MAP && s->item && s->item->type && is_of_devices(s->item->type)) {
		buf_puts(out, "map[v1.QualifiedName]");
		conform_go_type(s->item, out);
	} else if (s->kind == API_LIST && s->boxed) {
		buf_puts(out, "v1.ExtraValue");
	} else if (s->kind == API_LIST || s->kind == API_MAP) {
		buf_puts(out, s->kind == API_LIST ? "[]" : "map[string]");
		if (s->item)
			conform_go_type(s->item, out);
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

/* As it was written, as far as the tree knows. */
static void number_text(const json_t *v, struct buf *out)
{
	double n = json_number_value(v);
	buf_putc(out, ' ');
	if (json_is_integer(v))
		buf_i64(out, json_integer_value(v));
	else if (n == trunc(n) && fabs(n) < 0x1p63)
		buf_printf(out, "%.1f", n);
	else
		api_json_double(out, n);
}

static int wrong_type(struct conform *c, const char *type, bool whole, const json_t *v,
		      const struct path *at)
{
	auto_buf number = { 0 };
	struct str sent;
	if (json_is_number(v) && whole && c->text.n && at && api_json_find(c->text, at, &sent))
		buf_printf(&number, " %.*s", STR_ARG(sent));
	else if (json_is_number(v) && whole)
		number_text(v, &number);
	if (!at || !c->inside)
		return err_set(c->err, ERR_BAD_REQUEST,
			       "json: cannot unmarshal %s%s into Go value of type %s", json_kind(v),
			       number.n ? number.p : "", type);
	auto_free char *field = path_fields(at);
	return err_set(c->err, ERR_BAD_REQUEST,
		       "json: cannot unmarshal %s%s into Go struct field %s.%s of type %s",
		       json_kind(v), number.n ? number.p : "", short_name(c->inside), field, type);
}

int conform_wrong(struct conform *c, const struct api_schema *s, const json_t *v,
		  const struct path *at)
{
	auto_buf type = { 0 };
	conform_go_type(s, &type);
	return wrong_type(c, type.p, s->kind == API_INT32 || s->kind == API_INT64, v, at);
}

int conform_whole(struct conform *c, const struct api_schema *s, json_t *v, const struct path *at)
{
	if (!json_is_integer(v))
		return conform_wrong(c, s, v, at);
	json_int_t n = json_integer_value(v);
	if (s->kind == API_INT32 && (n < INT32_MIN || n > INT32_MAX))
		return conform_wrong(c, s, v, at);
	return 0;
}

#define ZERO_TIME_US (-62135596800LL * 1000000) /* 0001-01-01T00:00:00Z */

int conform_time(struct conform *c, const struct api_schema *s, const json_t *v,
		 const struct path *at, json_t **out)
{
	int64_t us;
	char text[TIME_TEXT_MAX];
	auto_buf why = { 0 };
	if (!json_is_string(v))
		return wrong_type(c, "string", false, v, at);
	struct str in = text_of(v);
	if (!time_text_check(in, s->kind == API_MICRO_TIME, &why) || !time_parse(in, &us))
		return err_set(c->err, ERR_BAD_REQUEST, "%s", why.p);
	if (us == ZERO_TIME_US) { /* Go's zero time is none */
		*out = json_null();
		return 0;
	}
	if (s->kind == API_MICRO_TIME)
		time_format_micro(us, text);
	else
		time_format(us >= 0 ? us / 1000000 : -((-us + 999999) / 1000000), text);
	if (!str_eqz(in, text))
		*out = new_text(str_from(text));
	return 0;
}

int conform_duration(struct conform *c, const json_t *v, const struct path *at, json_t **out)
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

int conform_quantity(struct conform *c, const json_t *v, json_t **out)
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

/* Where Go's decoder gives up: at a character that doesn't belong there, or at the beginning of a group that isn't whole. */
static size_t base64_bad_byte(struct str in)
{
	static const char alphabet[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	size_t group = 0, i = 0;
	for (; i < in.n; i++) {
		char ch = in.p[i];
		if (ch == '\r' || ch == '\n')
			continue;
		if (!ch || !strchr(alphabet, ch))
			break;
		group = (group + 1) % 4;
	}
	if (i == in.n)
		return i - group;
	if (in.p[i] != '=' || group < 2)
		return i;
	if (group == 3)
		return i + 1;
	for (i++; i < in.n && (in.p[i] == '\r' || in.p[i] == '\n'); i++)
		;
	return i < in.n && in.p[i] == '=' ? i + 1 : i == in.n ? in.n : i - 1;
}

/* Go takes a list of small numbers for bytes, too. */
static int bytes_of_list(struct conform *c, const json_t *v, const struct path *up, json_t **out)
{
	auto_buf bytes = { 0 };
	auto_buf encoded = { 0 };
	struct path at = { .up = up, .is_index = true };
	for (; at.index < json_array_size(v); at.index++) {
		const json_t *item = json_array_get(v, at.index);
		json_int_t n = json_integer_value(item);
		if (json_is_null(item) || (json_is_integer(item) && n >= 0 && n <= 255))
			buf_putc(&bytes, (char)n);
		else
			return wrong_type(c, "uint8", json_is_number(item), item, &at);
	}
	base64_encode(&encoded, bytes.n ? bytes.p : "", bytes.n);
	*out = new_text(encoded.n ? buf_view(&encoded) : STR(""));
	return 0;
}

int conform_bytes(struct conform *c, const struct api_schema *s, const json_t *v,
		  const struct path *at, json_t **out)
{
	auto_buf bytes = { 0 };
	auto_buf text = { 0 };
	if (json_is_array(v))
		return bytes_of_list(c, v, at, out);
	if (!json_is_string(v))
		return conform_wrong(c, s, v, at);
	struct str in = text_of(v);
	if (!base64_decode(&bytes, in))
		return err_set(c->err, ERR_BAD_REQUEST, "illegal base64 data at input byte %zu",
			       base64_bad_byte(in));
	base64_encode(&text, bytes.n ? bytes.p : "", bytes.n);
	if (!str_eq(buf_view(&text), in))
		*out = new_text(text.n ? buf_view(&text) : STR(""));
	return 0;
}

int conform_int_or_string(struct conform *c, json_t *v, const struct path *at)
{
	static const struct api_schema as_int = { .kind = API_INT32 };
	if (json_is_string(v))
		return 0;
	if (!json_is_integer(v))
		return wrong_type(c, "int32", true, v, at);
	return conform_whole(c, &as_int, v, at);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "api/shape.h"

static bool granular_object(const struct api_schema *s)
{
	return s->granular || (!s->atomic && !(s->type && s->type->atomic));
}

static struct shape deduced(const json_t *value)
{
	return (struct shape){ .kind = json_is_object(value) ? SHAPE_MAP : SHAPE_LEAF };
}

static bool untyped(enum api_kind kind)
{
	return kind == API_JSON || kind == API_RAW || kind == API_FIELDS_V1 ||
	       kind == API_PROPS_OR_ARRAY || kind == API_PROPS_OR_BOOL ||
	       kind == API_PROPS_OR_STRINGS;
}

struct shape shape_of(const struct api_schema *s, const json_t *value)
{
	struct shape out = { 0 };
	if (!s || untyped(s->kind))
		return s && (s->atomic || s->kind == API_RAW) ? out : deduced(value);
	if (s->kind == API_OBJECT && granular_object(s)) {
		out.kind = SHAPE_MAP;
		out.type = s->type;
	} else if (s->kind == API_MAP && !s->atomic) {
		out.kind = SHAPE_MAP;
		out.item = s->item;
	} else if (s->kind == API_LIST && s->list_type != API_LIST_ATOMIC) {
		out.kind = SHAPE_LIST;
		out.item = s->item;
		out.list = s;
	}
	return out;
}

struct shape shape_of_type(const struct api_type *t)
{
	return (struct shape){ .kind = SHAPE_MAP, .type = t };
}

const struct api_schema *shape_child(const struct shape *s, struct str name, bool *named)
{
	const struct api_field *f = s->type ? api_type_field(s->type, name) : NULL;
	*named = f != NULL;
	return f ? &f->schema : s->item;
}

bool shape_implicit(const struct api_field *f)
{
	return f->tag != 0 && !f->pointer && (f->always || f->schema.kind == API_OBJECT);
}

static bool unwritten(const struct api_field *f, const json_t *value)
{
	if (f->tag == 0 || f->pointer || f->always || f->schema.kind == API_INT_OR_STRING)
		return false;
	switch (json_typeof(value)) {
	case JSON_OBJECT: return f->schema.kind == API_MAP && json_object_size(value) == 0;
	case JSON_ARRAY: return json_array_size(value) == 0;
	case JSON_STRING: return json_string_length(value) == 0;
	case JSON_INTEGER: return json_integer_value(value) == 0;
	case JSON_REAL: return false;
	case JSON_TRUE: return false;
	case JSON_FALSE:
	case JSON_NULL: return true;
	}
	return false;
}

static void drop_below(const struct api_schema *s, json_t *value)
{
	const char *key;
	json_t *item;
	size_t i;
	if (s->kind == API_OBJECT && s->type && json_is_object(value))
		shape_drop_unwritten(s->type, value);
	else if (s->item && s->item->kind == API_OBJECT && json_is_array(value))
		json_array_foreach (value, i, item)
			drop_below(s->item, item);
	else if (s->item && s->item->kind == API_OBJECT && json_is_object(value))
		json_object_foreach (value, key, item)
			drop_below(s->item, item);
}

void shape_drop_unwritten(const struct api_type *t, json_t *object)
{
	const char *key;
	json_t *value;
	void *next;
	json_object_foreach_safe (object, next, key, value) {
		const struct api_field *f = api_type_field(t, str_from(key));
		if (!f)
			continue;
		if (unwritten(f, value))
			json_object_del(object, key);
		else
			drop_below(&f->schema, value);
	}
}

static bool equal_objects(const json_t *a, const json_t *b)
{
	const char *key;
	size_t n;
	json_t *value;
	if (json_object_size(a) != json_object_size(b))
		return false;
	json_object_keylen_foreach(
		(json_t *)a, key, n,
		value) if (!shape_equal(value, json_object_getn(b, key, n))) return false;
	return true;
}

static bool equal_arrays(const json_t *a, const json_t *b)
{
	if (json_array_size(a) != json_array_size(b))
		return false;
	for (size_t i = 0; i < json_array_size(a); i++)
		if (!shape_equal(json_array_get(a, i), json_array_get(b, i)))
			return false;
	return true;
}

static bool equal_numbers(const json_t *a, const json_t *b)
{
	if (json_is_integer(a) && json_is_integer(b))
		return json_integer_value(a) == json_integer_value(b);
	double x = json_number_value(a), y = json_number_value(b);
	return x <= y && x >= y;
}

bool shape_equal(const json_t *a, const json_t *b)
{
	if (a == b)
		return true;
	if (!a || !b)
		return false;
	if (json_is_number(a) && json_is_number(b))
		return equal_numbers(a, b);
	if (json_typeof(a) != json_typeof(b))
		return false;
	if (json_is_object(a))
		return equal_objects(a, b);
	return json_is_array(a) ? equal_arrays(a, b) : json_equal(a, b);
}

static bool members_surely_differ(const struct api_schema *s, const json_t *a, const json_t *b)
{
	const char *key;
	size_t n;
	json_t *value;
	bool map = s->kind == API_MAP;
	if (map && json_object_size(a) != json_object_size(b))
		return true;
	json_object_keylen_foreach((json_t *)a, key, n, value)
	{
		const json_t *other = json_object_getn(b, key, n);
		const struct api_field *f =
			map || !s->type ? NULL : api_type_field(s->type, str_of(key, n));
		const struct api_schema *child = map ? s->item : f ? &f->schema : NULL;
		if (map && !other)
			return true;
		if (child && shape_surely_differs(child, value, other))
			return true;
	}
	return false;
}

bool shape_surely_differs(const struct api_schema *s, const json_t *a, const json_t *b)
{
	if (shape_empty(a) || shape_empty(b) || json_typeof(a) != json_typeof(b))
		return false;
	switch (s->kind) {
	case API_OBJECT:
	case API_MAP: return json_is_object(a) && members_surely_differ(s, a, b);
	case API_LIST:
		if (!json_is_array(a) || json_array_size(a) != json_array_size(b))
			return json_is_array(a);
		for (size_t i = 0; i < json_array_size(a); i++)
			if (shape_surely_differs(s->item, json_array_get(a, i),
						 json_array_get(b, i)))
				return true;
		return false;
	case API_STRING:
	case API_INT32:
	case API_INT64: return !json_equal(a, b);
	default: return false; /* texts of some kinds have several forms */
	}
}

bool shape_empty(const json_t *value)
{
	return !value || json_is_null(value) ||
	       (json_is_object(value) && json_object_size(value) == 0) ||
	       (json_is_array(value) && json_array_size(value) == 0);
}

void shape_fill_empty(json_t *object, const json_t *old)
{
	const char *key;
	json_t *value;
	size_t i;
	if (json_is_array(object) && json_is_array(old)) {
		json_array_foreach (object, i, value)
			shape_fill_empty(value, json_array_get(old, i));
		return;
	}
	if (!json_is_object(object) || !json_is_object(old))
		return;
	json_object_foreach ((json_t *)old, key, value) {
		json_t *own = json_object_get(object, key);
		if (own)
			shape_fill_empty(own, value);
		else if (json_is_object(value) && json_object_size(value) == 0)
			json_object_set_new(object, key, json_object());
	}
}

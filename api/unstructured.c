/* SPDX-License-Identifier: Apache-2.0 */
/* Source followed: apimachinery's pkg/runtime/converter.go. */
#include "api/unstructured.h"

#include <math.h>

#include "api/conform_values.h"

/* Checks v; *out is set to what takes its place (a new reference), or left NULL. */
static int value(const struct api_schema *s, json_t *v, json_t **out, struct err *err);
static int object(const struct api_type *t, json_t *tree, struct err *err);

static const char *source(const json_t *v)
{
	switch (json_typeof(v)) {
	case JSON_OBJECT: return "map";
	case JSON_ARRAY: return "slice";
	case JSON_STRING: return "string";
	case JSON_INTEGER: return "int64";
	case JSON_REAL: return "float64";
	default: return "bool";
	}
}

static int unrecognized(const struct api_schema *s, struct err *err)
{
	static const char *const kinds[] = {
		[API_STRING] = "string", [API_BOOL] = "bool",       [API_INT32] = "int32",
		[API_INT64] = "int64",   [API_FLOAT64] = "float64",
	};
	return err_set(err, ERR_BAD_REQUEST, "unrecognized type: %s", kinds[s->kind]);
}

static int no_conversion(const struct api_schema *s, const json_t *v, struct err *err)
{
	auto_buf type = { 0 };
	conform_go_type(s, &type);
	return err_set(err, ERR_BAD_REQUEST, "cannot convert %s to %s", source(v), type.p);
}

static int whole(const struct api_schema *s, const json_t *v, json_t **out, struct err *err)
{
	double min = s->kind == API_INT32 ? INT32_MIN : (double)INT64_MIN;
	double end = s->kind == API_INT32 ? (double)INT32_MAX + 1 : 0x1p63, n;
	if (!json_is_number(v))
		return unrecognized(s, err);
	n = json_number_value(v);
	if (n != trunc(n))
		return no_conversion(s, v, err);
	if (json_is_real(v) && n >= min && n < end)
		*out = json_integer((json_int_t)n);
	return 0;
}

/* Types with a decoder of their own read JSON that was written of the value: 2.0 is 2. */
static int int_or_string(json_t *v, json_t **out, struct err *err)
{
	struct conform c = { .err = err };
	double n = json_number_value(v);
	if (json_is_real(v) && n == trunc(n) && n >= INT32_MIN && n <= INT32_MAX) {
		*out = json_integer((json_int_t)n);
		return 0;
	}
	return conform_int_or_string(&c, v, NULL);
}

static int bytes(const struct api_schema *s, const json_t *v, struct err *err)
{
	struct conform c = { .err = err };
	auto_err why = { 0 };
	json_t *unused = NULL;
	if (json_is_array(v)) /* of numbers */
		return 0;
	if (!json_is_string(v))
		return err_set(err, ERR_BAD_REQUEST, "cannot restore slice from %s", source(v));
	c.err = &why;
	int e = conform_bytes(&c, s, v, NULL, &unused);
	json_decref(unused);
	if (e < 0)
		err_set(err, ERR_BAD_REQUEST, "error decoding from json: %s", err_text(&why));
	return e;
}

static int own_decoder(const struct api_schema *s, json_t *v, json_t **out, struct err *err)
{
	struct conform c = { .err = err };
	json_t *unused = NULL;
	int e = 0;
	switch (s->kind) {
	case API_TIME:
	case API_MICRO_TIME: e = conform_time(&c, s, v, NULL, &unused); break;
	case API_DURATION: e = conform_duration(&c, v, NULL, &unused); break;
	case API_QUANTITY: e = conform_quantity(&c, v, &unused); break;
	case API_INT_OR_STRING: return int_or_string(v, out, err);
	default: break;
	}
	json_decref(unused);
	return e;
}

static int list(const struct api_schema *s, json_t *v, struct err *err)
{
	size_t i;
	json_t *item;
	if (!json_is_array(v))
		return err_set(err, ERR_BAD_REQUEST, "cannot restore slice from %s", source(v));
	json_array_foreach (v, i, item) {
		json_t *instead = NULL;
		int e = value(s->item, item, &instead, err);
		if (e < 0)
			return e;
		if (instead)
			json_array_set_new(v, i, instead);
	}
	return 0;
}

static int map(const struct api_schema *s, json_t *v, struct err *err)
{
	size_t n;
	const char *key;
	json_t *item;
	void *next;
	if (!json_is_object(v))
		return err_set(err, ERR_BAD_REQUEST, "cannot restore map from %s", source(v));
	json_object_keylen_foreach_safe(v, next, key, n, item)
	{
		json_t *instead = NULL;
		int e = value(s->item, item, &instead, err);
		if (e < 0)
			return e;
		if (instead) /* the key exists: the iteration stays valid */
			json_object_setn_new_nocheck(v, key, n, instead);
	}
	return 0;
}

static int value(const struct api_schema *s, json_t *v, json_t **out, struct err *err)
{
	if (!s || json_is_null(v))
		return 0;
	switch (s->kind) {
	case API_STRING:
		return json_is_string(v)    ? 0
		       : json_is_integer(v) ? no_conversion(s, v, err)
					    : unrecognized(s, err);
	case API_BOOL: return json_is_boolean(v) ? 0 : unrecognized(s, err);
	case API_FLOAT64: return json_is_number(v) ? 0 : unrecognized(s, err);
	case API_INT32:
	case API_INT64: return whole(s, v, out, err);
	case API_BYTES: return bytes(s, v, err);
	case API_LIST: return list(s, v, err);
	case API_MAP: return map(s, v, err);
	case API_OBJECT:
		if (!json_is_object(v))
			return err_set(err, ERR_BAD_REQUEST, "cannot restore struct from: %s",
				       source(v));
		return s->type ? object(s->type, v, err) : 0;
	case API_PROPS_OR_ARRAY:
	case API_PROPS_OR_BOOL:
	case API_PROPS_OR_STRINGS: return json_is_object(v) ? object(s->type, v, err) : 0;
	default: return own_decoder(s, v, out, err);
	}
}

/* In the order of Go's fields: the first error is the one that is told. */
static int object(const struct api_type *t, json_t *tree, struct err *err)
{
	for (size_t i = 0; i < t->nfields; i++) {
		const struct api_field *f = &t->fields[i];
		json_t *v = json_object_getn(tree, f->name, f->name_length), *instead = NULL;
		int e = v ? value(&f->schema, v, &instead, err) : 0;
		if (e < 0)
			return e;
		if (instead)
			json_object_setn_new_nocheck(tree, f->name, f->name_length, instead);
	}
	return 0;
}

int api_from_unstructured(const struct api_type *t, json_t *tree, struct err *err)
{
	return t->gv && json_is_object(tree) ? object(t, tree, err) : 0;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* What Go's decoder does with a tree: checks the kind of each value, drops nulls and unknown fields, and brings values with a
 * text form of their own into the form in which they are served (conform_values.c, where the errors are, too). */
#include <stdlib.h>

#include "api/conform_values.h"

/* Checks v in place; *out is set to what takes its place (a new reference), or left NULL. */
static int value(struct conform *c, const struct api_schema *s, json_t *v, const struct path *at,
		 json_t **out);
static int object(struct conform *c, const struct api_type *t, json_t *tree, const struct path *at);

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
	case API_STRING: return json_is_string(v) ? 0 : conform_wrong(c, s, v, at);
	case API_BOOL: return json_is_boolean(v) ? 0 : conform_wrong(c, s, v, at);
	case API_INT32:
	case API_INT64: return conform_whole(c, s, v, at);
	case API_FLOAT64: return json_is_number(v) ? 0 : conform_wrong(c, s, v, at);
	case API_BYTES: return conform_bytes(c, s, v, at, out);
	case API_TIME:
	case API_MICRO_TIME: return conform_time(c, s, v, at, out);
	case API_DURATION: return conform_duration(c, v, at, out);
	case API_QUANTITY: return conform_quantity(c, v, out);
	case API_INT_OR_STRING: return conform_int_or_string(c, v, at);
	case API_RAW:
	case API_JSON:
	case API_FIELDS_V1: return 0;
	case API_PROPS_OR_ARRAY:
	case API_PROPS_OR_BOOL:
	case API_PROPS_OR_STRINGS: return one_or_list(c, s, v, at);
	case API_OBJECT:
		if (!json_is_object(v))
			return conform_wrong(c, s, v, at);
		return s->type ? object(c, s->type, v, at) : 0;
	case API_LIST: return json_is_array(v) ? list(c, s, v, at) : conform_wrong(c, s, v, at);
	case API_MAP: return json_is_object(v) ? map(c, s, v, at) : conform_wrong(c, s, v, at);
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
	if (r == 0 && instead && json_is_null(instead))
		json_object_deln(tree, name.p, name.n);
	else if (r == 0 && instead)
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

int conform_message(struct conform *c, const struct api_schema *s, json_t *v, const struct path *at)
{
	json_t *unused = NULL;
	return value(c, s, v, at, &unused);
}

int api_conform_text(const struct api_type *t, json_t *tree, struct str json,
		     struct api_strings *unknown, struct err *err)
{
	struct conform c = { .unknown = unknown, .err = err, .text = json };
	const struct api_schema s = { .kind = API_OBJECT, .type = t };
	if (!json_is_object(tree))
		return conform_wrong(&c, &s, tree, NULL);
	return t->gv ? object(&c, t, tree, NULL) : conform_custom(&c, t, tree);
}

int api_conform(const struct api_type *t, json_t *tree, struct api_strings *unknown,
		struct err *err)
{
	return api_conform_text(t, tree, STR(""), unknown, err);
}

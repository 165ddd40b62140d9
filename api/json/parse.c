/* SPDX-License-Identifier: Apache-2.0 */
/* JSON text to a jansson tree. Members that come twice: the last one wins, and their paths are told. Whole numbers that fit
 * 64 bits become integers, all others doubles, as upstream's decoder does. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "api/codec.h"
#include "api/json/reader.h"
#include "api/path.h"
#include "base/mem.h"

void api_strings_free(struct api_strings *s)
{
	for (size_t i = 0; i < s->n; i++)
		free(s->items[i]);
	free(s->items);
	*s = (struct api_strings){ 0 };
}

void api_strings_add(struct api_strings *s, char *take)
{
	if ((s->n & (s->n - 1)) == 0)
		s->items = mem_realloc(s->items, (s->n ? 2 * s->n : 1) * sizeof *s->items);
	s->items[s->n++] = take;
}

struct parser {
	struct reader r;
	struct api_strings *dup;
	const char *bad_number;
	struct str bad_text;
};

static json_t *parse_value(struct parser *p, const struct path *at);

static json_t *parse_string(struct parser *p)
{
	struct reader_text t;
	if (!reader_string(&p->r, &t))
		return NULL;
	if (!t.cooked)
		return json_stringn_nocheck(t.raw.p, t.raw.n);
	char *text = mem_alloc(3 * t.raw.n + 1);
	json_t *v = json_stringn_nocheck(text, reader_cook(t.raw, text));
	free(text);
	return v;
}

static json_t *parse_number(struct parser *p)
{
	struct str text;
	bool integer;
	int64_t whole;
	if (!reader_number(&p->r, &text, &integer))
		return NULL;
	if (integer && str_to_i64(text, &whole))
		return json_integer(whole);
	char *copy = str_dup(text); /* strtod needs its end */
	double v = strtod(copy, NULL);
	free(copy);
	if (isfinite(v))
		return json_real(v);
	if (!p->bad_number) {
		p->bad_number = "float64";
		p->bad_text = text;
	}
	return json_real(0);
}

static bool put(struct parser *p, json_t *object, struct str key, const struct path *at)
{
	struct path member = { .up = at, .name = key };
	if (p->dup && json_object_getn(object, key.p, key.n))
		api_strings_add(p->dup, path_text(&member));
	json_t *v = parse_value(p, &member);
	return v && json_object_setn_new_nocheck(object, key.p, key.n, v) == 0;
}

static json_t *parse_object(struct parser *p, const struct path *at)
{
	json_t *object = json_object();
	struct reader_text t;
	bool ok = reader_object(&p->r);
	while (ok && reader_member(&p->r, &t)) {
		if (!t.cooked) {
			ok = put(p, object, t.raw, at);
			continue;
		}
		char *text = mem_alloc(3 * t.raw.n + 1);
		ok = put(p, object, str_of(text, reader_cook(t.raw, text)), at);
		free(text);
	}
	if (p->r.failed || !ok) {
		json_decref(object);
		return NULL;
	}
	return object;
}

static json_t *parse_array(struct parser *p, const struct path *at)
{
	json_t *list = json_array();
	struct path item = { .up = at, .index = 0, .is_index = true };
	bool ok = reader_array(&p->r);
	while (ok && reader_item(&p->r)) {
		json_t *v = parse_value(p, &item);
		ok = v && json_array_append_new(list, v) == 0;
		item.index++;
	}
	if (p->r.failed || !ok) {
		json_decref(list);
		return NULL;
	}
	return list;
}

static json_t *parse_value(struct parser *p, const struct path *at)
{
	bool flag = false;
	switch (reader_peek(&p->r)) {
	case READ_OBJECT: return parse_object(p, at);
	case READ_ARRAY: return parse_array(p, at);
	case READ_STRING: return parse_string(p);
	case READ_NUMBER: return parse_number(p);
	case READ_BOOL: return reader_bool(&p->r, &flag) ? json_boolean(flag) : NULL;
	case READ_NULL: return reader_null(&p->r) ? json_null() : NULL;
	case READ_NOTHING: break;
	}
	reader_skip(&p->r); /* says what is wrong */
	return NULL;
}

int api_json_parse(struct str text, json_t **out, struct api_strings *dup, struct err *err)
{
	struct parser p = { .dup = dup };
	if (text.n > 2 * API_BODY_MAX) /* what is stored may be more than what was sent */
		return err_set(err, ERR_TOO_LARGE, "Request entity too large: limit is %u",
			       API_BODY_MAX);
	reader_init(&p.r, text);
	json_t *v = parse_value(&p, NULL);
	if (v && reader_end(&p.r) && !p.bad_number) {
		*out = v;
		return 0;
	}
	json_decref(v);
	if (p.r.failed)
		return reader_error(&p.r, err);
	return err_set(err, ERR_BAD_REQUEST,
		       "json: cannot unmarshal number %.*s into Go value of type %s",
		       STR_ARG(p.bad_text), p.bad_number ? p.bad_number : "value");
}

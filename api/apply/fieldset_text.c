/* SPDX-License-Identifier: Apache-2.0 */
/* Field sets from and to JSON (FieldsV1), and as paths for people. */
#include <stdio.h>

#include "api/apply/fieldset_node.h"
#include "api/codec.h"
#include "api/object/meta.h"
#include "base/mem.h"
#include "base/sort.h"

void scalar_of(struct arena *a, const json_t *value, struct scalar *out)
{
	*out = (struct scalar){ .kind = SCALAR_NULL };
	if (json_is_string(value)) {
		out->kind = SCALAR_STRING;
		out->s = tree_str(value);
	} else if (json_is_integer(value)) {
		out->kind = SCALAR_INT;
		out->i = json_integer_value(value);
	} else if (json_is_real(value)) {
		out->kind = SCALAR_FLOAT;
		out->d = json_real_value(value);
	} else if (json_is_boolean(value)) {
		out->kind = SCALAR_BOOL;
		out->i = json_is_true(value);
	} else if (value && !json_is_null(value)) {
		char *text = json_dumps(value, JSON_COMPACT | JSON_SORT_KEYS);
		out->kind = SCALAR_OTHER;
		out->s = arena_str(a, str_from(text));
		free(text);
	}
}

/* ---- reading ---- */

static int by_key_name(const void *x, const void *y)
{
	const struct element_key *a = x, *b = y;
	return str_cmp(a->name, b->name);
}

/* The tree goes away: texts move into the arena. */
static void keep_scalar(struct arena *a, const json_t *value, struct scalar *out)
{
	scalar_of(a, value, out);
	if (out->kind == SCALAR_STRING)
		out->s = arena_str(a, out->s);
}

static void read_keys(struct arena *a, const json_t *object, struct element *out)
{
	struct element_key *keys = ARENA_ARRAY(a, struct element_key, json_object_size(object) + 1);
	const char *name;
	json_t *value;
	json_object_foreach ((json_t *)object, name, value) {
		struct element_key *k = &keys[out->nkeys++];
		k->name = arena_str(a, str_from(name));
		keep_scalar(a, value, &k->value);
	}
	sort_mostly(keys, out->nkeys, sizeof(*keys), by_key_name);
	out->keys = keys;
}

static bool read_key(struct arena *a, struct str text, struct element *out)
{
	json_t *object = NULL;
	if (api_json_parse(text, &object, NULL, NULL) < 0 || !json_is_object(object)) {
		json_decref(object);
		return false;
	}
	read_keys(a, object, out);
	json_decref(object);
	return true;
}

static bool read_value(struct arena *a, struct str text, struct element *out)
{
	json_t *value = json_loadb(text.p, text.n, JSON_DECODE_ANY, NULL);
	if (!value)
		return false;
	struct element_key *key = ARENA_NEW(a, struct element_key);
	keep_scalar(a, value, &key->value);
	out->keys = key;
	out->nkeys = 1;
	json_decref(value);
	return true;
}

/* 1: an element; 0: of a kind that we don't know, to be skipped; negative: broken */
static int read_element(struct arena *a, struct str text, struct element *out, struct err *err)
{
	if (text.n < 2)
		return err_set(err, ERR_BAD_REQUEST, "key must be 2 characters long: %.*s",
			       STR_ARG(text));
	if (text.p[1] != ':')
		return err_set(err, ERR_BAD_REQUEST, "missing colon: %.*s", STR_ARG(text));
	struct str rest = str_of(text.p + 2, text.n - 2);
	bool ok = true;
	*out = (struct element){ 0 };
	switch (text.p[0]) {
	case 'f': out->name = arena_str(a, rest); return 1;
	case 'k':
		out->kind = ELEMENT_KEY;
		ok = read_key(a, rest, out);
		break;
	case 'v':
		out->kind = ELEMENT_VALUE;
		ok = read_value(a, rest, out);
		break;
	case 'i':
		out->kind = ELEMENT_INDEX;
		ok = str_to_i64(rest, &out->index);
		break;
	default: return 0;
	}
	return ok ? 1
		  : err_set(err, ERR_BAD_REQUEST, "parsing key as path element: %.*s",
			    STR_ARG(text));
}

/* *self: the node is a member itself, because it says so or has nothing below. */
static int read_set(struct arena *a, const json_t *fields, const struct fieldset **out, bool *self,
		    struct err *err)
{
	struct set_builder b = { .a = a };
	const char *name;
	size_t n;
	json_t *value;
	*self = false;
	*out = NULL;
	if (!json_is_object(fields) && fields && !json_is_null(fields))
		return err_set(err, ERR_BAD_REQUEST, "managed fields must be an object");
	json_object_keylen_foreach((json_t *)fields, name, n, value)
	{
		struct element e;
		const struct fieldset *below;
		bool member;
		if (strcmp(name, ".") == 0) {
			*self = true;
			continue;
		}
		int r = read_element(a, str_of(name, n), &e, err);
		if (r == 0)
			continue;
		if (r > 0)
			r = read_set(a, value, &below, &member, err);
		if (r < 0)
			return r;
		set_add(&b, e, member, below);
	}
	*out = set_finish(&b);
	*self = *self || !*out;
	return 0;
}

int fieldset_parse(struct arena *a, const json_t *fields_v1, const struct fieldset **out,
		   struct err *err)
{
	bool self;
	return read_set(a, fields_v1, out, &self, err);
}

/* ---- writing ---- */

static void write_float(double d, struct buf *out)
{
	json_t *number = json_real(d);
	char *text = json_dumps(number, JSON_ENCODE_ANY);
	buf_puts(out, text ? text : "0");
	free(text);
	json_decref(number);
}

static void write_scalar(const struct scalar *s, struct buf *out)
{
	switch (s->kind) {
	case SCALAR_INT: buf_i64(out, s->i); break;
	case SCALAR_FLOAT: write_float(s->d, out); break;
	case SCALAR_STRING: buf_json_string(out, s->s); break;
	case SCALAR_BOOL: buf_puts(out, s->i ? "true" : "false"); break;
	case SCALAR_OTHER: buf_str(out, s->s); break;
	case SCALAR_NULL: buf_puts(out, "null"); break;
	}
}

/* The element as a key of FieldsV1, without quotes and escapes of its own. */
static void write_element(const struct element *e, struct buf *out)
{
	switch (e->kind) {
	case ELEMENT_FIELD:
		buf_puts(out, "f:");
		buf_str(out, e->name);
		break;
	case ELEMENT_KEY:
		buf_puts(out, "k:{");
		for (size_t i = 0; i < e->nkeys; i++) {
			if (i)
				buf_putc(out, ',');
			buf_json_string(out, e->keys[i].name);
			buf_putc(out, ':');
			write_scalar(&e->keys[i].value, out);
		}
		buf_putc(out, '}');
		break;
	case ELEMENT_VALUE:
		buf_puts(out, "v:");
		write_scalar(&e->keys[0].value, out);
		break;
	case ELEMENT_INDEX:
		buf_puts(out, "i:");
		buf_i64(out, e->index);
		break;
	}
}

static void write_set(const struct fieldset *s, bool self, struct buf *key, struct buf *out)
{
	const char *gap = "";
	buf_putc(out, '{');
	if (self && s) {
		buf_puts(out, "\".\":{}");
		gap = ",";
	}
	for (size_t i = 0; s && i < s->n; i++) {
		buf_puts(out, gap);
		buf_reset(key);
		write_element(&s->entries[i].e, key);
		buf_json_string(out, buf_view(key));
		buf_putc(out, ':');
		write_set(s->entries[i].below, s->entries[i].member, key, out);
		gap = ",";
	}
	buf_putc(out, '}');
}

void fieldset_write(const struct fieldset *s, struct buf *out)
{
	auto_buf key = { 0 };
	write_set(s, false, &key, out);
}

static json_t *json_of_set(const struct fieldset *s, bool self, struct buf *key)
{
	json_t *out = json_object();
	if (self && s)
		json_object_set_new(out, ".", json_object());
	for (size_t i = 0; s && i < s->n; i++) {
		json_t *below = json_of_set(s->entries[i].below, s->entries[i].member, key);
		buf_reset(key);
		write_element(&s->entries[i].e, key);
		json_object_setn_new_nocheck(out, key->p, key->n, below);
	}
	return out;
}

json_t *fieldset_json(const struct fieldset *s)
{
	auto_buf key = { 0 };
	return json_of_set(s, false, &key);
}

/* ---- paths ---- */

void element_write(const struct element *e, struct buf *out)
{
	switch (e->kind) {
	case ELEMENT_FIELD:
		buf_putc(out, '.');
		buf_str(out, e->name);
		break;
	case ELEMENT_INDEX: buf_printf(out, "[%lld]", (long long)e->index); break;
	default:
		buf_putc(out, '[');
		for (size_t i = 0; i < e->nkeys; i++) {
			if (i)
				buf_putc(out, ',');
			buf_str(out, e->keys[i].name);
			buf_putc(out, '=');
			write_scalar(&e->keys[i].value, out);
		}
		buf_putc(out, ']');
	}
}

struct path_walk {
	struct buf path;
	void (*each)(void *ctx, struct str path);
	void *ctx;
};

/* Members of a level first, then what is below, as upstream iterates. */
static void walk_paths(struct path_walk *w, const struct fieldset *s)
{
	size_t base = w->path.n;
	for (size_t pass = 0; pass < 2; pass++)
		for (size_t i = 0; s && i < s->n; i++) {
			const struct entry *e = &s->entries[i];
			if (pass == 0 ? !e->member : !e->below)
				continue;
			element_write(&e->e, &w->path);
			if (pass == 0)
				w->each(w->ctx, buf_view(&w->path));
			else
				walk_paths(w, e->below);
			w->path.n = base;
		}
}

void fieldset_paths(const struct fieldset *s, void (*each)(void *ctx, struct str path), void *ctx)
{
	struct path_walk w = { .each = each, .ctx = ctx };
	walk_paths(&w, s);
	buf_free(&w.path);
}

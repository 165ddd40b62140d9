/* SPDX-License-Identifier: Apache-2.0 */
#include "api/object/view.h"

#include "base/mem.h"

static uint32_t add_node(struct view *v)
{
	v->nodes = mem_array_grow(v->nodes, &v->cap, v->n + 1, sizeof(*v->nodes));
	v->nodes[v->n] = (struct view_node){ 0 };
	return (uint32_t)v->n++;
}

static void set_span(struct view *v, uint32_t i, const char *from, const char *to)
{
	v->nodes[i].at = (uint32_t)(from - v->text.p);
	v->nodes[i].n = (uint32_t)(to - from);
}

static void load_value(struct view *v, struct reader *r, uint32_t i);

static void load_object(struct view *v, struct reader *r)
{
	struct reader_text key;
	if (!reader_object(r))
		return;
	while (reader_member(r, &key)) {
		uint32_t i = add_node(v);
		v->nodes[i].key_at = (uint32_t)(key.raw.p - v->text.p);
		v->nodes[i].key_n = (uint32_t)key.raw.n;
		load_value(v, r, i);
	}
}

static void load_array(struct view *v, struct reader *r)
{
	if (!reader_array(r))
		return;
	while (reader_item(r))
		load_value(v, r, add_node(v));
}

static void load_string(struct view *v, struct reader *r, uint32_t i)
{
	struct reader_text text;
	if (!reader_string(r, &text))
		return;
	set_span(v, i, text.raw.p, text.raw.p + text.raw.n);
	v->nodes[i].cooked = text.cooked;
}

static void load_plain(struct view *v, struct reader *r, uint32_t i)
{
	struct str text;
	if (reader_value(r, &text))
		set_span(v, i, text.p, text.p + text.n);
}

static void load_value(struct view *v, struct reader *r, uint32_t i)
{
	enum reader_type type = reader_peek(r);
	const char *from = r->p;
	v->nodes[i].type = (uint8_t)type;
	if (type == READ_OBJECT || type == READ_ARRAY) {
		if (type == READ_OBJECT)
			load_object(v, r);
		else
			load_array(v, r);
		set_span(v, i, from, r->p);
	} else if (type == READ_STRING) {
		load_string(v, r, i);
	} else {
		load_plain(v, r, i);
	}
	v->nodes[i].next = (uint32_t)v->n;
}

int view_load(struct view *v, struct str json, struct err *err)
{
	struct reader r;
	v->text = json;
	v->n = 0;
	if (json.n > UINT32_MAX)
		return err_set(err, ERR_TOO_LARGE, "object of %zu bytes", json.n);
	reader_init(&r, json);
	load_value(v, &r, add_node(v));
	return r.failed || !reader_end(&r) ? reader_error(&r, err) : 0;
}

void view_free(struct view *v)
{
	free(v->nodes);
	*v = (struct view){ 0 };
}

struct at view_root(const struct view *v)
{
	return v->n ? (struct at){ v, 0 } : (struct at){ 0 };
}

static const struct view_node *node(struct at a)
{
	return &a.v->nodes[a.i];
}

struct at at_first(struct at a)
{
	if (!a.v || node(a)->next == a.i + 1 ||
	    (node(a)->type != READ_OBJECT && node(a)->type != READ_ARRAY))
		return (struct at){ 0 };
	return (struct at){ a.v, a.i + 1 };
}

struct at at_next(struct at parent, struct at child)
{
	uint32_t next = node(child)->next;
	return next < node(parent)->next ? (struct at){ child.v, next } : (struct at){ 0 };
}

static struct at find(struct at a, struct str key)
{
	if (at_type(a) != READ_OBJECT)
		return (struct at){ 0 };
	AT_EACH(a, it)
	if (str_eq(at_key(it), key))
		return it;
	return (struct at){ 0 };
}

struct at at_get(struct at a, const char *key)
{
	return find(a, str_from(key));
}

struct at at_path(struct at a, const char *path)
{
	struct str rest = str_from(path), key;
	while (a.v && str_next(&rest, '.', &key))
		a = find(a, key);
	return a;
}

struct at at_item(struct at a, size_t index)
{
	if (at_type(a) != READ_ARRAY)
		return (struct at){ 0 };
	AT_EACH(a, it)
	if (index-- == 0)
		return it;
	return (struct at){ 0 };
}

size_t at_count(struct at a)
{
	size_t n = 0;
	AT_EACH(a, it)
	n++;
	return n;
}

enum reader_type at_type(struct at a)
{
	return a.v ? (enum reader_type)node(a)->type : READ_NOTHING;
}

struct str at_raw(struct at a)
{
	size_t quote = at_type(a) == READ_STRING ? 1 : 0;
	return a.v ? str_of(a.v->text.p + node(a)->at - quote, node(a)->n + 2 * quote)
		   : (struct str){ 0 };
}

struct str at_key(struct at a)
{
	return str_of(a.v->text.p + node(a)->key_at, node(a)->key_n);
}

void at_text(struct at a, struct buf *out)
{
	enum reader_type type = at_type(a);
	if (type == READ_NOTHING || type == READ_NULL)
		return;
	struct str raw = str_of(a.v->text.p + node(a)->at, node(a)->n);
	if (type != READ_STRING || !node(a)->cooked) {
		buf_str(out, raw);
		return;
	}
	buf_reserve(out, 3 * raw.n + 1);
	out->n += reader_cook(raw, out->p + out->n);
	out->p[out->n] = 0;
}

bool at_eq(struct at a, const char *text)
{
	return at_type(a) == READ_STRING &&
	       str_eqz(str_of(a.v->text.p + node(a)->at, node(a)->n), text);
}

bool at_empty(struct at a)
{
	enum reader_type type = at_type(a);
	return type == READ_NOTHING || type == READ_NULL ||
	       (type == READ_STRING && node(a)->n == 0);
}

int64_t at_int(struct at a, int64_t absent)
{
	int64_t v;
	if (at_type(a) != READ_NUMBER || !str_to_i64(at_raw(a), &v))
		return absent;
	return v;
}

bool at_true(struct at a)
{
	return at_type(a) == READ_BOOL && str_eq(at_raw(a), STR("true"));
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "net/http1.h"

#include <string.h>

#include "net/http_exchange.h"

static bool add(struct http1_head *h, const char *p, size_t n)
{
	if (n > HTTP_HEAD_MAX - h->text.n)
		return false;
	buf_add(&h->text, p, n);
	return true;
}

bool http1_head_target(struct http1_head *h, const char *p, size_t n)
{
	if (!add(h, p, n))
		return false;
	h->target_n += n;
	return true;
}

bool http1_head_name(struct http1_head *h, const char *p, size_t n)
{
	if (h->nspans == 0 || h->in_value) {
		if (h->nspans == HTTP1_FIELDS_MAX)
			return false;
		if (h->nspans == h->cap)
			h->spans =
				mem_array_grow(h->spans, &h->cap, h->nspans + 1, sizeof(*h->spans));
		h->spans[h->nspans++] =
			(struct http1_span){ .name = h->text.n, .value = h->text.n };
		h->in_value = false;
	}
	struct http1_span *s = &h->spans[h->nspans - 1];
	if (!add(h, p, n))
		return false;
	for (size_t i = h->text.n - n; i < h->text.n; i++) {
		char c = h->text.p[i];
		if (c >= 'A' && c <= 'Z')
			h->text.p[i] = (char)(c | 0x20);
	}
	s->name_n += n;
	return true;
}

bool http1_head_value(struct http1_head *h, const char *p, size_t n)
{
	struct http1_span *s = &h->spans[h->nspans - 1];
	if (!h->in_value)
		s->value = h->text.n;
	h->in_value = true;
	if (!add(h, p, n))
		return false;
	s->value_n += n;
	return true;
}

void http1_head_reset(struct http1_head *h)
{
	buf_reset(&h->text);
	h->nspans = 0;
	h->target_n = 0;
	h->in_value = false;
}

void http1_head_free(struct http1_head *h)
{
	buf_free(&h->text);
	free(h->spans);
	*h = (struct http1_head){ 0 };
}

const struct http_field *http1_head_fields(const struct http1_head *h, struct arena *a, size_t *n)
{
	*n = h->nspans;
	if (h->nspans == 0)
		return NULL;
	struct str text = arena_str(a, buf_view(&h->text));
	struct http_field *out = ARENA_ARRAY(a, struct http_field, h->nspans);
	for (size_t i = 0; i < h->nspans; i++) {
		const struct http1_span *s = &h->spans[i];
		out[i].name = str_of(text.p + s->name, s->name_n);
		out[i].value = str_trim(str_of(text.p + s->value, s->value_n));
	}
	return out;
}

/* A value that came from somewhere else must not be able to start a new line. */
static void add_clean(struct buf *out, struct str s)
{
	for (size_t i = 0; i < s.n; i++) {
		char c = s.p[i];
		buf_putc(out, c == '\r' || c == '\n' || c == '\0' ? ' ' : c);
	}
}

void http1_add_fields(struct buf *out, const struct http_field *f, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		add_clean(out, f[i].name);
		buf_add(out, ": ", 2);
		add_clean(out, f[i].value);
		buf_add(out, "\r\n", 2);
	}
}

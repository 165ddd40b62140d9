/* SPDX-License-Identifier: Apache-2.0 */
#include "server/apiserver/warned.h"

#include <stdlib.h>

#include "base/mem.h"

#define TOTAL_RUNES 4096
#define ITEM_RUNES  256

static bool begins_rune(char c)
{
	return ((unsigned char)c & 0xc0) != 0x80;
}

static size_t runes_of(struct str s)
{
	size_t n = 0;
	for (size_t i = 0; i < s.n; i++)
		n += begins_rune(s.p[i]);
	return n;
}

static size_t sent_runes(const struct warned *w, struct str s)
{
	size_t n = runes_of(s);
	return w->cut && n > ITEM_RUNES ? ITEM_RUNES : n;
}

static struct str cut(struct str s)
{
	size_t n = 0;
	for (size_t i = 0; i < s.n; i++) {
		n += begins_rune(s.p[i]);
		if (n > ITEM_RUNES)
			return str_of(s.p, i);
	}
	return s;
}

static bool heard(const struct warned *w, struct str text)
{
	for (size_t i = 0; i < w->n; i++)
		if (str_eq(w->texts[i], text))
			return true;
	return false;
}

bool warned_add(struct warned *w, struct str text)
{
	if (w->cut && w->runes >= TOTAL_RUNES)
		return false;
	if (text.n == 0 || heard(w, text))
		return true;
	w->texts = mem_array_grow(w->texts, &w->cap, w->n + 1, sizeof(*w->texts));
	w->texts[w->n++] = str_of(str_dup(text), text.n);
	w->runes += sent_runes(w, text);
	if (w->runes > TOTAL_RUNES && !w->cut) {
		w->cut = true;
		w->runes = 0;
		for (size_t i = 0; i < w->n; i++)
			w->runes += sent_runes(w, w->texts[i]);
	}
	return true;
}

static bool control(unsigned char c, unsigned char next)
{
	return c < 0x20 || c == 0x7f || (c == 0xc2 && next < 0xa0);
}

bool warned_header(const struct warned *w, size_t i, struct buf *out)
{
	struct str s = w->cut ? cut(w->texts[i]) : w->texts[i];
	for (size_t k = 0; k < s.n; k++)
		if (control((unsigned char)s.p[k], k + 1 < s.n ? (unsigned char)s.p[k + 1] : 0xff))
			return false;
	buf_puts(out, "299 - \"");
	for (size_t k = 0; k < s.n; k++) {
		if (s.p[k] == '"' || s.p[k] == '\\')
			buf_putc(out, '\\');
		buf_putc(out, s.p[k]);
	}
	buf_putc(out, '"');
	return true;
}

void warned_free(struct warned *w)
{
	for (size_t i = 0; i < w->n; i++)
		free((char *)w->texts[i].p);
	free(w->texts);
	*w = (struct warned){ 0 };
}

/* SPDX-License-Identifier: Apache-2.0 */
/* A tokenizer of as much HTML as it takes to know where attributes are: text, tags, comments, elements whose content is text only. */
#include "net/html_links.h"

#include <string.h>

#include "base/mem.h"

enum state {
	TEXT,
	OPEN,        /* after < */
	DECLARATION, /* <! or <? */
	COMMENT,
	END_TAG,
	TAG_NAME,
	BEFORE_NAME,
	NAME,
	AFTER_NAME,
	BEFORE_VALUE,
	VALUE,
};

static const struct {
	const char *tag, *attributes;
} link_places[] = {
	{ "a", "href" },
	{ "applet", "codebase" },
	{ "area", "href" },
	{ "audio", "src" },
	{ "base", "href" },
	{ "blockquote", "cite" },
	{ "body", "background" },
	{ "button", "formaction" },
	{ "command", "icon" },
	{ "del", "cite" },
	{ "embed", "src" },
	{ "form", "action" },
	{ "frame", "longdesc src" },
	{ "head", "profile" },
	{ "html", "manifest" },
	{ "iframe", "longdesc src" },
	{ "img", "longdesc src usemap" },
	{ "input", "src usemap formaction" },
	{ "ins", "cite" },
	{ "link", "href" },
	{ "object", "classid codebase data usemap" },
	{ "q", "cite" },
	{ "script", "src" },
	{ "source", "src" },
	{ "video", "poster src" },
};
static const char *const text_elements[] = { "iframe",    "noembed", "noframes", "noscript",
					     "plaintext", "script",  "style",    "textarea",
					     "title",     "xmp" };

static bool is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f';
}

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c;
}

static void add(char name[HTML_NAME_MAX], size_t *n, char c)
{
	if (*n < HTML_NAME_MAX)
		name[*n] = lower(c);
	if (*n <= HTML_NAME_MAX)
		++*n; /* one that is too long is no name that we know */
}

static struct str name_of(const char name[HTML_NAME_MAX], size_t n)
{
	return n <= HTML_NAME_MAX ? str_of(name, n) : (struct str){ 0 };
}

static bool holds_link(const struct html_links *h)
{
	struct str tag = name_of(h->tag, h->ntag), attribute = name_of(h->attribute, h->nattribute),
		   word;
	for (size_t i = 0; i < COUNT_OF(link_places); i++) {
		if (!str_eqz(tag, link_places[i].tag))
			continue;
		struct str rest = str_from(link_places[i].attributes);
		while (str_next(&rest, ' ', &word))
			if (str_eq(word, attribute))
				return true;
	}
	return false;
}

void html_links_init(struct html_links *h, const struct link_base *base)
{
	*h = (struct html_links){ .base = base };
}

void html_links_free(struct html_links *h)
{
	buf_free(&h->value);
}

/* The value is whole, or will not be kept any longer. */
static void write_value(struct html_links *h, struct buf *out, bool whole)
{
	if (!whole || !link_rewrite(h->base, buf_view(&h->value), out))
		buf_str(out, buf_view(&h->value));
	buf_reset(&h->value);
	h->is_link = false;
}

static void tag_ended(struct html_links *h)
{
	h->state = TEXT;
	h->text_only = false;
	for (size_t i = 0; i < COUNT_OF(text_elements); i++)
		if (str_eqz(name_of(h->tag, h->ntag), text_elements[i]))
			h->text_only = true;
	h->matched = 0;
}

/* Content that is text only: looks for "</TAG" and nothing else. */
static void text_only(struct html_links *h, char c)
{
	size_t n = h->matched;
	bool fits = n == 0   ? c == '<'
		    : n == 1 ? c == '/'
			     : n - 2 < h->ntag && lower(c) == h->tag[n - 2];
	if (fits) {
		h->matched++;
	} else if (n == h->ntag + 2 && (is_space(c) || c == '/' || c == '>')) {
		h->text_only = false;
		h->state = c == '>' ? TEXT : END_TAG;
		h->matched = 0;
	} else {
		h->matched = c == '<';
	}
}

static void opened(struct html_links *h, char c)
{
	bool letter = lower(c) >= 'a' && lower(c) <= 'z';
	h->ntag = h->nattribute = h->matched = 0;
	if (letter) {
		add(h->tag, &h->ntag, c);
		h->state = TAG_NAME;
	} else if (c == '/') {
		h->state = END_TAG;
	} else if (c == '!' || c == '?') {
		h->state = DECLARATION;
	} else {
		h->state = c == '<' ? OPEN : TEXT;
	}
}

/* <!DOCTYPE … >, or <!-- … --> */
static void declaration(struct html_links *h, char c)
{
	if (c == '-' && h->matched < 2) {
		if (++h->matched == 2) {
			h->state = COMMENT;
			h->matched = 2; /* <!--> is a whole comment */
		}
		return;
	}
	h->matched = 3; /* too late for a comment */
	if (c == '>')
		h->state = TEXT;
}

static void comment(struct html_links *h, char c)
{
	if (c == '>' && h->matched >= 2)
		h->state = TEXT;
	else
		h->matched = c == '-' ? h->matched + 1 : 0;
}

static void begin_value(struct html_links *h, char quote)
{
	h->quote = quote;
	h->is_link = holds_link(h);
	h->state = VALUE;
}

static void attributes(struct html_links *h, char c)
{
	if (c == '>') {
		tag_ended(h);
	} else if (h->state == TAG_NAME) {
		if (is_space(c) || c == '/')
			h->state = BEFORE_NAME;
		else
			add(h->tag, &h->ntag, c);
	} else if (is_space(c)) {
		h->state = h->state == NAME ? AFTER_NAME : h->state;
	} else if (h->state == BEFORE_VALUE) {
		begin_value(h, c == '"' || c == '\'' ? c : 0);
	} else if (c == '=' && h->nattribute) {
		h->state = BEFORE_VALUE;
	} else if (c == '/') {
		h->state = BEFORE_NAME;
	} else {
		if (h->state != NAME)
			h->nattribute = 0;
		h->state = NAME;
		add(h->attribute, &h->nattribute, c);
	}
}

/* True: the byte is kept back. */
static bool value(struct html_links *h, char c, struct buf *out)
{
	bool ends = h->quote ? c == h->quote : is_space(c) || c == '>';
	if (ends) {
		write_value(h, out, true);
		h->nattribute = 0;
		h->state = BEFORE_NAME;
		if (c == '>' && !h->quote)
			tag_ended(h);
		return false;
	}
	if (!h->is_link)
		return false;
	buf_putc(&h->value, c);
	if (h->value.n > HTML_LINK_MAX)
		write_value(h, out, false);
	return true;
}

static bool step(struct html_links *h, char c, struct buf *out)
{
	enum state before = (enum state)h->state;
	if (h->text_only) {
		text_only(h, c);
		return false;
	}
	switch (before) {
	case TEXT: h->state = c == '<' ? OPEN : TEXT; return false;
	case OPEN: opened(h, c); return false;
	case DECLARATION: declaration(h, c); return false;
	case COMMENT: comment(h, c); return false;
	case END_TAG: h->state = c == '>' ? TEXT : END_TAG; return false;
	case VALUE: return value(h, c, out);
	default: attributes(h, c);
	}
	/* an unquoted value begins with this byte */
	return before == BEFORE_VALUE && h->state == VALUE && !h->quote && value(h, c, out);
}

void html_links_feed(struct html_links *h, struct str piece, struct buf *out)
{
	for (size_t i = 0; i < piece.n; i++)
		if (!step(h, piece.p[i], out))
			buf_putc(out, piece.p[i]);
}

void html_links_end(struct html_links *h, struct buf *out)
{
	write_value(h, out, false);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "api/validation/pem.h"

#include <stdio.h>
#include <string.h>

#include "base/encode.h"

#define LINE 64

static const char begin[] = "-----BEGIN ", dashes[] = "-----";

/* The text behind `what`, or NULL. */
static const char *behind(struct str in, const char *what)
{
	const char *at = in.n ? memmem(in.p, in.n, what, strlen(what)) : NULL;
	return at ? at + strlen(what) : NULL;
}

static struct str from_to(const char *p, const char *end)
{
	return str_of(p, (size_t)(end - p));
}

static struct str without_headers(struct str body, bool *headers)
{
	struct str rest = body, line;
	*headers = false;
	while (str_next(&rest, '\n', &line) && str_find(line, ':') < line.n) {
		*headers = true;
		body = rest;
	}
	return body;
}

bool pem_next(struct str *rest, struct pem_block *out)
{
	const char *end = rest->p + rest->n, *type, *type_end, *close;
	while ((type = behind(*rest, begin))) {
		char closing[128];
		*out = (struct pem_block){ 0 };
		*rest = from_to(type, end);
		type_end = memmem(type, (size_t)(end - type), dashes, strlen(dashes));
		if (!type_end || type_end - type > 64)
			continue;
		out->type = from_to(type, type_end);
		snprintf(closing, sizeof(closing), "-----END %.*s-----", STR_ARG(out->type));
		*rest = from_to(type_end + strlen(dashes), end);
		close = behind(*rest, closing);
		if (!close)
			continue;
		struct str body =
			without_headers(str_trim(from_to(rest->p, close - strlen(closing))),
					&out->headers);
		*rest = from_to(close, end);
		if (base64_decode(&out->der, body))
			return true;
		buf_free(&out->der);
	}
	return false;
}

void pem_write(struct buf *out, const char *type, struct str der)
{
	auto_buf text = { 0 };
	base64_encode(&text, der.p, der.n);
	buf_printf(out, "-----BEGIN %s-----\n", type);
	for (size_t at = 0; at < text.n; at += LINE) {
		buf_add(out, text.p + at, text.n - at < LINE ? text.n - at : LINE);
		buf_putc(out, '\n');
	}
	buf_printf(out, "-----END %s-----\n", type);
}

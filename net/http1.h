/* SPDX-License-Identifier: Apache-2.0 */
/* Pieces of HTTP/1.1 that server and client share. Private to net/. */
#ifndef NET_HTTP1_H
#define NET_HTTP1_H

#include "base/arena.h"
#include "base/buf.h"
#include "net/http_server.h"

/* Head under construction: the parser delivers names and values in pieces. Offsets into `text`, which moves as it grows. */
struct http1_head {
	struct buf text;
	struct http1_span {
		size_t name, name_n, value, value_n;
	} * spans;
	size_t nspans, cap;
	size_t target_n; /* the text starts with the target (or the reason phrase) */
	bool in_value;
};
#define HTTP1_FIELDS_MAX 500

bool http1_head_target(struct http1_head *h, const char *p, size_t n); /* false: limits */
bool http1_head_name(struct http1_head *h, const char *p, size_t n);
bool http1_head_value(struct http1_head *h, const char *p, size_t n);
void http1_head_reset(struct http1_head *h);
void http1_head_free(struct http1_head *h);
/* Copies the fields into the arena. */
const struct http_field *http1_head_fields(const struct http1_head *h, struct arena *a, size_t *n);

/* "name: value\r\n", line breaks removed */
void http1_add_fields(struct buf *out, const struct http_field *f, size_t n);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* A piece of output that many streaming answers of one loop send: made once, in one block, with HTTP/1.1's chunk framing
 * (RFC 9112, 7.1) around it. Counted without atomics: all of its requests live on the loop that made it. */
#ifndef NET_HTTP_FRAME_H
#define NET_HTTP_FRAME_H

#include "net/http_server.h"

struct http_frame {
	int refs;
	struct str body;    /* what the parts were */
	struct str chunked; /* the same as one chunk of HTTP/1.1 */
};
struct http_frame *http_frame_new(const struct chunk *parts, size_t n); /* copied */
void http_frame_unref(struct http_frame *f);                            /* NULL is fine */
struct chunk http_frame_chunk(struct http_frame *f, bool chunked);      /* holds a reference */
/* http_stream_write() of a frame, which stays the caller's, too. */
size_t http_stream_write_frame(struct http_request *req, struct http_frame *f);

#endif

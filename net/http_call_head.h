/* SPDX-License-Identifier: Apache-2.0 */
/* The request line and the fields of a call over HTTP/1.1 (RFC 9112). Private to net/. */
#ifndef NET_HTTP_CALL_HEAD_H
#define NET_HTTP_CALL_HEAD_H

#include "base/buf.h"
#include "net/http_client.h"

/* Appends the head, with what the caller left out: host, and how long the body is. True: the body goes in chunks. */
bool http_call_head(const struct http_call_spec *spec, struct buf *out);
bool http_call_has_field(const struct http_call_spec *spec, const char *name);

#endif

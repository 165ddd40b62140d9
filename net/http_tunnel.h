/* SPDX-License-Identifier: Apache-2.0 */
/* A CONNECT request of HTTP/2 (RFC 8441) as a byte stream: its body one way, its streaming answer the other. Private to net/. */
#ifndef NET_HTTP_TUNNEL_H
#define NET_HTTP_TUNNEL_H

#include "net/http_exchange.h"

/* The caller has started the answer. Takes over the request's callbacks; its old on_close is called last. */
struct stream *http_tunnel_new(struct http_exchange *x);

#endif

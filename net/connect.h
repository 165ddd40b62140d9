/* SPDX-License-Identifier: Apache-2.0 */
/* Connects to a host by TCP: resolves the name on a worker thread, then tries its addresses in order, the next one when the
 * last failed or kept silent for 250 ms (RFC 8305 in small). Private to net/. Loop thread only. */
#ifndef NET_CONNECT_H
#define NET_CONNECT_H

#include "net/stream.h"

struct connect;
/* Called once, never from inside connect_start(): a stream, or NULL and why not. */
typedef void (*connect_done)(void *ctx, struct stream *s, const struct err *err);
struct connect *connect_start(struct loop *l, const char *host, int port, uint64_t timeout_ms,
			      connect_done done, void *ctx);
void connect_cancel(struct connect *c); /* before done: done is not called */

#endif

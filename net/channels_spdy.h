/* SPDX-License-Identifier: Apache-2.0 */
/* Private to channels_spdy.c and its parts. */
#ifndef NET_CHANNELS_SPDY_H
#define NET_CHANNELS_SPDY_H

#include "net/channels_session.h"
#include "net/spdy.h"
#include "net/websocket.h"

struct spdy_session {
	struct channels base;
	struct spdy *spdy;
	struct stream *stream; /* NULL: tunnelled */
	struct websocket *ws;  /* NULL: not tunnelled */
	struct loop_timer linger;
	bool ended; /* our side said all */
};

/* spdy_ops.opened, with the session for ctx */
bool spdy_stream_opened(void *ctx, uint32_t id, const struct spdy_header *h, size_t n);

#endif

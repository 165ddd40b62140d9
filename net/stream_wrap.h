/* SPDX-License-Identifier: Apache-2.0 */
/* A stream over another one that first delivers bytes which were read too far (an HTTP parser's rest), and tells when it is
 * gone. Private to net/. */
#ifndef NET_STREAM_WRAP_H
#define NET_STREAM_WRAP_H

#include "net/stream.h"

/* Owns `inner`; copies `pending`. closed(ctx) (may be NULL) comes after the owner's on_close. Starts paused. */
struct stream *stream_wrap(struct stream *inner, struct str pending, void (*closed)(void *ctx),
			   void *ctx);
/* More bytes that came before the wrapping; before the owner reads. */
void stream_wrap_pending(struct stream *s, struct str more);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* SPDY/3.1 framing, server side (draft-mbelshe-httpbis-spdy-00 and its 3.1 changes): the part that exec and port-forward use.
 * It neither reads nor writes: bytes go in by spdy_input(), frames come out by send(). The peers (Go's spdystream) know no
 * flow control: WINDOW_UPDATE and SETTINGS are ignored. Private to net/. Loop thread only. */
#ifndef NET_SPDY_H
#define NET_SPDY_H

#include "base/buf.h"

struct spdy;
struct spdy_header {
	struct str name, value; /* name in lower case */
};
enum spdy_status {
	SPDY_PROTOCOL_ERROR = 1,
	SPDY_INVALID_STREAM = 2,
	SPDY_REFUSED_STREAM = 3,
	SPDY_CANCEL = 5,
	SPDY_INTERNAL_ERROR = 6
};
struct spdy_ops {
	void (*send)(void *ctx, struct str head, struct str body);
	/* true: spdy_reply() was sent and the stream exists; false: it is reset */
	bool (*opened)(void *ctx, uint32_t id, const struct spdy_header *h, size_t n);
	/* also for streams that are gone */
	void (*data)(void *ctx, uint32_t id, const char *p, size_t n);
	void (*ended)(void *ctx, uint32_t id);
	void (*reset)(void *ctx, uint32_t id);
};
struct spdy *spdy_new(const struct spdy_ops *ops, void *ctx);
void spdy_free(struct spdy *s);
/* false: the peer broke the protocol; a GOAWAY was sent */
bool spdy_input(struct spdy *s, const char *p, size_t n);
void spdy_reply(struct spdy *s, uint32_t id);
void spdy_data(struct spdy *s, uint32_t id, struct str body, bool fin);
void spdy_reset(struct spdy *s, uint32_t id, enum spdy_status status);
void spdy_goaway(struct spdy *s, uint32_t status); /* 0: ok, 1: protocol error */

/* The dictionary both sides give to zlib: 1423 bytes. */
#define SPDY_DICTIONARY_BYTES 1423
void spdy_dictionary(unsigned char out[SPDY_DICTIONARY_BYTES]);

#endif

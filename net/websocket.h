/* SPDX-License-Identifier: Apache-2.0 */
/* WebSocket, server side (RFC 6455), without extensions. Data messages are delivered in pieces as they come, so their size needs no
 * limit; pings and closes are answered here. Private to net/. Loop thread only. */
#ifndef NET_WEBSOCKET_H
#define NET_WEBSOCKET_H

#include "net/http_server.h"

/* ---- the frame parser, which needs no connection ---- */
enum {
	WEBSOCKET_CONTINUATION = 0,
	WEBSOCKET_TEXT = 1,
	WEBSOCKET_BINARY = 2,
	WEBSOCKET_CLOSE = 8,
	WEBSOCKET_PING = 9,
	WEBSOCKET_PONG = 10
};
#define WEBSOCKET_CONTROL_MAX 125

struct websocket_parser {
	/* set by the owner; `first` and `last` frame a message, pieces before its first byte are `first`, too */
	void (*data)(struct websocket_parser *, const char *p, size_t n, bool first, bool last);
	void (*control)(struct websocket_parser *, int opcode, const char *p, size_t n);
	/* private */
	unsigned char head[14];
	size_t head_n, head_want;
	uint64_t left; /* of the frame's payload */
	unsigned char mask[4];
	unsigned mask_at;
	int opcode;
	bool fin, in_payload, in_message, message_began;
	unsigned char control_data[WEBSOCKET_CONTROL_MAX];
	size_t control_n;
};
/* 0, or the close code for what is wrong (1002). Stops at a mistake for good. */
int websocket_parse(struct websocket_parser *w, const char *p, size_t n);
/* Head of an unmasked frame, at most 10 bytes; returns its length. */
size_t websocket_head(unsigned char out[10], int opcode, size_t n);
void websocket_accept_key(struct str key, char out[29]);

/* ---- a connection ---- */
struct websocket;
struct websocket_ops {
	void (*data)(void *ctx, const char *p, size_t n, bool first, bool last);
	void (*drained)(void *ctx);
	void (*closed)(void *ctx); /* last call */
};
bool websocket_requested(const struct http_request *req);
/* The first of the client's protocols that is in `supported` (NULL-terminated; "" stands for a client that names none). NULL: none. */
const char *websocket_negotiate(const struct http_request *req, const char *const *supported);
/* NULL: the request has been answered with 400. `protocol` may be "". Starts reading. */
struct websocket *websocket_accept(struct http_request *req, const char *protocol,
				   const struct websocket_ops *ops, void *ctx);
/* one message; copies */
void websocket_send(struct websocket *w, int opcode, struct str head, struct str body);
size_t websocket_queued_bytes(const struct websocket *w);
void websocket_pause(struct websocket *w, bool paused);
void websocket_close(struct websocket *w, int code); /* after what is queued; closed() follows */
void websocket_kill(struct websocket *w);            /* at once */

#endif

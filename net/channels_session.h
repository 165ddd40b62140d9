/* SPDX-License-Identifier: Apache-2.0 */
/* What the sessions over WebSocket and over SPDY share: the channels, pausing, the end. Private to net/. */
#ifndef NET_CHANNELS_SESSION_H
#define NET_CHANNELS_SESSION_H

#include "base/buf.h"
#include "net/channels.h"

struct chan {
	struct channel pub;
	struct list link;
	struct channels *session;
	uint32_t id; /* WebSocket: number; SPDY: stream */
	char *request_id;
	struct chan *peer;
	struct buf held; /* input while paused */
	bool paused, in_ended, end_told, out_ended, announced;
	bool writable;          /* by us */
	unsigned char carry[4]; /* base64: characters of an unfinished group */
	size_t carry_n;
};

struct channels_wire {
	void (*write)(struct channels *s, struct chan *c, struct str data);
	void (*end)(struct channels *s, struct chan *c);
	void (*reset)(struct channels *s, struct chan *c);
	void (*pause)(struct channels *s, bool paused);
	void (*close)(struct channels *s); /* graceful */
	void (*kill)(struct channels *s);
	size_t (*queued)(struct channels *s);
	void (*free)(struct channels *s);
};

struct channels {
	const struct channels_wire *wire;
	struct loop *loop;
	struct channels_config config;
	struct list chans;
	size_t nchans;
	int version;      /* remote command: 1 to 5 */
	size_t over_full; /* channels that hold too much */
	bool ready_told, closing, dead;
	struct loop_later deliver;
	struct loop_timer patience; /* for streams that are to come */
};

void session_init(struct channels *s, struct loop *l, const struct channels_config *c,
		  const struct channels_wire *wire);
void session_closed(struct channels *s); /* the connection is gone: closed(), then frees */
struct chan *session_add(struct channels *s, enum channel_kind kind, uint32_t id);
struct chan *session_find(struct channels *s, uint32_t id);
void session_drop(struct channels *s, struct chan *c);
void session_data(struct channels *s, struct chan *c, const char *p, size_t n);
void session_ended(struct channels *s, struct chan *c);
void session_drained(struct channels *s);
/* ready, opened, held data: told at the end of the turn */
void session_schedule(struct channels *s);
/* remote command: streams that a SPDY client opens */
size_t session_expected(const struct channels *s);

/* One per protocol (channels_tunnel: SPDY in WebSocket messages); NULL: answered. */
struct channels *channels_accept_websocket(struct http_request *req,
					   const struct channels_config *c);
struct channels *channels_accept_spdy(struct http_request *req, const struct channels_config *c);
struct channels *channels_tunnel(struct http_request *req, const struct channels_config *c);

#endif

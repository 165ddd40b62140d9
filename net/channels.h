/* SPDX-License-Identifier: Apache-2.0 */
/* The multiplexed channels under exec, attach and port-forward, over WebSocket (v5/v4.channel.k8s.io, v4.base64…, and
 * SPDY tunnelled: "v2.portforward.k8s.io" = SPDY/3.1+portforward.k8s.io over WebSocket) and over SPDY/3.1 (Upgrade: SPDY/3.1,
 * X-Stream-Protocol-Version). Server side. One session carries numbered channels; exec and attach know the five below,
 * port-forward pairs of data and error channels, each pair with a port. Loop thread only. */
#ifndef NET_CHANNELS_H
#define NET_CHANNELS_H

#include "net/http_server.h"

enum channel_kind { CHANNEL_STDIN, CHANNEL_STDOUT, CHANNEL_STDERR, CHANNEL_ERROR, CHANNEL_RESIZE, CHANNEL_DATA };
struct channels;
struct channel {                          /* one stream of the session; made by the session */
	enum channel_kind kind;
	int port;                         /* port-forward: the pod's port */
	const char *request_id;           /* port-forward: pairs data and error */
	void *user;                       /* owner's */
	size_t queued_bytes;
};
struct channels_ops {
	void (*opened)(struct channels *, struct channel *);
	void (*data)(struct channels *, struct channel *, const char *p, size_t n);
	void (*ended)(struct channels *, struct channel *);     /* the client half-closed it (stdin EOF) */
	void (*drained)(struct channels *, struct channel *);
	void (*closed)(struct channels *);                      /* last call */
};
enum channels_use { CHANNELS_REMOTE_COMMAND, CHANNELS_PORT_FORWARD };
struct channels_config {
	enum channels_use use;
	bool in, out, err_out, tty;       /* remote command: what the query asked for */
	const int *ports;                 /* WebSocket port-forward without SPDY: ports of the query, 0-terminated */
	const struct channels_ops *ops;
	void *ctx;
};
/* Negotiates, upgrades and starts; on failure the request has been answered (400, 403 upstream wording) and NULL is returned. */
struct channels *channels_accept(struct http_request *req, const struct channels_config *c);
void *channels_ctx(struct channels *s);
struct channel *channels_find(struct channels *s, enum channel_kind kind); /* NULL if the session has none */
void channel_write(struct channels *s, struct channel *c, const void *p, size_t n); /* copies */
void channel_end(struct channels *s, struct channel *c);   /* half close from our side */
void channel_pause(struct channels *s, struct channel *c, bool paused);
/* Remote command's result on the error channel: v4+ a Status JSON ({"status":"Success"} or NonZeroExitCode with the code),
 * older versions plain text; then everything is flushed and closed. */
void channels_finish_exec(struct channels *s, int exit_code, const struct err *err);
void channels_close(struct channels *s);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* The multiplexed channels under exec, attach and port-forward, server side. One session carries the five channels of a remote
 * command, or pairs of data and error channels for port-forward. Loop thread only. Spoken (1.20 to 1.37 clients):
 *   WebSocket   v5.channel.k8s.io, v4.channel.k8s.io, channel.k8s.io, none, and both base64 forms; for port-forward also
 *               SPDY/3.1+portforward.k8s.io (SPDY frames in binary messages)
 *   SPDY/3.1    X-Stream-Protocol-Version v4 … v1 (channel.k8s.io), portforward.k8s.io
 * Follows the kubelet's streaming server (k8s.io/cri-streaming) and client-go's remotecommand and portforward. */
#ifndef NET_CHANNELS_H
#define NET_CHANNELS_H

#include "net/http_server.h"

enum channel_kind {
	CHANNEL_STDIN,
	CHANNEL_STDOUT,
	CHANNEL_STDERR,
	CHANNEL_ERROR,
	CHANNEL_RESIZE,
	CHANNEL_DATA
};
struct channels;
/* one stream of the session; made by the session, gone with it or after its pair ended */
struct channel {
	enum channel_kind kind;
	int port;               /* port-forward: the pod's port */
	const char *request_id; /* port-forward: the same for data and error of a pair */
	void *user;             /* owner's */
	/* written and not yet sent; approximate, as channels share a connection */
	size_t queued_bytes;
};
/* Any may be NULL but closed. Callbacks never come from inside the functions below (ready and opened neither). */
struct channels_ops {
	/* Remote command: every stream that the query asked for is there; start the command. A client that does not open them
	 * within 30 s is closed. */
	void (*ready)(struct channels *);
	/* Port-forward: a pair is complete; called with its data channel, channel_peer() is its error channel. */
	void (*opened)(struct channels *, struct channel *);
	void (*data)(struct channels *, struct channel *, const char *p, size_t n);
	/* the client half-closed it (stdin EOF) */
	void (*ended)(struct channels *, struct channel *);
	/* port-forward: both sides ended or reset; freed after it (data channel only) */
	void (*gone)(struct channels *, struct channel *);
	void (*drained)(struct channels *, struct channel *);
	void (*closed)(struct channels *); /* last call */
};
enum channels_use { CHANNELS_REMOTE_COMMAND, CHANNELS_PORT_FORWARD };
struct channels_config {
	enum channels_use use;
	bool in, out, err_out, tty; /* remote command: what the query asked for */
	/* WebSocket port-forward without SPDY: ports of the query, 0-terminated; may be NULL */
	const int *ports;
	const struct channels_ops *ops;
	void *ctx;
};
/* Negotiates, upgrades and starts; on failure the request has been answered (400, 403 upstream wording) and NULL is returned.
 * The request stays open (its on_close) until the session is closed. */
struct channels *channels_accept(struct http_request *req, const struct channels_config *c);
void *channels_ctx(struct channels *s);
/* remote command; NULL if the session has none */
struct channel *channels_find(struct channels *s, enum channel_kind kind);
/* port-forward: the other one of the pair */
struct channel *channel_peer(struct channels *s, struct channel *c);
void channel_write(struct channels *s, struct channel *c, const void *p, size_t n); /* copies */
void channel_end(struct channels *s, struct channel *c); /* half close from our side */
/* port-forward: gives up both channels of the pair; gone follows */
void channel_reset(struct channels *s, struct channel *c);
/* While a channel is paused its data is kept, up to 256 KiB; then the whole connection waits. */
void channel_pause(struct channels *s, struct channel *c, bool paused);
/* Remote command's result on the error channel: v4+ a Status JSON ({"status":"Success"} or NonZeroExitCode with the code),
 * older versions plain text; then everything is flushed and closed. err != NULL: the command could not be run. */
void channels_finish_exec(struct channels *s, int exit_code, const struct err *err);
void channels_close(struct channels *s); /* after what is queued; closed follows */

#endif

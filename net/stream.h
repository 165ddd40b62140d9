/* SPDX-License-Identifier: Apache-2.0 */
/* A byte stream in both directions on one loop: TCP, Unix socket, TLS, one HTTP/2 stream, a process' pipe, an upgraded
 * HTTP connection. The owner sets the callbacks, then calls read_start. The transport implements ops; it never calls back from
 * inside an op. A read or write error closes the stream by itself: whoever closes, on_close comes exactly once and is the last.
 * After on_end the stream can still be written to, until it is closed. Loop thread only. */
#ifndef NET_STREAM_H
#define NET_STREAM_H

#include "base/err.h"
#include "net/chunk.h"
#include "net/loop.h"

struct stream;
struct stream_ops {
	void (*read_start)(struct stream *);
	void (*read_stop)(struct stream *);                        /* back-pressure */
	void (*write)(struct stream *, struct chunk *c, size_t n); /* takes the chunks over */
	void (*shutdown)(struct stream *); /* end of our data after what is queued (half close) */
	void (*close)(struct stream *);    /* at once; on_close follows */
};
struct stream {
	const struct stream_ops *ops;
	struct loop *loop;
	size_t queued_bytes; /* written and not yet sent */
	/* set by the owner: */
	void *ctx;
	void (*on_data)(struct stream *, const char *p, size_t n);
	void (*on_end)(struct stream *);   /* the peer ended its data */
	void (*on_drain)(struct stream *); /* queued_bytes fell to zero; may be NULL */
	void (*on_close)(struct stream *); /* last call; the stream is freed after it */
};

static inline void stream_write(struct stream *s, struct chunk *c, size_t n)
{
	s->ops->write(s, c, n);
}
static inline void stream_read_start(struct stream *s)
{
	s->ops->read_start(s);
}
static inline void stream_read_stop(struct stream *s)
{
	s->ops->read_stop(s);
}
static inline void stream_shutdown(struct stream *s)
{
	s->ops->shutdown(s);
}
void stream_write_copy(struct stream *s, const void *p, size_t n);
static inline void stream_close(struct stream *s)
{
	s->ops->close(s);
}
/* Pumps both directions with back-pressure until both ended, then closes both; done(ctx) last. */
void stream_splice(struct stream *a, struct stream *b, void (*done)(void *ctx), void *ctx);

/* A stream of a connected socket, pipe or pty master, which it owns from now on (also on failure, where it is closed). Regular
 * files can't be waited for and fail. The end of a pty (EIO) reads as an end; shutdown of a write-only pipe closes it. */
struct stream *stream_from_fd(struct loop *l, int fd, struct err *err);
/* Connects to a Unix socket; a path that starts with '@' names the abstract space. Blocks only if the listener's backlog is full. */
struct stream *stream_connect_unix(struct loop *l, const char *path, struct err *err);

#endif

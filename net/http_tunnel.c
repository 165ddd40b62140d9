/* SPDX-License-Identifier: Apache-2.0 */
#include "net/http_tunnel.h"

struct http_tunnel {
	struct stream base;
	struct http_exchange *x;
	void *old_user;
	void (*old_close)(struct http_request *);
};

static struct http_tunnel *tunnel_of(struct stream *s)
{
	return CONTAINER_OF(s, struct http_tunnel, base);
}

static void tunnel_data(struct http_request *req, const char *p, size_t n)
{
	struct http_tunnel *t = req->user;
	t->base.on_data(&t->base, p, n);
}

static void tunnel_end(struct http_request *req)
{
	struct http_tunnel *t = req->user;
	if (t->base.on_end)
		t->base.on_end(&t->base);
}

static void tunnel_drain(struct http_request *req)
{
	struct http_tunnel *t = req->user;
	t->base.queued_bytes = http_queued_bytes(req);
	if (t->base.queued_bytes > 0)
		t->x->above_high = true; /* ask again */
	else if (t->base.on_drain)
		t->base.on_drain(&t->base);
}

static void tunnel_closed(struct http_request *req)
{
	struct http_tunnel *t = req->user;
	void (*old_close)(struct http_request *) = t->old_close;
	if (t->base.on_close)
		t->base.on_close(&t->base);
	req->user = t->old_user;
	free(t);
	if (old_close)
		old_close(req);
}

static void tunnel_read_start(struct stream *s)
{
	struct http_tunnel *t = tunnel_of(s);
	struct http_request *req = &t->x->pub;
	if (t->x->body_mode == HTTP_BODY_UNCLAIMED)
		http_body_stream(req, tunnel_data, tunnel_end);
	else
		http_body_pause(req, false);
}

static void tunnel_read_stop(struct stream *s)
{
	http_body_pause(&tunnel_of(s)->x->pub, true);
}

static void tunnel_write(struct stream *s, struct chunk *c, size_t n)
{
	struct http_exchange *x = tunnel_of(s)->x;
	s->queued_bytes = http_stream_write(&x->pub, c, n);
	x->above_high = true;
}

static void tunnel_shutdown(struct stream *s)
{
	http_stream_end(&tunnel_of(s)->x->pub);
}

static void tunnel_close(struct stream *s)
{
	http_abort(&tunnel_of(s)->x->pub);
}

static const struct stream_ops tunnel_ops = {
	.read_start = tunnel_read_start,
	.read_stop = tunnel_read_stop,
	.write = tunnel_write,
	.shutdown = tunnel_shutdown,
	.close = tunnel_close,
};

struct stream *http_tunnel_new(struct http_exchange *x)
{
	struct http_tunnel *t = NEW(struct http_tunnel);
	t->base.ops = &tunnel_ops;
	t->base.loop = x->pub.loop;
	t->x = x;
	t->old_user = x->pub.user;
	t->old_close = x->pub.on_close;
	x->pub.user = t;
	x->pub.on_close = tunnel_closed;
	x->pub.on_drain = tunnel_drain;
	return &t->base;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* /portForward: each pair of a data and an error channel is one connection to 127.0.0.1:PORT inside the pod's network namespace.
 * The socket is made and connected by a worker that enters the namespace (a socket stays where it was made), then lives on
 * the loop. What the client sends before that is held back by pausing its channel. */
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>

#include "agent/kubelet/serve/server.h"
#include "agent/network/netns.h"
#include "base/file.h"
#include "base/mem.h"
#include "net/channels.h"

#define QUEUED_MAX (256u << 10)
#define CONNECT_S  5

struct forward { /* one session */
	struct kubelet *k;
	struct channels *channels;
	char pod[128], pod_uid[64];
	char netns[128];  /* "": the host's */
	struct list list; /* struct tunnel */
};

struct tunnel {                  /* one connection */
	struct list link;        /* alone when the session is gone */
	struct forward *session; /* NULL: gone */
	struct channel *data, *error;
	int port, fd;
	char netns[128];
	bool busy, client_ended, pod_ended;
	struct stream *stream;
	struct err err;
};

static void tunnel_free(struct tunnel *t)
{
	if (t->busy || t->stream)
		return;
	list_del(&t->link);
	if (t->data)
		t->data->user = NULL;
	err_clear(&t->err);
	free(t);
}

/* --- on a worker --- */

static int connect_inside(void *ctx, struct err *err)
{
	struct tunnel *t = ctx;
	struct timeval timeout = { .tv_sec = CONNECT_S };
	struct sockaddr_in v4 = { .sin_family = AF_INET,
				  .sin_port = htons((uint16_t)t->port),
				  .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	struct sockaddr_in6 v6 = { .sin6_family = AF_INET6,
				   .sin6_port = htons((uint16_t)t->port),
				   .sin6_addr = IN6ADDR_LOOPBACK_INIT };
	struct {
		const void *address;
		socklen_t n;
		int family;
	} tries[] = { { &v4, sizeof(v4), AF_INET }, { &v6, sizeof(v6), AF_INET6 } };
	int first = 0;
	for (size_t i = 0; i < COUNT_OF(tries); i++) {
		auto_fd int fd = socket(tries[i].family, SOCK_STREAM | SOCK_CLOEXEC, 0);
		setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &timeout, sizeof(timeout));
		if (fd >= 0 && connect(fd, tries[i].address, tries[i].n) == 0) {
			t->fd = TAKE_FD(fd);
			return 0;
		}
		first = first ? first : errno;
	}
	return err_set(err, ERR_INTERNAL,
		       "failed to connect to localhost:%d inside namespace: dial tcp4 "
		       "127.0.0.1:%d: connect: %s",
		       t->port, t->port,
		       first == ECONNREFUSED ? "connection refused" : strerror(first));
}

static void connect_work(void *ctx)
{
	struct tunnel *t = ctx;
	if (t->netns[0])
		netns_run(t->netns, connect_inside, t, &t->err);
	else
		connect_inside(t, &t->err);
}

/* --- from the pod to the client --- */

static void pod_data(struct stream *s, const char *p, size_t n)
{
	struct tunnel *t = s->ctx;
	if (!t->session || !t->data)
		return;
	channel_write(t->session->channels, t->data, p, n);
	if (t->data->queued_bytes > QUEUED_MAX)
		stream_read_stop(s);
}

static void finish(struct tunnel *t)
{
	if (t->session && t->data && !t->pod_ended) {
		t->pod_ended = true;
		channel_end(t->session->channels, t->data);
		if (t->error)
			channel_end(t->session->channels, t->error);
	}
}

static void pod_end(struct stream *s)
{
	struct tunnel *t = s->ctx;
	finish(t);
	stream_close(s);
}

static void pod_drained(struct stream *s)
{
	struct tunnel *t = s->ctx;
	if (t->session && t->data)
		channel_pause(t->session->channels, t->data, false);
}

static void pod_closed(struct stream *s)
{
	struct tunnel *t = s->ctx;
	t->stream = NULL;
	finish(t);
	tunnel_free(t);
}

static void begin(struct tunnel *t)
{
	t->stream->ctx = t;
	t->stream->on_data = pod_data;
	t->stream->on_end = pod_end;
	t->stream->on_drain = pod_drained;
	t->stream->on_close = pod_closed;
	stream_read_start(t->stream);
	if (t->client_ended)
		stream_shutdown(t->stream);
	channel_pause(t->session->channels, t->data, false);
}

static void refuse(struct tunnel *t)
{
	struct forward *f = t->session;
	char text[512];
	snprintf(text, sizeof(text),
		 "an error occurred forwarding %d -> %d: error forwarding port %d to pod %s, uid : "
		 "%s",
		 t->port, t->port, t->port, f->pod_uid, err_text(&t->err));
	if (t->error)
		channel_write(f->channels, t->error, text, strlen(text));
	finish(t);
}

static void connect_done(void *ctx)
{
	struct tunnel *t = ctx;
	t->busy = false;
	if (t->session && t->data && t->fd >= 0)
		t->stream = stream_from_fd(t->session->k->loop, TAKE_FD(t->fd), &t->err);
	else if (t->fd >= 0)
		close(t->fd);
	if (t->stream) {
		begin(t);
		return;
	}
	if (t->session && t->data) {
		refuse(t);
		channel_pause(t->session->channels, t->data, false);
	}
	tunnel_free(t);
}

/* --- from the client to the pod --- */

static void client_opened(struct channels *ch, struct channel *data)
{
	struct forward *f = channels_ctx(ch);
	struct tunnel *t = NEW(struct tunnel);
	t->session = f;
	t->fd = -1;
	t->port = data->port;
	t->data = data;
	t->error = channel_peer(ch, data);
	data->user = t;
	snprintf(t->netns, sizeof(t->netns), "%s", f->netns);
	list_add_tail(&f->list, &t->link);
	channel_pause(ch, data, true);
	t->busy = true;
	loop_work(f->k->loop, connect_work, connect_done, t);
}

static void client_gone(struct channels *ch, struct channel *data)
{
	struct tunnel *t = data->user;
	(void)ch;
	if (!t)
		return;
	t->data = t->error = NULL;
	if (t->stream)
		stream_close(t->stream);
	else
		tunnel_free(t);
}

static void client_data(struct channels *ch, struct channel *c, const char *p, size_t n)
{
	struct tunnel *t = c->user;
	if (!t || c->kind != CHANNEL_DATA)
		return;
	if (!t->stream)
		return; /* refused: nobody is there to take it */
	stream_write_copy(t->stream, p, n);
	if (t->stream->queued_bytes > QUEUED_MAX)
		channel_pause(ch, c, true);
}

static void client_ended(struct channels *ch, struct channel *c)
{
	struct tunnel *t = c->user;
	(void)ch;
	if (!t || c->kind != CHANNEL_DATA)
		return;
	t->client_ended = true;
	if (t->stream)
		stream_shutdown(t->stream);
}

static void client_drained(struct channels *ch, struct channel *c)
{
	struct tunnel *t = c->user;
	(void)ch;
	if (t && t->stream && c->kind == CHANNEL_DATA)
		stream_read_start(t->stream);
}

static void client_closed(struct channels *ch)
{
	struct forward *f = channels_ctx(ch);
	LIST_EACH_SAFE(&f->list, it)
	{
		struct tunnel *t = LIST_ITEM(it, struct tunnel, link);
		list_del(&t->link);
		t->session = NULL;
		t->data = t->error = NULL;
		if (t->stream)
			stream_close(t->stream);
		else
			tunnel_free(t);
	}
	free(f);
}

static const struct channels_ops ops = {
	.opened = client_opened,
	.data = client_data,
	.ended = client_ended,
	.gone = client_gone,
	.drained = client_drained,
	.closed = client_closed,
};

static int *ports_of(struct server_call *c)
{
	const char **texts = params_all(&c->query, "port", c->arena);
	size_t n = 0, out = 0;
	while (texts[n])
		n++;
	int *ports = ARENA_ARRAY(c->arena, int, 2 * n + 1);
	for (size_t i = 0; i < n; i++) {
		struct str rest = str_from(texts[i]), one;
		int64_t port;
		while (out < 2 * n && str_next(&rest, ',', &one))
			if (str_to_i64(one, &port) && port > 0 && port < 65536)
				ports[out++] = (int)port;
	}
	return ports;
}

void server_port_forward(struct server_call *call)
{
	struct pod *p = server_pod(call);
	if (!p)
		return;
	if (p->sandbox != SANDBOX_READY) {
		server_error(call->req, 500, "error forwarding port: pod %s is not running",
			     p->name);
		return;
	}
	struct forward *f = NEW(struct forward);
	f->k = call->k;
	list_init(&f->list);
	snprintf(f->pod, sizeof(f->pod), "%s", p->name);
	snprintf(f->pod_uid, sizeof(f->pod_uid), "%s", p->uid);
	if (!p->api.spec.host_network)
		snprintf(f->netns, sizeof(f->netns), "%s", p->network.netns_path);
	struct channels_config config = {
		.use = CHANNELS_PORT_FORWARD, .ports = ports_of(call), .ops = &ops, .ctx = f
	};
	f->channels = channels_accept(call->req, &config);
	if (!f->channels)
		free(f);
}

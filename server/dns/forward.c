/* SPDX-License-Identifier: Apache-2.0 */
#include "server/dns/forward.h"

#include <stdio.h>
#include <sys/random.h>

#include "base/buf.h"
#include "base/mem.h"
#include "server/dns/resolv.h"

#define TRY_MS     2000
#define TRIES_MAX  4
#define FRAME      2 /* TCP: the length before each message */
#define TRUNCATED  0x0200u
#define BUFFER_MAX 4096 /* of a datagram */

struct question;

/* One try: a socket of its own. Freed when that is closed. */
struct attempt {
	struct question *question; /* NULL: it was given up */
	union {
		uv_handle_t handle;
		uv_udp_t udp;
		uv_tcp_t tcp;
	};
	uv_connect_t connect;
	uv_write_t write;
	struct buf stream; /* of a TCP answer, so far */
	char datagram[BUFFER_MAX];
};

struct question {
	struct list link;
	struct dns_forwarder *f;
	dns_forwarded done;
	void *ctx;
	bool whole, tcp;
	uint16_t client_id, id;
	int tries;
	size_t server;    /* that was asked last */
	struct buf query; /* framed */
	struct attempt *attempt;
	struct loop_timer timer;
};

struct dns_forwarder {
	struct loop *loop;
	struct resolv resolv;
	size_t first; /* the server that is asked first: not one that was silent */
	char **own;
	struct list questions;
	size_t count;
};

/* --- the end of a question --- */

static void on_attempt_closed(uv_handle_t *h)
{
	struct attempt *a = h->data;
	buf_free(&a->stream);
	free(a);
}

static void give_up(struct question *q)
{
	if (!q->attempt)
		return;
	q->attempt->question = NULL;
	uv_close(&q->attempt->handle, on_attempt_closed);
	q->attempt = NULL;
}

static void on_timer_closed(struct loop_timer *t)
{
	struct question *q = CONTAINER_OF(t, struct question, timer);
	buf_free(&q->query);
	free(q);
}

static void finish(struct question *q, const void *answer, size_t n)
{
	list_del(&q->link);
	q->f->count--;
	q->done(q->ctx, answer, n);
	give_up(q);
	loop_timer_close(&q->timer, on_timer_closed);
}

/* Goes on with the next server, a little later. */
static void try_next(struct question *q)
{
	give_up(q);
	loop_timer_start(&q->timer, 0);
}

/* --- answers --- */

static bool fits(const struct question *q, const void *p, size_t n)
{
	struct dns_query asked;
	if (n < DNS_HEADER || dns_get16(p, 0) != q->id || !(dns_get16(p, 2) & 0x8000u) ||
	    dns_query_read(q->query.p + FRAME, q->query.n - FRAME, &asked) != 0)
		return false;
	return n >= DNS_HEADER + asked.question.n && dns_get16(p, 4) == 1 &&
	       memcmp((const char *)p + DNS_HEADER, asked.question.p, asked.question.n) == 0;
}

static void answered(struct question *q, char *p, size_t n)
{
	if (!fits(q, p, n))
		return;
	if (!q->tcp && q->whole && dns_get16(p, 2) & TRUNCATED) {
		q->tcp = true;
		q->server--; /* the same server once more */
		try_next(q);
		return;
	}
	dns_put16(p, 0, q->client_id);
	finish(q, p, n);
}

static void give_buffer(uv_handle_t *h, size_t want, uv_buf_t *out)
{
	struct attempt *a = h->data;
	(void)want;
	*out = uv_buf_init(a->datagram, sizeof(a->datagram));
}

/* --- UDP --- */

static void on_datagram(uv_udp_t *h, ssize_t n, const uv_buf_t *b, const struct sockaddr *from,
			unsigned flags)
{
	struct question *q = ((struct attempt *)h->data)->question;
	if (n > 0 && from && !(flags & UV_UDP_PARTIAL))
		answered(q, b->base, (size_t)n);
	else if (n < 0)
		try_next(q); /* refused: nobody is there */
}

static int ask_udp(struct question *q, const struct sockaddr *server)
{
	struct attempt *a = q->attempt;
	uv_buf_t b = uv_buf_init(q->query.p + FRAME, (unsigned)(q->query.n - FRAME));
	int r = uv_udp_connect(&a->udp, server);
	if (r == 0)
		r = uv_udp_recv_start(&a->udp, give_buffer, on_datagram);
	return r == 0 ? uv_udp_try_send(&a->udp, &b, 1, NULL) : r;
}

/* --- TCP --- */

static void on_stream(uv_stream_t *h, ssize_t n, const uv_buf_t *b)
{
	struct attempt *a = h->data;
	if (n < 0) {
		try_next(a->question);
		return;
	}
	buf_add(&a->stream, b->base, (size_t)n);
	if (a->stream.n < FRAME)
		return;
	size_t want = dns_get16(a->stream.p, 0);
	if (a->stream.n >= FRAME + want)
		answered(a->question, a->stream.p + FRAME, want);
}

static void on_connected(uv_connect_t *c, int status)
{
	struct attempt *a = c->data;
	struct question *q = a->question;
	if (!q)
		return;
	uv_buf_t b = uv_buf_init(q->query.p, (unsigned)q->query.n);
	if (status < 0 || uv_read_start((uv_stream_t *)&a->tcp, give_buffer, on_stream) < 0 ||
	    uv_write(&a->write, (uv_stream_t *)&a->tcp, &b, 1, NULL) < 0)
		try_next(q);
}

static int ask_tcp(struct question *q, const struct sockaddr *server)
{
	struct attempt *a = q->attempt;
	a->connect.data = a;
	return uv_tcp_connect(&a->connect, &a->tcp, server, on_connected);
}

/* --- one server after the other --- */

static int attempt_new(struct question *q)
{
	struct attempt *a = NEW(struct attempt);
	uv_loop_t *loop = &q->f->loop->uv;
	int r = q->tcp ? uv_tcp_init(loop, &a->tcp) : uv_udp_init(loop, &a->udp);
	if (r < 0) {
		free(a);
		return r;
	}
	a->question = q;
	a->handle.data = a;
	q->attempt = a;
	return 0;
}

static void ask(struct loop_timer *t)
{
	struct question *q = CONTAINER_OF(t, struct question, timer);
	const struct resolv *servers = &q->f->resolv;
	if (q->attempt &&
	    q->f->first == q->server) /* it was silent for too long: others begin with the next */
		q->f->first++;
	give_up(q);
	if (servers->n == 0 || q->tries >= TRIES_MAX) {
		finish(q, NULL, 0);
		return;
	}
	q->server = q->tries++ ? q->server + 1 : q->f->first;
	const struct sockaddr *server =
		(const struct sockaddr *)&servers->servers[q->server % servers->n];
	loop_timer_start(&q->timer, TRY_MS);
	int r = attempt_new(q);
	if (r == 0)
		r = q->tcp ? ask_tcp(q, server) : ask_udp(q, server);
	if (r < 0)
		try_next(q);
}

static uint16_t fresh_id(void)
{
	uint16_t id = 0;
	if (getrandom(&id, sizeof(id), 0) != sizeof(id))
		id = (uint16_t)uv_hrtime();
	return id;
}

bool dns_forward(struct dns_forwarder *f, const void *query, size_t n, bool whole,
		 dns_forwarded done, void *ctx)
{
	uint8_t frame[FRAME];
	if (f->count >= DNS_FORWARDS_MAX || n < DNS_HEADER || n > DNS_MESSAGE_MAX)
		return false;
	resolv_refresh(&f->resolv, (const char *const *)f->own, (int64_t)uv_now(&f->loop->uv));
	struct question *q = NEW(struct question);
	q->f = f;
	q->done = done;
	q->ctx = ctx;
	q->whole = whole;
	q->client_id = dns_get16(query, 0);
	q->id = fresh_id();
	dns_put16(frame, 0, (unsigned)n);
	buf_add(&q->query, frame, FRAME);
	buf_add(&q->query, query, n);
	dns_put16(q->query.p, FRAME, q->id);
	list_add_tail(&f->questions, &q->link);
	f->count++;
	loop_timer_init(f->loop, &q->timer, ask);
	loop_timer_start(&q->timer, 0);
	return true;
}

struct dns_forwarder *dns_forwarder_new(struct loop *l, const char *resolv_conf, int port,
					const char *const *own)
{
	struct dns_forwarder *f = NEW(struct dns_forwarder);
	size_t n = 0;
	f->loop = l;
	while (own[n])
		n++;
	f->own = mem_zalloc((n + 1) * sizeof(*f->own));
	for (size_t i = 0; i < n; i++)
		f->own[i] = str_dup(str_from(own[i]));
	list_init(&f->questions);
	resolv_init(&f->resolv, resolv_conf, port);
	return f;
}

static void nobody(void *ctx, const void *answer, size_t n)
{
	(void)ctx;
	(void)answer;
	(void)n;
}

void dns_forwarder_free(struct dns_forwarder *f)
{
	while (!list_empty(&f->questions)) {
		struct question *q = CONTAINER_OF(f->questions.next, struct question, link);
		q->done = nobody;
		finish(q, NULL, 0);
	}
	for (char **p = f->own; *p; p++)
		free(*p);
	free(f->own);
	resolv_free(&f->resolv);
	free(f);
}

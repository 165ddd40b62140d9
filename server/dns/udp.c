/* SPDX-License-Identifier: Apache-2.0 */
/* Datagrams are read and answered in batches (recvmmsg, sendmmsg): answers that are known at once wait in a box until the batch is
 * read, and leave with one call. */
#include <arpa/inet.h>

#include "base/mem.h"
#include "server/dns/server.h"

#define BATCH      20
#define READ_BYTES (BATCH * 64 * 1024)

struct box {
	struct sockaddr_storage to;
	size_t n;
	uint8_t bytes[DNS_UDP_MAX];
};

struct dns_udp {
	uv_udp_t uv;
	struct dns *dns;
	int refs; /* the socket's own, and one for each answer that is awaited */
	bool closed;
	size_t waiting;
	struct box out[BATCH];
	char *room;
};

static void unref(struct dns_udp *u)
{
	if (--u->refs)
		return;
	free(u->room);
	free(u);
}

/* What the kernel doesn't take now is lost, as datagrams may be. */
static void flush(struct dns_udp *u)
{
	uv_buf_t bufs[BATCH], *list[BATCH];
	unsigned counts[BATCH];
	struct sockaddr *to[BATCH];
	for (size_t i = 0; i < u->waiting; i++) {
		bufs[i] = uv_buf_init((char *)u->out[i].bytes, (unsigned)u->out[i].n);
		list[i] = &bufs[i];
		counts[i] = 1;
		to[i] = (struct sockaddr *)&u->out[i].to;
	}
	if (u->waiting)
		uv_udp_try_send2(&u->uv, (unsigned)u->waiting, list, counts, to, 0);
	u->waiting = 0;
}

static size_t address_size(const struct sockaddr *a)
{
	return a->sa_family == AF_INET ? sizeof(struct sockaddr_in) : sizeof(struct sockaddr_in6);
}

static void on_later(const struct dns_asker *who, const void *answer, size_t n)
{
	struct dns_udp *u = who->ctx;
	uv_buf_t b = uv_buf_init((char *)(uintptr_t)answer, (unsigned)n);
	if (n && !u->closed)
		uv_udp_try_send(&u->uv, &b, 1, (const struct sockaddr *)&who->from);
	unref(u);
}

static void serve(struct dns_udp *u, const void *query, size_t n, const struct sockaddr *from)
{
	struct box *box = &u->out[u->waiting];
	struct dns_asker who = { .later = on_later, .ctx = u };
	bool waits;
	memcpy(&who.from, from, address_size(from));
	box->n = dns_serve(u->dns, query, n, &who, box->bytes, sizeof(box->bytes), &waits);
	if (waits) {
		u->refs++;
		return;
	}
	box->to = who.from;
	if (box->n && ++u->waiting == BATCH)
		flush(u);
}

static void give_room(uv_handle_t *h, size_t want, uv_buf_t *out)
{
	struct dns_udp *u = h->data;
	(void)want;
	*out = uv_buf_init(u->room, READ_BYTES);
}

static void on_read(uv_udp_t *h, ssize_t n, const uv_buf_t *b, const struct sockaddr *from,
		    unsigned flags)
{
	struct dns_udp *u = h->data;
	if (from && n > 0 && !(flags & UV_UDP_PARTIAL))
		serve(u, b->base, (size_t)n, from);
	if (!(flags & UV_UDP_MMSG_CHUNK))
		flush(u);
}

static void on_closed(uv_handle_t *h)
{
	unref(h->data);
}

void dns_udp_close(struct dns_udp *u)
{
	if (!u)
		return;
	u->closed = true;
	uv_close((uv_handle_t *)&u->uv, on_closed);
}

int dns_udp_open(struct dns *d, const struct sockaddr *address, struct dns_udp **out, int *port,
		 struct err *err)
{
	struct sockaddr_storage bound;
	int n = sizeof(bound);
	struct dns_udp *u = NEW(struct dns_udp);
	u->dns = d;
	u->refs = 1;
	u->room = mem_alloc(READ_BYTES);
	u->uv.data = u;
	int r = uv_udp_init_ex(&d->loop->uv, &u->uv, AF_UNSPEC | UV_UDP_RECVMMSG);
	if (r < 0) {
		unref(u);
		return err_set(err, ERR_INTERNAL, "UDP socket: %s", uv_strerror(r));
	}
	r = uv_udp_bind(&u->uv, address, address->sa_family == AF_INET6 ? UV_UDP_IPV6ONLY : 0);
	if (r == 0)
		r = uv_udp_recv_start(&u->uv, give_room, on_read);
	if (r == 0)
		r = uv_udp_getsockname(&u->uv, (struct sockaddr *)&bound, &n);
	if (r < 0) {
		dns_udp_close(u);
		return err_set(err, r == UV_EADDRINUSE ? ERR_CONFLICT : ERR_UNAVAILABLE, "UDP: %s",
			       uv_strerror(r));
	}
	*port = bound.ss_family == AF_INET ? ntohs(((struct sockaddr_in *)&bound)->sin_port)
					   : ntohs(((struct sockaddr_in6 *)&bound)->sin6_port);
	*out = u;
	return 0;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "floor.h"

#include <arpa/inet.h>
#include <mbedtls/ssl_ciphersuites.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/mem.h"
#include "net/tls_record.h"
#include "target.h"

#define FLOOR_SECONDS 0.5 /* of CPU */

static double thread_cpu_s(void)
{
	struct timespec t;
	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

double tls_bulk_speed(size_t chunk_bytes)
{
	struct tls_secrets s = { .client.n = 32, .server.n = 32 };
	struct tls_records *r = tls_records_new(MBEDTLS_TLS1_3_AES_128_GCM_SHA256, &s, 0, 0);
	size_t all = 4 << 20;
	char *text = mem_zalloc(all);
	unsigned char *block = mem_alloc(TLS_RECORD_MAX);
	double bytes = 0, from = thread_cpu_s();
	while (thread_cpu_s() - from < 0.5) {
		struct chunk_queue q = { 0 };
		for (size_t at = 0; at + chunk_bytes <= all; at += chunk_bytes) {
			struct chunk c = { .p = text + at, .n = chunk_bytes };
			chunk_queue_add(&q, &c, 1);
		}
		bytes += (double)q.bytes;
		while (q.bytes > 0)
			tls_records_seal(r, &q,
					 q.bytes < TLS_RECORD_PLAIN ? q.bytes : TLS_RECORD_PLAIN,
					 block);
		chunk_queue_free(&q);
	}
	double speed = bytes / (thread_cpu_s() - from);
	tls_records_free(r);
	free(block);
	free(text);
	return speed;
}

/* ---- records and sends ---- */

struct link { /* both ends */
	int from, to;
	struct tls_records *records;
};
struct links {
	size_t n;
	struct link *all;
	atomic_size_t sent, received; /* bytes */
	_Atomic bool over;
};

static void link_open(struct link *l, int listener, const struct sockaddr_in *at)
{
	struct tls_secrets s = { .client.n = 32, .server.n = 32 };
	int one = 1;
	l->to = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (connect(l->to, (const struct sockaddr *)at, sizeof(*at)) < 0)
		die("floor", "no connection on loopback");
	l->from = accept(listener, NULL, NULL);
	setsockopt(l->from, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	l->records = tls_records_new(MBEDTLS_TLS1_3_AES_128_GCM_SHA256, &s, 0, 0);
}

static void links_open(struct links *l, size_t n)
{
	struct sockaddr_in at = { .sin_family = AF_INET,
				  .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(at);
	int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (bind(listener, (struct sockaddr *)&at, len) < 0 || listen(listener, 128) < 0 ||
	    getsockname(listener, (struct sockaddr *)&at, &len) < 0)
		die("floor", "no listener on loopback");
	l->all = mem_zalloc(n * sizeof(*l->all));
	for (l->n = 0; l->n < n; l->n++)
		link_open(&l->all[l->n], listener, &at);
	close(listener);
}

static void links_close(struct links *l)
{
	for (size_t i = 0; i < l->n; i++) {
		close(l->all[i].from);
		close(l->all[i].to);
		tls_records_free(l->all[i].records);
	}
	free(l->all);
}

/* The kernel throws away what came, so that reading is as cheap as can be. */
static void *drain(void *ctx)
{
	struct links *l = ctx;
	struct epoll_event ready[256], e = { .events = EPOLLIN };
	int poll = epoll_create1(EPOLL_CLOEXEC);
	for (size_t i = 0; i < l->n; i++) {
		e.data.fd = l->all[i].to;
		epoll_ctl(poll, EPOLL_CTL_ADD, e.data.fd, &e);
	}
	while (!atomic_load(&l->over)) {
		int n = epoll_wait(poll, ready, COUNT_OF(ready), 10);
		for (int i = 0; i < n; i++) {
			ssize_t got = recv(ready[i].data.fd, NULL, 1 << 20, MSG_TRUNC);
			if (got > 0)
				atomic_fetch_add(&l->received, (size_t)got);
		}
	}
	close(poll);
	return NULL;
}

static size_t seal_all(struct tls_records *r, struct chunk_queue *q, unsigned char *out)
{
	size_t n = 0;
	while (q->bytes > 0)
		n += tls_records_seal(r, q,
				      q->bytes < TLS_RECORD_PLAIN ? q->bytes : TLS_RECORD_PLAIN,
				      out + n);
	return n;
}

static void send_events(struct links *l, struct link *to, const struct chunk *event, size_t n)
{
	struct chunk_queue q = { 0 };
	for (size_t i = 0; i < n; i++)
		chunk_queue_add(&q, event, 1);
	unsigned char *wire =
		mem_alloc(q.bytes + (q.bytes / TLS_RECORD_PLAIN + 1) * TLS_RECORD_OVERHEAD);
	size_t bytes = seal_all(to->records, &q, wire);
	chunk_queue_free(&q);
	if (send(to->from, wire, bytes, MSG_NOSIGNAL) != (ssize_t)bytes)
		die("floor", "a socket takes no more");
	free(wire);
	atomic_fetch_add(&l->sent, bytes);
}

double watch_floor_s(size_t connections, size_t events, size_t event_bytes)
{
	struct links l = { 0 };
	pthread_t reader;
	size_t rounds = 0;
	auto_free char *text = mem_zalloc(event_bytes);
	const struct chunk event = { .p = text, .n = event_bytes };
	links_open(&l, connections);
	pthread_create(&reader, NULL, drain, &l);
	double from = thread_cpu_s(), spent;
	do {
		for (size_t i = 0; i < l.n; i++)
			send_events(&l, &l.all[i], &event, events);
		rounds++;
		spent = thread_cpu_s() - from;
		while (atomic_load(&l.received) < atomic_load(&l.sent))
			usleep(100); /* as a server between two passes */
		from = thread_cpu_s() - spent;
	} while (spent < FLOOR_SECONDS);
	atomic_store(&l.over, true);
	pthread_join(reader, NULL);
	links_close(&l);
	return spent / (double)(rounds * connections * events);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "watchers.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <mbedtls/ssl.h>
#include <poll.h>
#include <psa/crypto.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/encode.h"
#include "base/mem.h"
#include "net/tls_record.h"

#define MARK       "\"sent\":\""
#define TIME_BYTES 24 /* of the mark and the digits that follow, at least */
#define PATIENCE_S 30

struct watcher {
	int fd;
	struct tls_records *records;
	struct buf wire, text; /* not decrypted yet; not looked at yet */
	size_t seen;
	bool answered;
};

struct watchers {
	pthread_t thread;
	size_t n, events, complete;
	atomic_size_t answered;
	_Atomic bool over;
	struct client seen;
	struct watcher all[];
};

struct trust {
	mbedtls_ssl_config conf;
	mbedtls_x509_crt own;
	mbedtls_pk_context key;
};

static int random_fill(void *ctx, unsigned char *out, size_t n)
{
	(void)ctx;
	rand_bytes(out, n);
	return 0;
}

static void trust_init(struct trust *t)
{
	static const int suites[] = { MBEDTLS_TLS1_3_AES_128_GCM_SHA256, 0 };
	psa_crypto_init();
	mbedtls_ssl_config_init(&t->conf);
	mbedtls_x509_crt_init(&t->own);
	mbedtls_pk_init(&t->key);
	mbedtls_ssl_config_defaults(&t->conf, MBEDTLS_SSL_IS_CLIENT, MBEDTLS_SSL_TRANSPORT_STREAM,
				    MBEDTLS_SSL_PRESET_DEFAULT);
	mbedtls_ssl_conf_rng(&t->conf, random_fill, NULL);
	mbedtls_ssl_conf_ciphersuites(&t->conf, suites);
	mbedtls_ssl_conf_authmode(&t->conf, MBEDTLS_SSL_VERIFY_NONE);
	mbedtls_x509_crt_parse(&t->own, (unsigned char *)target.cert.p, target.cert.n + 1);
	if (mbedtls_pk_parse_key(&t->key, (unsigned char *)target.key.p, target.key.n + 1, NULL, 0,
				 random_fill, NULL) ||
	    mbedtls_ssl_conf_own_cert(&t->conf, &t->own, &t->key))
		die("watch", "the kubeconfig's key can't be used");
}

static void trust_free(struct trust *t)
{
	mbedtls_ssl_config_free(&t->conf);
	mbedtls_x509_crt_free(&t->own);
	mbedtls_pk_free(&t->key);
}

static int to_server(void *ctx, const unsigned char *p, size_t n)
{
	return (int)send(*(int *)ctx, p, n, MSG_NOSIGNAL);
}

static int from_server(void *ctx, unsigned char *p, size_t n)
{
	return (int)recv(*(int *)ctx, p, n, 0);
}

static int dial(void)
{
	struct sockaddr_in a = { .sin_family = AF_INET };
	const char *colon = strrchr(target.server, ':');
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	a.sin_port = htons((uint16_t)atoi(colon + 1));
	a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (fd < 0 || connect(fd, (struct sockaddr *)&a, sizeof(a)) < 0)
		die("watch", "no connection to 127.0.0.1 at the server's port");
	return fd;
}

static void say(struct watcher *w, const char *text)
{
	unsigned char wire[2048];
	struct chunk_queue q = { 0 };
	struct chunk c = { .p = text, .n = strlen(text) };
	chunk_queue_add(&q, &c, 1);
	size_t n = tls_records_seal(w->records, &q, c.n, wire);
	chunk_queue_free(&q);
	if (send(w->fd, wire, n, MSG_NOSIGNAL) != (ssize_t)n)
		die("watch", "the server takes no request");
}

static void watcher_start(struct watcher *w, struct trust *t, const char *path)
{
	mbedtls_ssl_context ssl;
	struct tls_secrets s = { 0 };
	w->fd = dial();
	mbedtls_ssl_init(&ssl);
	mbedtls_ssl_setup(&ssl, &t->conf);
	mbedtls_ssl_set_hostname(&ssl, NULL);
	mbedtls_ssl_set_bio(&ssl, &w->fd, to_server, from_server, NULL);
	tls_secrets_listen(&ssl, &s);
	if (mbedtls_ssl_handshake(&ssl) != 0)
		die("watch", "the handshake failed");
	struct tls_secrets ours = { .client = s.server, .server = s.client }; /* the other side */
	w->records = tls_records_new(mbedtls_ssl_get_ciphersuite_id_from_ssl(&ssl), &ours, 0, 0);
	mbedtls_ssl_free(&ssl);
	if (!w->records)
		die("watch", "the server chose another suite than AES-128-GCM of TLS 1.3");
	auto_free char *request =
		str_printf("GET %s HTTP/1.1\r\nHost: bench\r\nAccept: application/json\r\n\r\n",
			   path);
	say(w, request);
	fcntl(w->fd, F_SETFL, O_NONBLOCK);
}

/* Counts the marks; what may be the start of one is kept. */
static void look(struct watchers *all, struct watcher *w)
{
	struct str rest = buf_view(&w->text);
	double now = now_s();
	if (!w->answered && str_contains(rest, STR("\r\n\r\n"))) {
		w->answered = true;
		atomic_fetch_add(&all->answered, 1);
	}
	for (char *at; rest.n >= TIME_BYTES &&
		       (at = memmem(rest.p, rest.n - TIME_BYTES, MARK, strlen(MARK)));) {
		record(&all->seen, now - strtod(at + strlen(MARK), NULL));
		rest = str_from(at + strlen(MARK));
		rest.n = (size_t)(w->text.p + w->text.n - rest.p);
		if (++w->seen == all->events)
			all->complete++;
	}
	size_t keep = rest.n < TIME_BYTES + strlen(MARK) ? rest.n : TIME_BYTES + strlen(MARK);
	memmove(w->text.p, w->text.p + w->text.n - keep, keep);
	w->text.n = keep;
}

static void decrypt(struct watchers *all, struct watcher *w)
{
	static unsigned char plain[TLS_RECORD_PLAIN + 256];
	struct str in = buf_view(&w->wire);
	enum tls_content type;
	enum tls_alert alert;
	int n;
	while ((n = tls_records_open(w->records, &in, plain, &type, &alert)) >= 0)
		if (type == TLS_DATA) {
			buf_add(&w->text, plain, (size_t)n);
			look(all, w);
		}
	if (n == -2)
		die("watch", "a record can't be read");
	memmove(w->wire.p, in.p, in.n);
	w->wire.n = in.n;
}

static void receive(struct watchers *all, struct watcher *w)
{
	static char some[256 * 1024];
	ssize_t n = recv(w->fd, some, sizeof(some), 0);
	if (n == 0)
		die("watch", "the server ended a watch");
	if (n < 0)
		return;
	buf_add(&w->wire, some, (size_t)n);
	decrypt(all, w);
}

static void *run(void *ctx)
{
	struct watchers *all = ctx;
	struct epoll_event ready[256], e = { .events = EPOLLIN };
	int poll = epoll_create1(EPOLL_CLOEXEC);
	for (size_t i = 0; i < all->n; i++) {
		e.data.ptr = &all->all[i];
		epoll_ctl(poll, EPOLL_CTL_ADD, all->all[i].fd, &e);
	}
	while (all->complete < all->n && !atomic_load(&all->over)) {
		int n = epoll_wait(poll, ready, COUNT_OF(ready), 100);
		for (int i = 0; i < n; i++)
			receive(all, ready[i].data.ptr);
	}
	close(poll);
	return NULL;
}

struct watchers *watchers_start(size_t n, const char *path, size_t events)
{
	struct watchers *w = mem_zalloc(sizeof(*w) + n * sizeof(w->all[0]));
	struct trust t;
	w->n = n;
	w->events = events;
	trust_init(&t);
	for (size_t i = 0; i < n; i++)
		watcher_start(&w->all[i], &t, path);
	trust_free(&t);
	pthread_create(&w->thread, NULL, run, w);
	while (atomic_load(&w->answered) < n)
		poll(NULL, 0, 1);
	return w;
}

void watchers_finish(struct watchers *w, struct client *out)
{
	double until = now_s() + PATIENCE_S;
	while (pthread_tryjoin_np(w->thread, NULL) != 0) {
		if (now_s() > until)
			atomic_store(&w->over, true);
		poll(NULL, 0, 1);
	}
	for (size_t i = 0; i < w->n; i++) {
		close(w->all[i].fd);
		tls_records_free(w->all[i].records);
		buf_free(&w->all[i].wire);
		buf_free(&w->all[i].text);
	}
	*out = w->seen;
	out->failed = w->n * w->events - w->seen.n;
	free(w);
}

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

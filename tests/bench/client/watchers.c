/* SPDX-License-Identifier: Apache-2.0 */
#include "watchers.h"

#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/mem.h"
#include "secure.h"

#define MARK       "\"sent\":\""
#define TIME_BYTES 24 /* of the mark and the digits that follow, at least */
#define PATIENCE_S 30
#define READ_MIN   64 /* watchers that are read, at least; of the others the bytes are counted */

struct watcher {
	struct secure link;
	bool read, answered;
	struct buf wire, text;     /* not decrypted yet; not looked at yet */
	size_t seen, bytes, reads; /* events; of plain text, or, if it is not read, as they came */
};

struct watchers {
	pthread_t thread;
	size_t n, stride, events, complete, reading, wanted_bytes;
	atomic_size_t answered;
	_Atomic bool over;
	struct client seen;
	struct watcher all[];
};

static void watcher_start(struct watcher *w, struct trust *t, const char *path)
{
	secure_connect(&w->link, t);
	auto_free char *request =
		str_printf("GET %s HTTP/1.1\r\nHost: bench\r\nAccept: application/json\r\n\r\n",
			   path);
	secure_say(&w->link, request);
	fcntl(w->link.fd, F_SETFL, O_NONBLOCK);
}

static void answered(struct watchers *all, struct watcher *w)
{
	w->answered = true;
	atomic_fetch_add(&all->answered, 1);
}

/* Counts the marks; what may be the start of one is kept. */
static void look(struct watchers *all, struct watcher *w)
{
	struct str rest = buf_view(&w->text);
	double now = now_s();
	if (!w->answered && str_contains(rest, STR("\r\n\r\n")))
		answered(all, w);
	for (char *at; rest.n >= TIME_BYTES &&
		       (at = memmem(rest.p, rest.n - TIME_BYTES, MARK, strlen(MARK)));) {
		record(&all->seen, now - strtod(at + strlen(MARK), NULL));
		rest = str_from(at + strlen(MARK));
		rest.n = (size_t)(w->text.p + w->text.n - rest.p);
		if (++w->seen == all->events && ++all->complete == all->reading)
			all->wanted_bytes = w->bytes;
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
	while ((n = tls_records_open(w->link.records, &in, plain, &type, &alert)) >= 0)
		if (type == TLS_DATA) {
			buf_add(&w->text, plain, (size_t)n);
			w->bytes += (size_t)n;
			look(all, w);
		}
	if (n == -2)
		die("watch", "a record can't be read");
	memmove(w->wire.p, in.p, in.n);
	w->wire.n = in.n;
}

/* The kernel counts and forgets: reading costs the machine next to nothing. */
static void discard(struct watchers *all, struct watcher *w)
{
	ssize_t n = recv(w->link.fd, NULL, 1 << 20, MSG_TRUNC);
	if (n == 0)
		die("watch", "the server ended a watch");
	if (n < 0)
		return;
	w->bytes += (size_t)n;
	if (!w->answered)
		answered(all, w);
}

static void receive(struct watchers *all, struct watcher *w)
{
	static char some[256 * 1024];
	ssize_t n = recv(w->link.fd, some, sizeof(some), 0);
	if (n == 0)
		die("watch", "the server ended a watch");
	if (n < 0)
		return;
	w->reads++;
	buf_add(&w->wire, some, (size_t)n);
	decrypt(all, w);
}

/* All that are read have seen every event, and as many bytes have come to the others. */
static bool is_over(const struct watchers *all)
{
	if (atomic_load(&all->over))
		return true;
	if (all->complete < all->reading)
		return false;
	for (size_t i = 0; i < all->n; i++)
		if (all->all[i].bytes < all->wanted_bytes)
			return false;
	return true;
}

static void *run(void *ctx)
{
	struct watchers *all = ctx;
	struct epoll_event ready[256], e = { .events = EPOLLIN };
	int poll = epoll_create1(EPOLL_CLOEXEC);
	for (size_t i = 0; i < all->n; i++) {
		e.data.ptr = &all->all[i];
		epoll_ctl(poll, EPOLL_CTL_ADD, all->all[i].link.fd, &e);
	}
	while (!is_over(all)) {
		int n = epoll_wait(poll, ready, COUNT_OF(ready), 100);
		for (int i = 0; i < n; i++) {
			struct watcher *w = ready[i].data.ptr;
			(w->read ? receive : discard)(all, w);
		}
	}
	close(poll);
	return NULL;
}

struct watchers *watchers_start(size_t n, const char *path, size_t events)
{
	struct watchers *w = mem_zalloc(sizeof(*w) + n * sizeof(w->all[0]));
	struct trust *t = trust_new();
	w->n = n;
	w->stride = n / READ_MIN ? n / READ_MIN : 1;
	w->events = events;
	for (size_t i = 0; i < n; i++) {
		watcher_start(&w->all[i], t, path);
		w->all[i].read = i % w->stride == 0;
		w->reading += w->all[i].read;
	}
	trust_free(t);
	pthread_create(&w->thread, NULL, run, w);
	while (atomic_load(&w->answered) < n)
		poll(NULL, 0, 1);
	return w;
}

void watchers_finish(struct watchers *w, struct client *out, struct watched *about)
{
	double until = now_s() + PATIENCE_S;
	while (pthread_tryjoin_np(w->thread, NULL) != 0) {
		if (now_s() > until)
			atomic_store(&w->over, true);
		poll(NULL, 0, 1);
	}
	*about = (struct watched){ 0 };
	for (size_t i = 0; i < w->n; i++) {
		about->reads += w->all[i].reads;
		about->bytes += w->all[i].read ? w->all[i].bytes : 0;
		secure_close(&w->all[i].link);
		buf_free(&w->all[i].wire);
		buf_free(&w->all[i].text);
	}
	*out = w->seen;
	out->each = (double)w->n / (double)w->reading;
	out->failed = w->reading * w->events - w->seen.n;
	free(w);
}

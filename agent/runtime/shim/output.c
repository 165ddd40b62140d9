/* SPDX-License-Identifier: Apache-2.0 */
/* One output stream of a container: read once, logged, and copied to who is attached. A client that lags pauses the stream (the
 * container then waits in write(2)) until it has caught up; one that takes nothing for SHIM_STALL_US is dropped. */
#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "agent/runtime/shim/shim.h"

#define READ_BYTES 16384

static struct output *output_of(struct watch *w)
{
	return (struct output *)((char *)w - offsetof(struct output, watch));
}

static struct sink *sink_of(struct watch *w)
{
	return (struct sink *)((char *)w - offsetof(struct sink, watch));
}

static void pause_output(struct shim *s, struct output *o, bool paused)
{
	if (o->watch.fd < 0 || o->paused == paused)
		return;
	o->paused = paused;
	if (paused)
		watch_stop(
			s,
			&o->watch); /* taken out: a hang-up would be reported even with no events asked for */
	else
		watch_start(s, &o->watch, EPOLLIN);
}

static bool lags(const struct output *o)
{
	for (int i = 0; i < SHIM_ATTACHERS; i++)
		if (o->sinks[i].watch.fd >= 0 && o->sinks[i].n)
			return true;
	return false;
}

static void sink_close(struct shim *s, struct sink *k)
{
	if (k->n)
		s->lagging--;
	k->n = 0;
	if (k->buffer)
		pages_free(k->buffer, SHIM_PIPE_BYTES);
	k->buffer = NULL;
	watch_close(s, &k->watch);
}

static struct output *sink_output(struct sink *k)
{
	struct container *c = k->container;
	return k >= c->out.sinks && k < c->out.sinks + SHIM_ATTACHERS ? &c->out : &c->err;
}

static void sink_ready(struct shim *s, struct watch *w, uint32_t events)
{
	struct sink *k = sink_of(w);
	struct output *o = sink_output(k);
	if (!(events & EPOLLERR) && k->n) {
		ssize_t r = write(w->fd, k->buffer + k->off, k->n);
		if (r > 0) {
			k->off += (size_t)r;
			k->n -= (size_t)r;
			k->stalled_us = wall_us();
		}
		if (k->n)
			return;
		s->lagging--;
		k->off = 0;
		watch_change(s, w, 0);
	}
	if ((events & EPOLLERR) || k->closing)
		sink_close(s, k);
	if (!lags(o))
		pause_output(s, o, false);
}

static void sink_keep(struct shim *s, struct sink *k, const char *p, size_t n)
{
	if (!k->buffer)
		k->buffer = pages_new(SHIM_PIPE_BYTES);
	if (!k->buffer || k->off + k->n + n > SHIM_PIPE_BYTES) {
		sink_close(s, k);
		return;
	}
	memcpy(k->buffer + k->off + k->n, p, n);
	if (!k->n) {
		s->lagging++;
		k->stalled_us = wall_us();
		watch_change(s, &k->watch, EPOLLOUT);
	}
	k->n += n;
}

static void sink_write(struct shim *s, struct sink *k, const char *p, size_t n)
{
	ssize_t r = 0;
	if (!k->n) {
		r = write(k->watch.fd, p, n);
		if (r < 0 && errno != EAGAIN && errno != EINTR) {
			sink_close(s, k);
			return;
		}
		if (r < 0)
			r = 0;
	}
	if ((size_t)r < n)
		sink_keep(s, k, p + r, n - (size_t)r);
}

static void fan_out(struct shim *s, struct output *o, const char *p, size_t n)
{
	for (int i = 0; i < SHIM_ATTACHERS; i++)
		if (o->sinks[i].watch.fd >= 0)
			sink_write(s, &o->sinks[i], p, n);
}

/* false: nothing more now; *ended: nor ever. */
static bool take(struct shim *s, struct output *o, bool *ended)
{
	char buffer[READ_BYTES];
	ssize_t n = read(o->watch.fd, buffer, sizeof(buffer));
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return false;
	if (n <= 0) {
		*ended = true;
		return false;
	}
	log_write(o, buffer, (size_t)n);
	fan_out(s, o, buffer, (size_t)n);
	return true;
}

static void output_ready(struct shim *s, struct watch *w, uint32_t events)
{
	struct output *o = output_of(w);
	bool ended = false;
	(void)events;
	take(s, o, &ended);
	if (ended)
		output_close(s, o);
	else if (lags(o))
		pause_output(s, o, true);
}

void output_open(struct shim *s, struct container *c, struct output *o, int fd)
{
	o->container = c;
	o->paused = false;
	o->watch = (struct watch){ .fd = fd, .ready = output_ready };
	watch_start(s, &o->watch, EPOLLIN);
}

void output_drain(struct shim *s, struct output *o)
{
	bool ended = false;
	if (o->watch.fd < 0)
		return;
	while (take(s, o, &ended))
		;
	output_close(s, o);
}

void output_close(struct shim *s, struct output *o)
{
	if (o->watch.fd < 0)
		return;
	log_flush(o);
	watch_close(s, &o->watch);
	output_close_sinks(s, o);
}

void output_close_sinks(struct shim *s, struct output *o)
{
	for (int i = 0; i < SHIM_ATTACHERS; i++) {
		struct sink *k = &o->sinks[i];
		k->closing = true;
		if (k->watch.fd >= 0 && !k->n)
			sink_close(s, k);
	}
}

bool sink_add(struct shim *s, struct output *o, int fd)
{
	for (int i = 0; i < SHIM_ATTACHERS; i++) {
		struct sink *k = &o->sinks[i];
		if (k->watch.fd >= 0)
			continue;
		*k = (struct sink){ .watch = { .fd = fd, .ready = sink_ready },
				    .container = o->container };
		watch_start(s, &k->watch, 0);
		return true;
	}
	return false;
}

void output_drop_stalled(struct shim *s, struct output *o, int64_t before_us)
{
	for (int i = 0; i < SHIM_ATTACHERS; i++) {
		struct sink *k = &o->sinks[i];
		if (k->watch.fd >= 0 && k->n && k->stalled_us < before_us)
			sink_close(s, k);
	}
	if (!lags(o))
		pause_output(s, o, false);
}

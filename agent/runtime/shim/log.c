/* SPDX-License-Identifier: Apache-2.0 */
/* Log files as the CRI has them: `2026-01-02T03:04:05.000000006Z stdout F text`, with P instead of F for a line that goes on in
 * the next record (it was longer than SHIM_LINE_BYTES). Lines go from the read buffer to the file without a copy, many at a
 * time; only a line whose end has not come yet is kept. Follows kubernetes/design-proposals "kubelet-cri-logging". */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#include "agent/runtime/shim/shim.h"
#include "base/clock.h"

#define PIECES   96 /* iovecs in one write: three or four a line */
#define HEAD_MAX 64

struct batch {
	int fd;
	int n;
	size_t nfull, npart;
	char full[HEAD_MAX], part[HEAD_MAX];
	struct iovec pieces[PIECES];
};

int shim_log_open(struct container *c)
{
	int fd = open(c->log_path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0640);
	if (fd < 0)
		return -errno;
	if (c->log_fd >= 0)
		close(c->log_fd);
	c->log_fd = fd;
	return 0;
}

static size_t head(char out[HEAD_MAX], const char *stream, char tag)
{
	struct timespec now;
	clock_gettime(CLOCK_REALTIME, &now);
	time_format_nano(now.tv_sec, now.tv_nsec, out);
	size_t n = strlen(out), len = strlen(stream);
	out[n++] = ' ';
	memcpy(out + n, stream, len);
	n += len;
	out[n++] = ' ';
	out[n++] = tag;
	out[n++] = ' ';
	return n;
}

static void batch_start(struct batch *b, struct output *o)
{
	b->fd = o->container->log_fd;
	b->n = 0;
	b->nfull = head(b->full, o->name, 'F');
	memcpy(b->part, b->full, b->nfull);
	b->part[b->nfull - 2] = 'P';
	b->npart = b->nfull;
}

/* A full disk loses lines rather than stopping the container. */
static void batch_write(struct batch *b)
{
	ssize_t r;
	if (b->fd >= 0 && b->n)
		do
			r = writev(b->fd, b->pieces, b->n);
		while (r < 0 && errno == EINTR);
	b->n = 0;
}

static void piece(struct batch *b, const void *p, size_t n)
{
	if (n)
		b->pieces[b->n++] = (struct iovec){ (void *)(uintptr_t)p, n };
}

/* One record, made of what was kept and what is new. */
static void record(struct batch *b, bool whole, const char *kept, size_t nkept, const char *p,
		   size_t n)
{
	if (b->n > PIECES - 4)
		batch_write(b);
	piece(b, whole ? b->full : b->part, whole ? b->nfull : b->npart);
	piece(b, kept, nkept);
	piece(b, p, n);
	piece(b, "\n", 1);
}

static void keep(struct output *o, const char *p, size_t n)
{
	if (!n)
		return;
	if (!o->partial)
		o->partial = pages_new(SHIM_LINE_BYTES);
	if (!o->partial)
		return;
	memcpy(o->partial + o->npartial, p, n);
	o->npartial += n;
}

void log_write(struct output *o, const char *p, size_t n)
{
	struct batch b;
	size_t kept = o->npartial;
	batch_start(&b, o);
	while (n) {
		size_t room = SHIM_LINE_BYTES - kept;
		const char *end = memchr(p, '\n', n < room + 1 ? n : room + 1);
		size_t take = end ? (size_t)(end - p) : n > room ? room : 0;
		if (!end && !take && n <= room)
			break;
		record(&b, end != NULL, o->partial, kept, p, take);
		if (kept)
			batch_write(&b); /* before `partial` is used again */
		kept = o->npartial = 0;
		p += take + (end != NULL);
		n -= take + (end != NULL);
	}
	batch_write(&b);
	keep(o, p, n);
}

void log_flush(struct output *o)
{
	struct batch b;
	if (!o->npartial)
		return;
	batch_start(&b, o);
	record(&b, false, o->partial, o->npartial, "", 0); /* its end never came */
	batch_write(&b);
	o->npartial = 0;
}

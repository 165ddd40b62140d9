/* SPDX-License-Identifier: Apache-2.0 */
/* /containerLogs: the file is read in blocks on a worker, filtered there, and written by the loop; the next block follows when the client
 * has taken the last. Following waits for inotify (started before the first read, so that nothing slips through) until the
 * container has ended and all was read; a file that was rotated away is read to its end, then the new one from its start. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>

#include "agent/kubelet/pod/container_report.h"
#include "agent/kubelet/serve/log_line.h"
#include "agent/kubelet/serve/server.h"
#include "base/file.h"
#include "base/list.h"
#include "base/mem.h"

#define BLOCK      65536
#define LINE_MAX_  (256u << 10) /* a CRI line is at most 16 KiB; anything longer is no such file */
#define QUEUED_MAX (512u << 10)

struct log_stream {
	struct list link; /* in followers, while following */
	struct kubelet *k;
	struct http_request *req; /* NULL: the client is gone */
	struct log_options o;
	char *path;
	char pod_uid[64], id[65]; /* followed: the container */
	int fd;
	off_t at;
	struct buf carry, out; /* an unfinished line; what is to be sent */
	bool inside;           /* the last line was partial */
	bool busy, again, eof, ended, watching, watch_open;
	int64_t sent;
	int64_t left; /* records of the tail; what is written meanwhile is not of it. -1: no end */
	uv_fs_event_t watch;
};

static struct list *followers_of(struct kubelet *k)
{
	if (!k->followers.next)
		list_init(&k->followers);
	return &k->followers;
}

static void stream_free(struct log_stream *s)
{
	if (s->busy || s->watch_open || s->req)
		return;
	if (s->fd >= 0)
		close(s->fd);
	list_del(&s->link);
	buf_free(&s->carry);
	buf_free(&s->out);
	free(s->path);
	free(s);
}

static void watch_closed(uv_handle_t *h)
{
	struct log_stream *s = h->data;
	s->watch_open = false;
	stream_free(s);
}

static void stop(struct log_stream *s)
{
	if (s->watch_open && !uv_is_closing((uv_handle_t *)&s->watch))
		uv_close((uv_handle_t *)&s->watch, watch_closed);
	stream_free(s);
}

static void on_close(struct http_request *req)
{
	struct log_stream *s = req->user;
	s->req = NULL;
	stop(s);
}

/* --- on a worker --- */

static void take_line(struct log_stream *s, struct str line)
{
	struct log_line l;
	if (!log_line_parse(line, &l) || s->left == 0)
		return;
	if (s->left > 0)
		s->left--;
	if (!log_line_wanted(&s->o, &l))
		return;
	log_line_write(&s->o, &l, s->inside, &s->out);
	s->inside = l.partial;
}

static void take_block(struct log_stream *s, struct str block)
{
	while (block.n) {
		size_t end = str_find(block, '\n');
		if (end == block.n) {
			buf_str(&s->carry, block);
			return;
		}
		if (s->carry.n) {
			buf_str(&s->carry, str_of(block.p, end));
			take_line(s, buf_view(&s->carry));
			buf_reset(&s->carry);
		} else {
			take_line(s, str_of(block.p, end));
		}
		block = str_of(block.p + end + 1, block.n - end - 1);
	}
}

/* Another file lies at our path: the log was rotated. */
static bool reopened(struct log_stream *s)
{
	struct stat now, ours;
	if (stat(s->path, &now) < 0 || fstat(s->fd, &ours) < 0 ||
	    (now.st_ino == ours.st_ino && now.st_dev == ours.st_dev))
		return false;
	int fd = open(s->path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0)
		return false;
	close(s->fd);
	s->fd = fd;
	s->at = 0;
	return true;
}

static void read_work(void *ctx)
{
	struct log_stream *s = ctx;
	char *block = mem_alloc(BLOCK);
	s->eof = false;
	while (s->out.n < BLOCK && !s->eof) {
		ssize_t n = pread(s->fd, block, BLOCK, s->at);
		if (n > 0 && s->carry.n < LINE_MAX_) {
			s->at += n;
			take_block(s, str_of(block, (size_t)n));
		} else if (!s->o.follow || !reopened(s)) {
			s->eof = true;
		}
		s->eof = s->eof || s->left == 0;
	}
	free(block);
}

/* --- on the loop --- */

static bool still_runs(const struct log_stream *s)
{
	struct container_status status;
	return runtime_container_status(s->k->runtime, s->id, &status) &&
	       status.state == CONTAINER_RUNNING;
}

static void flush(struct log_stream *s)
{
	if (!s->out.n)
		return;
	size_t n = s->out.n;
	if (s->o.limit_bytes >= 0 && (int64_t)n > s->o.limit_bytes - s->sent)
		n = (size_t)(s->o.limit_bytes - s->sent);
	s->sent += (int64_t)n;
	struct chunk c = chunk_take(buf_take(&s->out), n);
	http_stream_write(s->req, &c, 1);
}

static void advance(struct log_stream *s);

static void read_done(void *ctx)
{
	struct log_stream *s = ctx;
	s->busy = false;
	if (!s->req) {
		stop(s);
		return;
	}
	flush(s);
	bool full = s->o.limit_bytes >= 0 && s->sent >= s->o.limit_bytes;
	bool over = s->eof && !s->again && (!s->o.follow || s->ended);
	if (full || over) {
		http_stream_end(s->req); /* on_close follows */
		return;
	}
	if (s->eof && !s->again) {
		s->ended = !still_runs(s); /* then once more: what was written before it ended */
		if (!s->ended)
			return;
	}
	advance(s);
}

static void advance(struct log_stream *s)
{
	struct chunk none = CHUNK_STATIC("");
	if (s->busy || !s->req)
		return;
	if (http_stream_write(s->req, &none, 0) > QUEUED_MAX)
		return; /* on_drain goes on */
	s->again = false;
	s->busy = true;
	loop_work(s->k->loop, read_work, read_done, s);
}

static void on_drain(struct http_request *req)
{
	struct log_stream *s = req->user;
	if (!s->eof || s->again)
		advance(s);
}

static void look_again(struct log_stream *s)
{
	s->again = true;
	advance(s);
}

static void on_event(uv_fs_event_t *w, const char *name, int events, int status)
{
	(void)name;
	(void)events;
	(void)status;
	look_again(w->data);
}

void logs_look_again(struct kubelet *k)
{
	LIST_EACH_SAFE(followers_of(k), it)
	look_again(LIST_ITEM(it, struct log_stream, link));
}

static void follow(struct log_stream *s)
{
	auto_free char *dir = str_dup(str_of(s->path, str_rfind(str_from(s->path), '/')));
	uv_fs_event_init(&s->k->loop->uv, &s->watch);
	s->watch.data = s;
	s->watch_open = true;
	uv_fs_event_start(&s->watch, on_event, dir,
			  0); /* the directory: a rotated file shows, too */
	list_add_tail(followers_of(s->k), &s->link);
}

/* --- the request --- */

static bool parse_options(struct server_call *c, struct log_options *o)
{
	struct str since = params_get(&c->query, "sinceTime"),
		   stream = params_get(&c->query, "stream");
	int64_t seconds;
	*o = (struct log_options){ .tail_lines = -1, .limit_bytes = -1 };
	if (params_get(&c->query, "tailLines").n &&
	    (!params_i64(&c->query, "tailLines", &o->tail_lines) || o->tail_lines < 0))
		return false;
	if (params_get(&c->query, "limitBytes").n &&
	    (!params_i64(&c->query, "limitBytes", &o->limit_bytes) || o->limit_bytes < 1))
		return false;
	if (params_get(&c->query, "sinceSeconds").n) {
		if (!params_i64(&c->query, "sinceSeconds", &seconds) || seconds < 1)
			return false;
		o->since_us = clock_wall_us(c->k->clock) - seconds * 1000000;
	}
	if (since.n && !time_parse(since, &o->since_us))
		return false;
	o->follow = params_flag(&c->query, "follow");
	o->previous = params_flag(&c->query, "previous");
	o->timestamps = params_flag(&c->query, "timestamps");
	o->out = !str_eqz(stream, "Stderr");
	o->err_out = !str_eqz(stream, "Stdout");
	return true;
}

static void not_started(struct http_request *req, const struct pod_container *c)
{
	const char *reason = c->waiting_reason ? c->waiting_reason : container_first_reason(c);
	if (!strcmp(reason, "ErrImagePull"))
		reason = "image can't be pulled";
	else if (!strcmp(reason, "ImagePullBackOff"))
		reason = "trying and failing to pull image";
	server_error(req, 400, "container \"%s\" in pod \"%s\" is waiting to start: %s", c->name,
		     c->pod->name, reason);
}

/* Which attempt's log; -1: answered. */
static int choose_attempt(struct server_call *call, const struct pod_container *c, bool previous)
{
	bool runs = c->life == LIFE_RUNNING || c->life == LIFE_STOPPING;
	bool waits = c->waiting_reason || c->life == LIFE_STARTING;
	if (previous) {
		if (waits && c->end.valid)
			return c->restart_count;
		if (c->last.valid && c->restart_count > 0)
			return c->restart_count - 1;
		server_error(call->req, 400,
			     "previous terminated container \"%s\" in pod \"%s\" not found",
			     c->name, c->pod->name);
		return -1;
	}
	if (runs)
		return c->restart_count;
	if (c->life == LIFE_STARTING && c->end.valid)
		return c->restart_count > 0 && strcmp(c->id, c->end.id) != 0 ? c->restart_count - 1
									     : c->restart_count;
	if (c->end.valid)
		return c->restart_count;
	not_started(call->req, c);
	return -1;
}

static int open_log(struct server_call *call, const struct pod_container *c, int attempt,
		    char **path)
{
	*path = str_printf("%s/%s/%d.log", c->pod->log_dir, c->name, attempt);
	int fd = open(*path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0)
		server_error(call->req, 400, "failed to try resolving symlinks in path \"%s\": %s",
			     *path, strerror(errno));
	return fd;
}

void server_logs(struct server_call *call)
{
	struct log_options o;
	struct pod_container *c = server_container(call);
	if (!c)
		return;
	if (!parse_options(call, &o)) {
		server_error(call->req, 422, "{\"message\": \"Invalid request.\"}");
		return;
	}
	int attempt = choose_attempt(call, c, o.previous);
	if (attempt < 0)
		return;
	auto_free char *path = NULL;
	int fd = open_log(call, c, attempt, &path);
	if (fd < 0)
		return;
	struct log_stream *s = NEW(struct log_stream);
	list_init(&s->link);
	s->k = call->k;
	s->req = call->req;
	s->o = o;
	s->path = TAKE(path);
	s->fd = fd;
	snprintf(s->id, sizeof(s->id), "%s", c->id);
	if (o.tail_lines >= 0)
		s->at = log_tail_offset(fd, o.tail_lines);
	s->left = o.follow ? -1 : o.tail_lines;
	call->req->user = s;
	call->req->on_close = on_close;
	call->req->on_drain = on_drain;
	struct http_field field = { STR("content-type"), STR("text/plain") };
	if (s->o.follow)
		follow(s);
	if (!http_websocket_start(call->req, false, true))
		http_stream_start(call->req, 200, &field, 1);
	advance(s);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* /exec and /attach: the channels of the client's session and the streams of a process, pumped both ways with back-pressure. The
 * session ends when the process has ended and all its output was handed over; it dies with the client. The process is started when
 * the client has opened all streams. */
#include <jansson.h>
#include <string.h>

#include "agent/kubelet/serve/server.h"
#include "base/mem.h"
#include "net/channels.h"

#define QUEUED_MAX (256u << 10)

struct session {
	struct kubelet *k;
	struct channels *channels; /* NULL: the client is gone */
	struct runtime_exec *exec; /* NULL: it has ended */
	struct runtime_io io;
	int open; /* outputs that are not closed */
	bool tty, in_done;
	bool exited, finished;
	int exit_code;
	struct err err;
	char id[65];        /* of the container */
	const char **argv;  /* NULL: attach */
	struct arena arena; /* of argv */
	bool in;
};

static void maybe_free(struct session *s)
{
	if (s->channels || s->exec || s->io.in || s->io.out || s->io.err_out)
		return;
	err_clear(&s->err);
	arena_free(&s->arena);
	free(s);
}

static void maybe_finish(struct session *s)
{
	if (!s->channels || s->finished || !s->exited || s->open > 0)
		return;
	s->finished = true;
	channels_finish_exec(s->channels, s->exit_code, s->err.reason != ERR_NONE ? &s->err : NULL);
}

/* --- from the process to the client --- */

static struct channel *channel_of(struct session *s, struct stream *stream)
{
	return channels_find(s->channels,
			     stream == s->io.err_out ? CHANNEL_STDERR : CHANNEL_STDOUT);
}

static void output(struct stream *stream, const char *p, size_t n)
{
	struct session *s = stream->ctx;
	struct channel *c = s->channels && !s->finished ? channel_of(s, stream) : NULL;
	if (!c)
		return;
	channel_write(s->channels, c, p, n);
	if (c->queued_bytes > QUEUED_MAX)
		stream_read_stop(stream);
}

static void output_end(struct stream *stream)
{
	stream_close(stream);
}

static void output_closed(struct stream *stream)
{
	struct session *s = stream->ctx;
	if (s->io.err_out == stream)
		s->io.err_out = NULL;
	else
		s->io.out = NULL;
	s->open = (s->io.out != NULL) + (s->io.err_out != NULL);
	maybe_finish(s);
	maybe_free(s);
}

static void input_drained(struct stream *stream)
{
	struct session *s = stream->ctx;
	struct channel *c = s->channels ? channels_find(s->channels, CHANNEL_STDIN) : NULL;
	if (c)
		channel_pause(s->channels, c, false);
}

static void input_data(struct stream *stream, const char *p, size_t n)
{
	(void)stream;
	(void)p;
	(void)n;
}

static void input_closed(struct stream *stream)
{
	struct session *s = stream->ctx;
	s->io.in = NULL;
	maybe_free(s);
}

static void wire_output(struct session *s, struct stream *stream)
{
	if (!stream)
		return;
	s->open++;
	stream->ctx = s;
	stream->on_data = output;
	stream->on_end = output_end;
	stream->on_close = output_closed;
	stream_read_start(stream);
}

static void wire(struct session *s)
{
	wire_output(s, s->io.out);
	wire_output(s, s->io.err_out);
	if (!s->io.in)
		return;
	s->io.in->ctx = s;
	s->io.in->on_data = input_data;
	s->io.in->on_end = NULL;
	s->io.in->on_drain = input_drained;
	s->io.in->on_close = input_closed;
}

static void close_streams(struct session *s)
{
	struct stream *all[] = { s->io.in, s->io.out, s->io.err_out };
	for (size_t i = 0; i < COUNT_OF(all); i++)
		if (all[i])
			stream_close(all[i]);
}

static void command_ended(void *ctx, int code, const struct err *err)
{
	struct session *s = ctx;
	s->exec = NULL;
	s->exited = true;
	s->exit_code = code;
	if (err)
		err_copy(&s->err, err);
	if (s->io.in)
		stream_close(s->io.in);
	maybe_finish(s);
	maybe_free(s);
}

/* --- from the client to the process --- */

static void resize(struct session *s, const char *p, size_t n)
{
	json_t *t = json_loadb(p, n, JSON_DISABLE_EOF_CHECK, NULL);
	json_int_t w = json_integer_value(json_object_get(t, "Width"));
	json_int_t h = json_integer_value(json_object_get(t, "Height"));
	if (s->exec && s->tty && w > 0 && h > 0 && w < 65536 && h < 65536)
		runtime_exec_resize(s->exec, (uint16_t)h, (uint16_t)w);
	json_decref(t);
}

static void client_ready(struct channels *ch)
{
	struct session *s = channels_ctx(ch);
	struct runtime *rt = s->k->runtime;
	s->exec = s->argv ? runtime_exec(rt, s->id, s->argv, s->tty, s->in, &s->io, command_ended,
					 s, &s->err)
			  : runtime_attach(rt, s->id, s->in, &s->io, command_ended, s, &s->err);
	if (s->exec) {
		wire(s);
		return;
	}
	s->exited = true;
	maybe_finish(s);
}

static void client_data(struct channels *ch, struct channel *c, const char *p, size_t n)
{
	struct session *s = channels_ctx(ch);
	if (c->kind == CHANNEL_RESIZE) {
		resize(s, p, n);
	} else if (c->kind == CHANNEL_STDIN && s->io.in && !s->in_done) {
		stream_write_copy(s->io.in, p, n);
		if (s->io.in->queued_bytes > QUEUED_MAX)
			channel_pause(ch, c, true);
	}
}

static void client_ended(struct channels *ch, struct channel *c)
{
	struct session *s = channels_ctx(ch);
	if (c->kind != CHANNEL_STDIN || !s->io.in || s->in_done)
		return;
	s->in_done = true;
	if (!s->tty)
		stream_shutdown(s->io.in);
}

static void client_drained(struct channels *ch, struct channel *c)
{
	struct session *s = channels_ctx(ch);
	struct stream *stream = c->kind == CHANNEL_STDERR ? s->io.err_out : s->io.out;
	if (stream && (c->kind == CHANNEL_STDOUT || c->kind == CHANNEL_STDERR))
		stream_read_start(stream);
}

static void client_closed(struct channels *ch)
{
	struct session *s = channels_ctx(ch);
	s->channels = NULL;
	if (s->exec)
		runtime_exec_cancel(s->exec);
	close_streams(s);
	maybe_free(s);
}

static const struct channels_ops ops = {
	.ready = client_ready,
	.data = client_data,
	.ended = client_ended,
	.drained = client_drained,
	.closed = client_closed,
};

/* --- the requests --- */

struct wanted {
	bool in, out, err_out, tty;
};

static bool parse_wanted(struct server_call *c, struct wanted *w)
{
	w->tty = params_flag(&c->query, "tty");
	w->in = params_flag(&c->query, "input") || params_flag(&c->query, "stdin");
	w->out = params_flag(&c->query, "output") || params_flag(&c->query, "stdout");
	w->err_out =
		(params_flag(&c->query, "error") || params_flag(&c->query, "stderr")) && !w->tty;
	if (w->in || w->out || w->err_out)
		return true;
	server_error(c->req, 400, "you must specify at least 1 of stdin, stdout, stderr");
	return false;
}

static bool is_running(const struct server_call *call, const struct pod_container *c)
{
	struct container_status s;
	if (runtime_container_status(call->k->runtime, c->id, &s) && s.state == CONTAINER_RUNNING)
		return true;
	server_error(call->req, 500, "container not found (\"%s\")", c->name);
	return false;
}

static void run_session(struct server_call *call, struct pod_container *c, struct session *s,
			const struct wanted *w)
{
	struct channels_config config = {
		.use = CHANNELS_REMOTE_COMMAND,
		.in = w->in,
		.out = w->out,
		.err_out = w->err_out,
		.tty = w->tty,
		.ops = &ops,
		.ctx = s,
	};
	s->k = call->k;
	memcpy(s->id, c->id, sizeof(s->id));
	s->channels = channels_accept(call->req, &config);
	maybe_free(s); /* not accepted: nothing is open */
}

void server_exec(struct server_call *call)
{
	struct wanted w;
	struct pod_container *c = server_container(call);
	if (!c || !parse_wanted(call, &w) || !is_running(call, c))
		return;
	struct session *s = NEW(struct session);
	s->argv = params_all(&call->query, "command", &s->arena);
	s->tty = w.tty;
	s->in = w.in;
	if (!s->argv[0]) {
		server_error(call->req, 400, "you must specify at least one command");
		maybe_free(s);
		return;
	}
	run_session(call, c, s, &w);
}

void server_attach(struct server_call *call)
{
	struct wanted w;
	struct pod_container *c = server_container(call);
	if (!c || !parse_wanted(call, &w) || !is_running(call, c))
		return;
	struct session *s = NEW(struct session);
	s->tty = c->spec->tty;
	s->in = w.in && c->spec->stdin_;
	run_session(call, c, s, &w);
}

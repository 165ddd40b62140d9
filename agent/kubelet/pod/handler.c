/* SPDX-License-Identifier: Apache-2.0 */
/* A handler answers once (finish) and is freed when everything it started is closed: its timer, its exec, its connection. */
#include "agent/kubelet/pod/handler.h"

#include <stdio.h>

#include "agent/kubelet/pod/grpc_health.h"
#include "agent/kubelet/pod/http_get.h"
#include "base/mem.h"
#include "net/connect.h"

#define OUTPUT_MAX 10240
#define DRAIN_MS   1000 /* for what a command that has ended wrote last */

struct handler {
	struct kubelet *k;
	handler_done done; /* NULL: answered or cancelled */
	void *ctx;
	struct loop_timer timer;
	uint64_t timeout_ms;
	bool timer_open;
	struct buf output;
	struct runtime_exec *exec;
	struct runtime_io io;
	int streams; /* of the exec that are still open */
	bool exited;
	int exit_code;
	char *command, *address; /* for what is said when the time is over */
	struct http_get *get;
	bool is_hook;
	struct connect *connect;
	struct grpc_health *grpc;
	struct err start_err; /* could not even begin: said by the timer */
};

static void maybe_free(struct handler *h)
{
	if (h->done || h->timer_open || h->exec || h->streams || h->get || h->connect || h->grpc)
		return;
	free(h->command);
	free(h->address);
	err_clear(&h->start_err);
	buf_free(&h->output);
	free(h);
}

static void timer_closed(struct loop_timer *t)
{
	struct handler *h = CONTAINER_OF(t, struct handler, timer);
	h->timer_open = false;
	maybe_free(h);
}

/* Also what somebody in the container holds yet: else each run of a probe could leave descriptors behind. */
static void close_output(struct handler *h)
{
	struct stream *const all[] = { h->io.out, h->io.err_out };
	for (size_t i = 0; i < COUNT_OF(all); i++)
		if (all[i])
			stream_close(all[i]);
}

static void stop_everything(struct handler *h)
{
	loop_timer_close(&h->timer, timer_closed);
	if (h->exec)
		runtime_exec_cancel(h->exec);
	close_output(h);
	if (h->get)
		http_get_cancel(TAKE(h->get));
	if (h->connect) {
		connect_cancel(h->connect);
		h->connect = NULL;
	}
	if (h->grpc)
		grpc_health_cancel(TAKE(h->grpc));
}

static void finish(struct handler *h, enum handler_result r, const char *output)
{
	handler_done done = TAKE(h->done);
	if (!done)
		return;
	done(h->ctx, r, output);
	stop_everything(h);
}

void handler_cancel(struct handler *h)
{
	if (!TAKE(h->done))
		return;
	stop_everything(h);
}

static void collect(struct handler *h, const char *p, size_t n)
{
	size_t room = OUTPUT_MAX - h->output.n;
	buf_add(&h->output, p, n < room ? n : room);
}

static const char *text_of(struct handler *h)
{
	return h->output.n ? h->output.p : "";
}

static void exec_over(struct handler *h)
{
	finish(h, h->exit_code == 0 ? HANDLER_SUCCESS : HANDLER_FAILURE, text_of(h));
}

static void time_is_over(struct handler *h)
{
	auto_buf text = { 0 };
	unsigned long long seconds = h->timeout_ms / 1000;
	if (h->exec)
		buf_printf(&text, "command timed out: \"%s\" timed out after %llus", h->command,
			   seconds);
	else if (h->get)
		buf_printf(&text,
			   "Get \"%s\": context deadline exceeded (Client.Timeout exceeded while "
			   "awaiting headers)",
			   http_get_url(h->get));
	else if (h->connect)
		buf_printf(&text, "dial tcp %s: i/o timeout", h->address);
	else
		buf_printf(&text, "timeout: health rpc did not complete within %llus", seconds);
	finish(h, HANDLER_FAILURE, text.p);
}

static void on_timer(struct loop_timer *t)
{
	struct handler *h = CONTAINER_OF(t, struct handler, timer);
	if (h->start_err.reason != ERR_NONE)
		finish(h, HANDLER_ERROR, err_text(&h->start_err));
	else if (h->exited) /* somebody that it started holds its output */
		exec_over(h);
	else if (h->exec || h->get || h->connect || h->grpc)
		time_is_over(h);
	else
		finish(h, HANDLER_SUCCESS, ""); /* a pause is over */
}

/* --- a command --- */

static void exec_data(struct stream *s, const char *p, size_t n)
{
	collect(s->ctx, p, n);
}

static void exec_end(struct stream *s)
{
	stream_close(s);
}

static void exec_closed(struct stream *s)
{
	struct handler *h = s->ctx;
	*(s == h->io.out ? &h->io.out : &h->io.err_out) = NULL;
	h->streams--;
	if (h->exited && !h->streams)
		exec_over(h);
	maybe_free(h);
}

static void listen_to(struct handler *h, struct stream *s)
{
	if (!s)
		return;
	h->streams++;
	s->ctx = h;
	s->on_data = exec_data;
	s->on_end = exec_end;
	s->on_close = exec_closed;
	stream_read_start(s);
}

static void exec_exit(void *ctx, int code, const struct err *err)
{
	struct handler *h = ctx;
	h->exec = NULL;
	h->exited = !err;
	h->exit_code = code;
	if (err)
		finish(h, HANDLER_ERROR, err_text(err));
	else if (!h->streams)
		exec_over(h);
	else if (h->done) /* the end may be told before the last output */
		loop_timer_start(&h->timer, DRAIN_MS);
	maybe_free(h);
}

static int start_exec(struct handler *h, struct pod_container *c,
		      const struct core_v1_exec_action *e)
{
	auto_arena a = { 0 };
	auto_buf command = { 0 };
	const char **argv = ARENA_ARRAY(&a, const char *, e->command.n + 1);
	for (size_t i = 0; i < e->command.n; i++) {
		argv[i] = e->command.items[i].p ? e->command.items[i].p : "";
		buf_printf(&command, "%s%s", i ? " " : "", argv[i]);
	}
	h->command = buf_take(&command);
	h->exec = runtime_exec(h->k->runtime, c->id, argv, false, false, &h->io, exec_exit, h,
			       &h->start_err);
	if (!h->exec)
		return -1;
	listen_to(h, h->io.out);
	listen_to(h, h->io.err_out);
	return 0;
}

/* --- ports and addresses --- */

static int port_of(const struct pod_container *c, const struct api_int_or_string *port,
		   struct err *err)
{
	int64_t n;
	if (!port->is_string)
		return port->i;
	for (size_t i = 0; i < c->spec->ports.n; i++)
		if (str_eq(c->spec->ports.items[i].name, port->s))
			return c->spec->ports.items[i].container_port;
	if (str_to_i64(port->s, &n) && n > 0 && n < 65536)
		return (int)n;
	return err_set(err, ERR_INVALID, "couldn't find port %.*s for container", STR_ARG(port->s));
}

static const char *host_of(const struct pod_container *c, struct str host, struct arena *a)
{
	const char *const *ips = pod_ips(c->pod, a);
	return host.n ? arena_strdup(a, host) : ips[0] ? ips[0] : "127.0.0.1";
}

/* --- HTTP --- */

/* Whatever the answer is, a hook was heard; of a probe it has to be good. */
static void http_done(void *ctx, const struct http_get_answer *a)
{
	struct handler *h = ctx;
	auto_buf text = { 0 };
	h->get = NULL;
	if (!a->status) {
		finish(h, HANDLER_FAILURE, a->output);
	} else if (h->is_hook || (a->status >= 200 && a->status < 300)) {
		finish(h, HANDLER_SUCCESS, a->output);
	} else if (a->status >= 300 && a->status < 400) {
		buf_printf(&text, "Probe terminated redirects, Response body: %s", a->output);
		finish(h, HANDLER_WARNING, text.p);
	} else {
		buf_printf(&text, "HTTP probe failed with statuscode: %d", a->status);
		finish(h, HANDLER_FAILURE, text.p);
	}
	maybe_free(h);
}

static int start_http(struct handler *h, struct pod_container *c,
		      const struct core_v1_http_get_action *g, const char *purpose)
{
	auto_arena a = { 0 };
	struct http_get_spec spec = {
		.client = h->k->http,
		.action = g,
		.address = host_of(c, g->host, &a),
		.port = port_of(c, &g->port, &h->start_err),
		.purpose = purpose,
	};
	if (spec.port < 0)
		return -1;
	h->get = http_get_start(&spec, http_done, h, &h->start_err);
	return h->get ? 0 : -1;
}

/* --- TCP --- */

static void tcp_closed(struct stream *s)
{
	(void)s;
}

static void tcp_done(void *ctx, struct stream *s, const struct err *err)
{
	struct handler *h = ctx;
	h->connect = NULL;
	if (s) {
		s->on_close = tcp_closed;
		stream_close(s);
	}
	finish(h, s ? HANDLER_SUCCESS : HANDLER_FAILURE, s ? "" : err_text(err));
	maybe_free(h);
}

static int start_tcp(struct handler *h, struct pod_container *c,
		     const struct core_v1_tcp_socket_action *t)
{
	auto_arena a = { 0 };
	int port = port_of(c, &t->port, &h->start_err);
	if (port < 0)
		return -1;
	const char *host = host_of(c, t->host, &a);
	h->address = str_printf(strchr(host, ':') ? "[%s]:%d" : "%s:%d", host, port);
	h->connect = connect_start(h->k->loop, host, port, h->timeout_ms, tcp_done, h);
	return 0;
}

/* --- gRPC --- */

static void grpc_done(void *ctx, bool healthy, const char *output)
{
	struct handler *h = ctx;
	h->grpc = NULL;
	finish(h, healthy ? HANDLER_SUCCESS : HANDLER_FAILURE, output);
	maybe_free(h);
}

static int start_grpc(struct handler *h, struct pod_container *c,
		      const struct core_v1_grpc_action *g)
{
	auto_arena a = { 0 };
	const char *host = host_of(c, (struct str){ 0 }, &a);
	h->grpc = grpc_health_start(h->k->loop, host, g->port, g->service, h->timeout_ms, grpc_done,
				    h);
	return 0;
}

static int begin(struct handler *h, struct pod_container *c, const struct handler_spec *s)
{
	if (s->exec)
		return start_exec(h, c, s->exec);
	if (s->http_get)
		return start_http(h, c, s->http_get, s->purpose);
	if (s->tcp_socket)
		return start_tcp(h, c, s->tcp_socket);
	if (s->grpc)
		return start_grpc(h, c, s->grpc);
	if (s->sleep)
		return 0;
	return err_set(&h->start_err, ERR_INVALID, "missing probe handler for %s_%s:%s",
		       c->pod->name, c->pod->ns, c->name);
}

struct handler *handler_start(struct pod_container *c, const struct handler_spec *s,
			      handler_done done, void *ctx)
{
	struct handler *h = NEW(struct handler);
	h->k = c->pod->k;
	h->done = done;
	h->ctx = ctx;
	h->timeout_ms = s->timeout_ms;
	h->is_hook = !strcmp(s->purpose, "lifecycle");
	h->timer_open = true;
	loop_timer_init(h->k->loop, &h->timer, on_timer);
	bool began = begin(h, c, s) >= 0;
	uint64_t pause_ms = s->sleep && !s->exec && !s->http_get
				    ? (uint64_t)s->sleep->seconds * 1000
				    : s->timeout_ms;
	if (!began)
		loop_timer_start(&h->timer, 0);
	else if (pause_ms || s->sleep)
		loop_timer_start(&h->timer, pause_ms);
	return h;
}

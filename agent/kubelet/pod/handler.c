/* SPDX-License-Identifier: Apache-2.0 */
/* A handler answers once (finish) and is freed when everything it started is closed: its timer, its exec, its HTTP call. */
#include "agent/kubelet/pod/handler.h"

#include <stdio.h>

#include "agent/kubelet/pod/grpc_health.h"
#include "base/mem.h"
#include "net/connect.h"
#include "net/tls.h"

#define OUTPUT_MAX 10240

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
	struct http_call *call;
	struct tls_client *tls;
	int status;
	struct connect *connect;
	struct grpc_health *grpc;
	struct err start_err; /* could not even begin: said by the timer */
};

static void maybe_free(struct handler *h)
{
	if (h->done || h->timer_open || h->exec || h->streams || h->call || h->connect || h->grpc)
		return;
	tls_client_free(h->tls);
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

static void stop_everything(struct handler *h)
{
	loop_timer_close(&h->timer, timer_closed);
	if (h->exec)
		runtime_exec_cancel(h->exec);
	if (h->call)
		http_call_cancel(h->call);
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

static void on_timer(struct loop_timer *t)
{
	struct handler *h = CONTAINER_OF(t, struct handler, timer);
	char text[128];
	if (h->start_err.reason != ERR_NONE) {
		finish(h, HANDLER_ERROR, err_text(&h->start_err));
	} else if (h->exec) {
		snprintf(text, sizeof(text), "command timed out after %llus",
			 (unsigned long long)h->timeout_ms / 1000);
		finish(h, HANDLER_FAILURE, text);
	} else if (h->call) {
		finish(h, HANDLER_FAILURE,
		       "context deadline exceeded (Client.Timeout exceeded while awaiting "
		       "headers)");
	} else if (h->connect) {
		finish(h, HANDLER_FAILURE, "i/o timeout");
	} else if (h->grpc) {
		snprintf(text, sizeof(text), "timeout: health rpc did not complete within %llus",
			 (unsigned long long)h->timeout_ms / 1000);
		finish(h, HANDLER_FAILURE, text);
	} else {
		finish(h, HANDLER_SUCCESS, ""); /* a pause is over */
	}
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
	h->streams--;
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
	if (err)
		finish(h, HANDLER_ERROR, err_text(err));
	else
		finish(h, code == 0 ? HANDLER_SUCCESS : HANDLER_FAILURE, text_of(h));
	maybe_free(h);
}

static int start_exec(struct handler *h, struct pod_container *c,
		      const struct core_v1_exec_action *e)
{
	auto_arena a = { 0 };
	const char **argv = ARENA_ARRAY(&a, const char *, e->command.n + 1);
	for (size_t i = 0; i < e->command.n; i++)
		argv[i] = e->command.items[i].p ? e->command.items[i].p : "";
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

static void http_response(struct http_call *call, const struct http_response *r)
{
	((struct handler *)http_call_ctx(call))->status = r->status;
}

static void http_data(struct http_call *call, const char *p, size_t n)
{
	collect(http_call_ctx(call), p, n);
}

static void http_done(struct http_call *call, const struct err *err)
{
	struct handler *h = http_call_ctx(call);
	char text[128];
	h->call = NULL;
	snprintf(text, sizeof(text), "HTTP probe failed with statuscode: %d", h->status);
	if (err)
		finish(h, HANDLER_FAILURE, err_text(err));
	else if (h->status >= 200 && h->status < 400)
		finish(h, HANDLER_SUCCESS, text_of(h));
	else
		finish(h, HANDLER_FAILURE, text);
	maybe_free(h);
}

static size_t http_fields(const struct core_v1_http_get_action *g, const char *agent,
			  struct http_field *out, struct str *host, struct arena *a)
{
	size_t n = 0;
	bool has_agent = false, has_accept = false;
	for (size_t i = 0; i < g->http_headers.n; i++) {
		const struct core_v1_http_header *f = &g->http_headers.items[i];
		if (str_ieq(f->name, STR("host"))) {
			*host = f->value;
			continue;
		}
		has_agent = has_agent || str_ieq(f->name, STR("user-agent"));
		has_accept = has_accept || str_ieq(f->name, STR("accept"));
		out[n++] = (struct http_field){ arena_str(a, f->name), f->value };
	}
	if (!has_agent)
		out[n++] = (struct http_field){ STR("user-agent"), str_from(agent) };
	if (!has_accept)
		out[n++] = (struct http_field){ STR("accept"), STR("*/*") };
	out[n++] = (struct http_field){ STR("connection"), STR("close") };
	return n;
}

static int start_http(struct handler *h, struct pod_container *c,
		      const struct core_v1_http_get_action *g, const char *purpose)
{
	static const struct http_call_ops ops = { .response = http_response,
						  .data = http_data,
						  .done = http_done };
	auto_arena a = { 0 };
	const char *address = host_of(c, g->host, &a);
	int port = port_of(c, &g->port, &h->start_err);
	if (port < 0)
		return -1;
	if (str_eqz(g->scheme, "HTTPS")) {
		struct tls_client_config t = { .server_name = address, .insecure = true };
		if (tls_client_new(&t, &h->tls, &h->start_err) < 0)
			return -1;
	}
	bool v6 = strchr(address, ':') != NULL;
	struct str authority = str_from(arena_printf(&a, v6 ? "[%s]:%d" : "%s:%d", address, port));
	struct http_field *fields = ARENA_ARRAY(&a, struct http_field, g->http_headers.n + 3);
	size_t n =
		http_fields(g, arena_printf(&a, "kube-%s/1.37", purpose), fields, &authority, &a);
	const char *slash = g->path.n && g->path.p[0] == '/' ? "" : "/";
	struct http_call_spec spec = {
		.tls = h->tls,
		.host = address,
		.port = port,
		.method = STR("GET"),
		.target = str_from(arena_printf(&a, "%s%.*s", slash, STR_ARG(g->path))),
		.authority = authority,
		.fields = fields,
		.nfields = n,
		.ops = &ops,
		.ctx = h,
	};
	h->call = http_call_start(h->k->http, &spec);
	return 0;
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
	h->connect = connect_start(h->k->loop, host_of(c, t->host, &a), port, h->timeout_ms,
				   tcp_done, h);
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

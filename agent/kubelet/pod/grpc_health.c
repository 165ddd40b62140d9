/* SPDX-License-Identifier: Apache-2.0 */
/* connect → request with one message → answer's message and trailers → verdict. The request is a HealthCheckRequest (field 1: the
 * service), the answer a HealthCheckResponse (field 1: the status, 1 is SERVING), each behind a flag byte and a length of four. */
#include "agent/kubelet/pod/grpc_health.h"

#include <nghttp2/nghttp2.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "net/connect.h"

#define ANSWER_MAX    1024
#define SERVING       1
#define UNIMPLEMENTED "12"

struct grpc_health {
	struct loop *loop;
	grpc_health_done done; /* NULL: told or cancelled */
	void *ctx;
	char *target; /* "host:port" */
	struct buf request;
	size_t sent;
	struct buf answer;
	char status[8], message[256]; /* grpc-status, grpc-message */
	struct connect *connect;
	struct stream *stream;
	nghttp2_session *session;
};

static void maybe_free(struct grpc_health *h)
{
	if (h->done || h->connect || h->stream)
		return;
	nghttp2_session_del(h->session);
	buf_free(&h->request);
	buf_free(&h->answer);
	free(h->target);
	free(h);
}

static void tell(struct grpc_health *h, bool healthy, const char *output)
{
	grpc_health_done done = TAKE(h->done);
	if (done)
		done(h->ctx, healthy, output);
}

void grpc_health_cancel(struct grpc_health *h)
{
	h->done = NULL;
	if (h->connect)
		connect_cancel(h->connect);
	h->connect = NULL;
	if (h->stream)
		stream_close(h->stream);
	maybe_free(h);
}

/* The number in field 1, 0 when it is absent. */
static int serving_status(const struct buf *b)
{
	const unsigned char *p = (const unsigned char *)b->p;
	return b->n >= 7 && p[0] == 0 && p[5] == 0x08 ? p[6] : 0;
}

static void judge(struct grpc_health *h)
{
	static const char *const names[] = { "UNKNOWN", "SERVING", "NOT_SERVING",
					     "SERVICE_UNKNOWN" };
	char text[400];
	int status = serving_status(&h->answer);
	if (!strcmp(h->status, UNIMPLEMENTED))
		snprintf(text, sizeof(text),
			 "error: this server does not implement the grpc health protocol "
			 "(grpc.health.v1.Health): %s",
			 h->message);
	else if (strcmp(h->status, "0") != 0)
		snprintf(text, sizeof(text),
			 "error: health rpc probe failed: rpc error: code = %s desc = %s",
			 h->status[0] ? h->status : "Unavailable", h->message);
	else if (status != SERVING)
		snprintf(text, sizeof(text), "service unhealthy (responded with \"%s\")",
			 names[status < (int)COUNT_OF(names) ? status : 0]);
	else
		snprintf(text, sizeof(text), "service healthy");
	tell(h, !strcmp(h->status, "0") && status == SERVING, text);
	stream_close(h->stream);
}

/* --- HTTP/2 --- */

static void flush(struct grpc_health *h)
{
	const uint8_t *p;
	nghttp2_ssize n;
	while (h->stream && (n = nghttp2_session_mem_send2(h->session, &p)) > 0)
		stream_write_copy(h->stream, p, (size_t)n);
}

static nghttp2_ssize give_request(nghttp2_session *session, int32_t id, uint8_t *out, size_t room,
				  uint32_t *flags, nghttp2_data_source *source, void *ctx)
{
	struct grpc_health *h = ctx;
	size_t n = h->request.n - h->sent < room ? h->request.n - h->sent : room;
	(void)session;
	(void)id;
	(void)source;
	memcpy(out, h->request.p + h->sent, n);
	h->sent += n;
	if (h->sent == h->request.n)
		*flags |= NGHTTP2_DATA_FLAG_EOF;
	return (nghttp2_ssize)n;
}

static int on_header(nghttp2_session *session, const nghttp2_frame *frame, const uint8_t *name,
		     size_t nname, const uint8_t *value, size_t nvalue, uint8_t flags, void *ctx)
{
	struct grpc_health *h = ctx;
	struct str key = str_of(name, nname);
	(void)session;
	(void)frame;
	(void)flags;
	if (str_eqz(key, "grpc-status"))
		snprintf(h->status, sizeof(h->status), "%.*s", (int)nvalue, (const char *)value);
	else if (str_eqz(key, "grpc-message"))
		snprintf(h->message, sizeof(h->message), "%.*s", (int)nvalue, (const char *)value);
	return 0;
}

static int on_data_chunk(nghttp2_session *session, uint8_t flags, int32_t id, const uint8_t *p,
			 size_t n, void *ctx)
{
	struct grpc_health *h = ctx;
	(void)session;
	(void)flags;
	(void)id;
	buf_add(&h->answer, p, n < ANSWER_MAX - h->answer.n ? n : ANSWER_MAX - h->answer.n);
	return 0;
}

static int on_stream_close(nghttp2_session *session, int32_t id, uint32_t code, void *ctx)
{
	(void)session;
	(void)id;
	(void)code;
	judge(ctx);
	return 0;
}

static void make_session(struct grpc_health *h)
{
	nghttp2_session_callbacks *cb;
	nghttp2_session_callbacks_new(&cb);
	nghttp2_session_callbacks_set_on_header_callback(cb, on_header);
	nghttp2_session_callbacks_set_on_data_chunk_recv_callback(cb, on_data_chunk);
	nghttp2_session_callbacks_set_on_stream_close_callback(cb, on_stream_close);
	nghttp2_session_client_new(&h->session, cb, h);
	nghttp2_session_callbacks_del(cb);
}

static nghttp2_nv field(const char *name, const char *value)
{
	return (nghttp2_nv){ (uint8_t *)name, (uint8_t *)value, strlen(name), strlen(value),
			     NGHTTP2_NV_FLAG_NONE };
}

static void submit(struct grpc_health *h)
{
	nghttp2_nv fields[] = {
		field(":method", "POST"),
		field(":scheme", "http"),
		field(":authority", h->target),
		field(":path", "/grpc.health.v1.Health/Check"),
		field("te", "trailers"),
		field("content-type", "application/grpc"),
		field("user-agent", "kube-probe/1.37"),
	};
	nghttp2_data_provider2 body = { .read_callback = give_request };
	nghttp2_submit_settings(h->session, NGHTTP2_FLAG_NONE, NULL, 0);
	nghttp2_submit_request2(h->session, NULL, fields, COUNT_OF(fields), &body, NULL);
}

/* --- the connection --- */

static void on_data(struct stream *s, const char *p, size_t n)
{
	struct grpc_health *h = s->ctx;
	if (nghttp2_session_mem_recv2(h->session, (const uint8_t *)p, n) < 0)
		stream_close(s);
	else
		flush(h);
}

static void on_end(struct stream *s)
{
	stream_close(s);
}

static void on_close(struct stream *s)
{
	struct grpc_health *h = s->ctx;
	char text[300];
	h->stream = NULL;
	snprintf(text, sizeof(text),
		 "error: failed to connect service at \"%s\": the connection was closed",
		 h->target);
	tell(h, false, text);
	maybe_free(h);
}

static void on_connected(void *ctx, struct stream *s, const struct err *err)
{
	struct grpc_health *h = ctx;
	char text[500];
	h->connect = NULL;
	if (!s) {
		snprintf(text, sizeof(text), "error: failed to connect service at \"%s\": %s",
			 h->target, err_text(err));
		tell(h, false, text);
		maybe_free(h);
		return;
	}
	h->stream = s;
	s->ctx = h;
	s->on_data = on_data;
	s->on_end = on_end;
	s->on_close = on_close;
	stream_read_start(s);
	make_session(h);
	submit(h);
	flush(h);
}

static void write_request(struct buf *b, struct str service)
{
	size_t n = service.n ? service.n + 2 : 0;
	const char head[] = { 0, 0, 0, (char)(n >> 8), (char)n };
	buf_add(b, head, sizeof(head));
	if (!service.n)
		return;
	buf_putc(b, 0x0a);
	buf_putc(b, (char)service.n);
	buf_str(b, service);
}

struct grpc_health *grpc_health_start(struct loop *l, const char *host, int port,
				      struct str service, uint64_t timeout_ms,
				      grpc_health_done done, void *ctx)
{
	struct grpc_health *h = NEW(struct grpc_health);
	h->loop = l;
	h->done = done;
	h->ctx = ctx;
	h->target = str_printf(strchr(host, ':') ? "[%s]:%d" : "%s:%d", host, port);
	if (service.n > 127)
		service.n = 127; /* longer names than any service has: the length stays one byte */
	write_request(&h->request, service);
	h->connect = connect_start(l, host, port, timeout_ms, on_connected, h);
	return h;
}

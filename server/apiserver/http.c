/* SPDX-License-Identifier: Apache-2.0 */
#include "server/apiserver/http.h"

#include "api/codec.h"
#include "net/http_frame.h"
#include "server/apiserver/request.h"
#include "server/apiserver/respond.h"

#define HTTP_CLIENT_CLOSED 499 /* in metrics only */

static void http_closed(struct http_request *req)
{
	struct api_request *r = req->user;
	r->gone = true;
	r->http = NULL;
	r->body = (struct str){ 0 };
	if (r->on_gone)
		r->on_gone(r);
	if (r->state_next) { /* it never sent its body */
		r->state_next = NULL;
		respond_finished(r, HTTP_CLIENT_CLOSED, 0);
	}
	request_unref(r);
}

static void http_drained(struct http_request *req)
{
	struct api_request *r = req->user;
	if (r->on_drain)
		r->on_drain(r);
}

static void reply(struct api_request *r, int status, const struct http_field *f, size_t nf,
		  struct chunk *body, size_t n)
{
	http_reply(r->http, status, f, nf, body, n);
}

static void stream_start(struct api_request *r, int status, const struct http_field *f, size_t nf)
{
	http_stream_start(r->http, status, f, nf);
}

static size_t stream_write_chunks(struct api_request *r, struct chunk *body, size_t n)
{
	return http_stream_write(r->http, body, n);
}

static size_t stream_write_frame(struct api_request *r, struct http_frame *f)
{
	return http_stream_write_frame(r->http, f);
}

static void stream_end(struct api_request *r)
{
	http_stream_end(r->http);
}

static void body_collected(struct http_request *req, struct str body, const struct err *err)
{
	struct api_request *r = req->user;
	void (*next)(struct api_request *) = r->state_next;
	r->state_next = NULL;
	if (err) {
		respond_err(r, err);
		return;
	}
	r->body = body;
	next(r);
}

static void body(struct api_request *r, void (*next)(struct api_request *r))
{
	r->state_next = next;
	r->body_asked = true;
	http_body_collect(r->http, API_BODY_MAX, body_collected);
}

static const struct responder over_http = {
	reply, stream_start, stream_write_chunks, stream_write_frame, stream_end, body
};

static struct str header(struct api_request *r, struct http_request *req, const char *name)
{
	struct str v = http_header(req, name);
	return v.p ? arena_str(&r->arena, v) : v;
}

void http_front(void *server, struct http_request *req)
{
	struct api_request *r = request_new(server, req->loop, &over_http);
	r->http = req;
	req->user = r;
	req->on_close = http_closed;
	req->on_drain = http_drained;
	r->method = arena_str(&r->arena, req->method);
	r->query = arena_str(&r->arena, req->query);
	r->content_type = header(r, req, "content-type");
	r->accept = header(r, req, "accept");
	r->accept_encoding = header(r, req, "accept-encoding");
	r->user_agent = header(r, req, "user-agent");
	if (!percent_decode(&r->arena, req->path, false, &r->path)) {
		auto_err err = { 0 };
		request_ref(r);
		err_set(&err, ERR_BAD_REQUEST, "invalid URL escape in path");
		respond_err(r, &err);
		return;
	}
	request_handle(r);
}

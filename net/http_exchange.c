/* SPDX-License-Identifier: Apache-2.0 */
/* The public calls on a request. Each checks that the client is still there, keeps the books, and leaves the wire to the codec. */
#include "net/http_exchange.h"

#include <stdio.h>

#include "base/log.h"
#include "net/tls_peer.h"

static struct http_exchange *of(const struct http_request *req)
{
	return CONTAINER_OF((struct http_request *)(uintptr_t)req, struct http_exchange, pub);
}

static void run_finish(struct loop_later *t)
{
	struct http_exchange *x = CONTAINER_OF(t, struct http_exchange, finish);
	if (x->pub.on_close)
		x->pub.on_close(&x->pub);
	tls_peer_unref((struct tls_peer *)(uintptr_t)x->pub.peer);
	buf_free(&x->collected);
	arena_free(&x->arena);
	x->ops->free(x);
}

void http_exchange_init(struct http_exchange *x, struct loop *l,
			const struct http_exchange_ops *ops)
{
	x->pub.loop = l;
	x->ops = ops;
	loop_later_init(&x->finish, run_finish);
}

void http_exchange_set_target(struct http_exchange *x, struct str target)
{
	struct str s = arena_str(&x->arena, target);
	x->pub.target = s;
	if (s.n > 0 && s.p[0] != '/') { /* absolute form: RFC 9112 3.2.2 */
		struct str rest = s;
		if (str_cut_prefix(&rest, STR("http://")) ||
		    str_cut_prefix(&rest, STR("https://"))) {
			size_t slash = str_find(rest, '/');
			x->pub.authority = str_of(rest.p, slash);
			s = slash < rest.n ? str_of(rest.p + slash, rest.n - slash) : STR("/");
		}
	}
	size_t mark = str_find(s, '?');
	x->pub.path = str_of(s.p, mark);
	x->pub.query = mark < s.n ? str_of(s.p + mark + 1, s.n - mark - 1) : str_of(s.p + s.n, 0);
}

struct str http_header(const struct http_request *req, const char *lower_name)
{
	struct str name = str_from(lower_name);
	for (size_t i = 0; i < req->nfields; i++) {
		if (str_eq(req->fields[i].name, name))
			return req->fields[i].value;
	}
	return (struct str){ 0 };
}

/* ---- the body ---- */

bool http_exchange_wants_body(const struct http_exchange *x)
{
	return x->body_mode != HTTP_BODY_UNCLAIMED && !x->body_paused;
}

static void collect_fail(struct http_exchange *x)
{
	struct err err = { 0 };
	http_body_fn fn = x->body_fn;
	x->body_mode = HTTP_BODY_DISCARD;
	x->body_told = true;
	buf_free(&x->collected);
	err_set(&err, ERR_TOO_LARGE, "Request entity too large: limit is %zu", x->body_max);
	fn(&x->pub, (struct str){ 0 }, &err);
	err_clear(&err);
}

void http_exchange_data(struct http_exchange *x, const char *p, size_t n)
{
	if (x->closed || n == 0)
		return;
	if (x->body_mode == HTTP_BODY_STREAM) {
		x->body_data(&x->pub, p, n);
	} else if (x->body_mode == HTTP_BODY_COLLECT) {
		if (n > x->body_max - x->collected.n)
			collect_fail(x);
		else
			buf_add(&x->collected, p, n);
	}
}

static void tell_complete(struct http_exchange *x)
{
	if (!x->body_complete || x->body_told || x->closed || !http_exchange_wants_body(x))
		return;
	x->body_told = true;
	if (x->body_mode == HTTP_BODY_COLLECT)
		x->body_fn(&x->pub, x->collected.n ? buf_view(&x->collected) : STR(""), NULL);
	else if (x->body_mode == HTTP_BODY_STREAM)
		x->body_end(&x->pub);
}

bool http_exchange_has_body(const struct http_request *req)
{
	return !of(req)->body_complete;
}

void http_exchange_body_complete(struct http_exchange *x)
{
	x->body_complete = true;
	tell_complete(x);
}

static void claim_body(struct http_exchange *x, enum http_body_mode mode)
{
	x->body_mode = mode;
	x->ops->want_body(x); /* may deliver what is there */
	tell_complete(x);
}

static bool announced_too_large(struct http_exchange *x)
{
	uint64_t n;
	return str_to_u64(http_header(&x->pub, "content-length"), &n) && n > x->body_max;
}

void http_body_collect(struct http_request *req, size_t max, http_body_fn fn)
{
	struct http_exchange *x = of(req);
	if (x->closed || x->body_mode != HTTP_BODY_UNCLAIMED)
		return;
	x->body_max = max;
	x->body_fn = fn;
	if (!x->body_complete && announced_too_large(x))
		collect_fail(x);
	else
		claim_body(x, HTTP_BODY_COLLECT);
}

void http_body_stream(struct http_request *req,
		      void (*data)(struct http_request *, const char *p, size_t n),
		      void (*end)(struct http_request *))
{
	struct http_exchange *x = of(req);
	if (x->closed || x->body_mode != HTTP_BODY_UNCLAIMED)
		return;
	x->body_data = data;
	x->body_end = end;
	claim_body(x, HTTP_BODY_STREAM);
}

void http_body_pause(struct http_request *req, bool paused)
{
	struct http_exchange *x = of(req);
	if (x->closed || x->body_paused == paused)
		return;
	x->body_paused = paused;
	if (paused || x->body_mode == HTTP_BODY_UNCLAIMED)
		return;
	x->ops->want_body(x);
	tell_complete(x);
}

/* ---- the answer ---- */

static void release(struct chunk *c, size_t n)
{
	for (size_t i = 0; i < n; i++)
		chunk_release(&c[i]);
}

static bool may_answer(struct http_exchange *x)
{
	if (x->closed)
		return false;
	if (x->answered) {
		log_error("request answered twice", LOG_STR("path", x->pub.path));
		return false;
	}
	x->answered = true;
	return true;
}

void http_reply(struct http_request *req, int status, const struct http_field *fields,
		size_t nfields, struct chunk *body, size_t nbody)
{
	struct http_exchange *x = of(req);
	int64_t length = 0;
	if (!may_answer(x)) {
		release(body, nbody);
		return;
	}
	for (size_t i = 0; i < nbody; i++)
		length += (int64_t)body[i].n;
	x->ops->respond(x, status, fields, nfields, length);
	if (x->is_head || status == 204 || status == 304)
		release(body, nbody);
	else if (nbody > 0)
		x->ops->write(x, body, nbody);
	x->ended = true;
	x->ops->end(x, NULL, 0);
}

void http_stream_start(struct http_request *req, int status, const struct http_field *fields,
		       size_t nfields)
{
	struct http_exchange *x = of(req);
	if (may_answer(x))
		x->ops->respond(x, status, fields, nfields, -1);
}

size_t http_queued_bytes(const struct http_request *req)
{
	const struct http_exchange *x = of(req);
	return x->closed ? 0 : x->ops->queued(x);
}

static bool may_stream(const struct http_exchange *x)
{
	return !x->closed && !x->ended && !x->is_head && x->answered;
}

static size_t streamed(struct http_exchange *x)
{
	size_t queued = x->ops->queued(x);
	if (queued > HTTP_LOW_BYTES)
		x->above_high = true;
	return queued;
}

size_t http_stream_write(struct http_request *req, struct chunk *body, size_t nbody)
{
	struct http_exchange *x = of(req);
	if (!may_stream(x)) {
		release(body, nbody);
		return 0;
	}
	if (nbody > 0)
		x->ops->write(x, body, nbody);
	return streamed(x);
}

size_t http_stream_write_frame(struct http_request *req, struct http_frame *f)
{
	struct http_exchange *x = of(req);
	if (!may_stream(x) || f->body.n == 0)
		return 0;
	if (x->ops->write_frame) {
		x->ops->write_frame(x, f);
	} else {
		struct chunk c = http_frame_chunk(f, false);
		x->ops->write(x, &c, 1);
	}
	return streamed(x);
}

void http_stream_end_trailers(struct http_request *req, const struct http_field *fields,
			      size_t nfields)
{
	struct http_exchange *x = of(req);
	if (x->closed || x->ended || !x->answered)
		return;
	x->ended = true;
	x->ops->end(x, fields, nfields);
}

void http_stream_end(struct http_request *req)
{
	http_stream_end_trailers(req, NULL, 0);
}

void http_abort(struct http_request *req)
{
	struct http_exchange *x = of(req);
	if (!x->closed)
		x->ops->abort(x);
}

struct stream *http_upgrade(struct http_request *req, const struct http_field *fields,
			    size_t nfields)
{
	struct http_exchange *x = of(req);
	if (x->closed || x->answered || !x->ops->upgrade)
		return NULL;
	struct stream *s = x->ops->upgrade(x, fields, nfields);
	x->answered = s != NULL;
	return s;
}

void http_exchange_drained(struct http_exchange *x)
{
	if (x->closed || x->ended || !x->above_high || x->ops->queued(x) > HTTP_LOW_BYTES)
		return;
	x->above_high = false;
	if (x->pub.on_drain)
		x->pub.on_drain(&x->pub);
}

void http_exchange_finish(struct http_exchange *x, bool lost)
{
	if (x->closed)
		return;
	x->closed = true;
	x->lost = lost;
	loop_later(x->pub.loop, &x->finish);
}

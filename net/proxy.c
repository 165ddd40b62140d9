/* SPDX-License-Identifier: Apache-2.0 */
/* Joins a server request and a client call. Each end can go first; the object is freed when both have said so.
 *
 *   client ──body──► call ──► backend        pause the one that fills the other: body by the call's queue,
 *   client ◄─stream─ call ◄── backend        response by the request's queue */
#include "net/proxy.h"

#include "net/html_links.h"
#include "net/http_exchange.h"

#define HIGH_BYTES (256 * 1024)
#define CONNECT_MS 30000

struct proxy {
	struct http_request *req; /* NULL: gone */
	struct http_call *call;   /* NULL: done */
	struct stream *client;    /* upgraded, until it is spliced */
	bool answered, upgraded;
	struct link_base links; /* its texts are owned; no prefix: nothing is rewritten */
	bool is_page;           /* the answer's links are rewritten as it passes */
	struct html_links page;
	int splices;
	void (*closed)(void *ctx);
	void *ctx;
};

static void free_when_over(struct proxy *p)
{
	if (p->req || p->call || p->splices > 0)
		return;
	if (p->closed)
		p->closed(p->ctx);
	html_links_free(&p->page);
	free((void *)(uintptr_t)p->links.prefix.p);
	free((void *)(uintptr_t)p->links.host.p);
	free((void *)(uintptr_t)p->links.asked.p);
	free(p);
}

/* ---- the client's side ---- */

static void on_req_close(struct http_request *req)
{
	struct proxy *p = req->user;
	p->req = NULL;
	if (p->call)
		http_call_cancel(p->call);
	free_when_over(p);
}

static void on_req_drain(struct http_request *req)
{
	struct proxy *p = req->user;
	if (p->call)
		http_call_pause(p->call, false);
}

static void on_req_data(struct http_request *req, const char *data, size_t n)
{
	struct proxy *p = req->user;
	struct chunk c = chunk_copy(str_of(data, n));
	if (!p->call) {
		chunk_release(&c);
		return;
	}
	http_call_write(p->call, &c, 1);
	if (http_call_queued_bytes(p->call) > HIGH_BYTES)
		http_body_pause(req, true);
}

static void on_req_end(struct http_request *req)
{
	struct proxy *p = req->user;
	if (p->call)
		http_call_end(p->call);
}

/* ---- the backend's side ---- */

static void on_call_drain(struct http_call *call)
{
	struct proxy *p = http_call_ctx(call);
	if (p->req)
		http_body_pause(p->req, false);
}

/* Fields that `connection` names are hop-by-hop, too. */
static bool named_by_connection(struct str connection, struct str name)
{
	struct str item;
	while (str_next(&connection, ',', &item)) {
		if (str_ieq(str_trim(item), name))
			return true;
	}
	return false;
}

static struct str find(const struct http_field *f, size_t n, struct str name)
{
	for (size_t i = 0; i < n; i++) {
		if (str_eq(f[i].name, name))
			return f[i].value;
	}
	return (struct str){ 0 };
}

static bool passes(const struct http_field *all, size_t n, const struct http_field *f)
{
	return !http_field_is_hop(f->name) &&
	       !named_by_connection(find(all, n, STR("connection")), f->name);
}

/* A page whose links are to be rewritten: its length will change. Compressed ones we did not ask for. */
static bool is_page(const struct proxy *p, const struct http_response *r)
{
	struct str type = find(r->fields, r->nfields, STR("content-type")), media;
	return p->links.prefix.n && !find(r->fields, r->nfields, STR("location")).n &&
	       !find(r->fields, r->nfields, STR("content-encoding")).n &&
	       str_next(&type, ';', &media) && str_eqz(str_trim(media), "text/html") &&
	       !str_eqz(p->req->method, "HEAD");
}

static size_t response_fields(struct proxy *p, const struct http_response *r,
			      struct http_field *out, struct buf *room)
{
	size_t n = 0;
	for (size_t i = 0; i < r->nfields; i++) {
		struct http_field f = r->fields[i];
		if (!passes(r->fields, r->nfields, &f) || str_eq(f.name, STR("date")) ||
		    (p->is_page && str_eq(f.name, STR("content-length"))))
			continue;
		if (p->links.prefix.n && str_eq(f.name, STR("location")) &&
		    link_rewrite(&p->links, f.value, room))
			f.value = buf_view(room);
		out[n++] = f;
	}
	return n;
}

/* The client's connection changes hands here; the backend's follows in on_upgraded(). */
static void switch_protocols(struct proxy *p, const struct http_response *r)
{
	auto_free struct http_field *f = mem_alloc((r->nfields + 1) * sizeof(*f));
	size_t n = 0;
	for (size_t i = 0; i < r->nfields; i++) {
		if (!str_eq(r->fields[i].name, STR("date")) &&
		    !str_eq(r->fields[i].name, STR("content-length")))
			f[n++] = r->fields[i];
	}
	p->client = http_upgrade(p->req, f, n);
}

static void on_response(struct http_call *call, const struct http_response *r)
{
	struct proxy *p = http_call_ctx(call);
	auto_buf room = { 0 };
	if (!p->req)
		return;
	if (r->status == 101) {
		switch_protocols(p, r);
		return;
	}
	p->is_page = is_page(p, r);
	auto_free struct http_field *f = mem_alloc((r->nfields + 1) * sizeof(*f));
	size_t n = response_fields(p, r, f, &room);
	p->answered = true;
	http_stream_start(p->req, r->status, f, n);
}

static void on_data(struct http_call *call, const char *data, size_t n)
{
	struct proxy *p = http_call_ctx(call);
	auto_buf page = { 0 };
	if (!p->req)
		return;
	if (p->is_page)
		html_links_feed(&p->page, str_of(data, n), &page);
	struct chunk c = chunk_copy(p->is_page ? buf_view(&page) : str_of(data, n));
	if (http_stream_write(p->req, &c, 1) > HIGH_BYTES)
		http_call_pause(call, true);
}

static void end_response(struct proxy *p)
{
	auto_buf rest = { 0 };
	html_links_end(&p->page, &rest);
	if (rest.n) {
		struct chunk c = chunk_copy(buf_view(&rest));
		http_stream_write(p->req, &c, 1);
	}
	http_stream_end(p->req);
}

static void on_spliced(void *ctx)
{
	struct proxy *p = ctx;
	p->splices--;
	free_when_over(p);
}

static void fail(struct proxy *p, enum err_reason reason, int code, const char *why)
{
	struct err err = { 0 };
	if (!p->req)
		return;
	if (p->answered) {
		http_abort(p->req);
		return;
	}
	p->answered = true;
	err_set(&err, reason, "error trying to reach service: %s", why);
	err.code = code;
	http_reply_err(p->req, &err);
	err_clear(&err);
}

static void on_upgraded(struct http_call *call, struct stream *backend)
{
	struct proxy *p = http_call_ctx(call);
	struct stream *client = TAKE(p->client);
	if (!client || !p->req) {
		stream_close(backend);
		fail(p, ERR_UNAVAILABLE, 502, "the client's connection can't be upgraded");
		return;
	}
	p->answered = p->upgraded = true;
	p->splices++;
	stream_splice(client, backend, on_spliced, p);
}

static void on_done(struct http_call *call, const struct err *err)
{
	struct proxy *p = http_call_ctx(call);
	p->call = NULL;
	if (p->req && !p->upgraded) {
		if (err)
			fail(p, ERR_UNAVAILABLE, 503, err_text(err));
		else
			end_response(p);
	}
	free_when_over(p);
}

static const struct http_call_ops call_ops = {
	.response = on_response,
	.data = on_data,
	.upgraded = on_upgraded,
	.done = on_done,
	.drain = on_call_drain,
};

/* ---- the request that goes out ---- */

static bool wants_upgrade(const struct http_request *req)
{
	return http_header(req, "upgrade").n > 0 &&
	       named_by_connection(http_header(req, "connection"), STR("upgrade"));
}

static bool is_dropped(const struct proxy_spec *spec, const struct http_field *f)
{
	if (str_eq(f->name, STR("host")) || str_eq(f->name, STR("expect")) ||
	    str_eq(f->name, STR("x-forwarded-for")) ||
	    (spec->prefix.n && (str_eq(f->name, STR("accept-encoding")) ||
				str_eq(f->name, STR("x-forwarded-uri")))) ||
	    find(spec->fields, spec->nfields, f->name).p)
		return true;
	for (const char *const *d = spec->drop; d && *d; d++) {
		if (str_eqz(f->name, *d))
			return true;
	}
	return false;
}

static void add_forwarded(const struct http_request *req, struct buf *room)
{
	struct str before = http_header(req, "x-forwarded-for");
	if (before.n > 0)
		buf_printf(room, "%.*s, ", STR_ARG(before));
	buf_puts(room, req->remote);
}

/* Where the client sees it: the prefix and the path without its query. */
static void forwarded_uri(const struct proxy_spec *spec, struct buf *room)
{
	buf_str(room, spec->prefix);
	buf_str(room, str_of(spec->target.p, str_find(spec->target, '?')));
}

static size_t request_fields(const struct http_request *req, const struct proxy_spec *spec,
			     struct http_field *out, const struct buf *forwarded,
			     const struct buf *uri)
{
	size_t n = 0;
	for (size_t i = 0; i < req->nfields; i++) {
		if (passes(req->fields, req->nfields, &req->fields[i]) &&
		    !is_dropped(spec, &req->fields[i]))
			out[n++] = req->fields[i];
	}
	for (size_t i = 0; i < spec->nfields; i++)
		out[n++] = spec->fields[i];
	if (forwarded->n > 0)
		out[n++] = (struct http_field){ STR("x-forwarded-for"), buf_view(forwarded) };
	if (uri->n > 0)
		out[n++] = (struct http_field){ STR("x-forwarded-uri"), buf_view(uri) };
	if (wants_upgrade(req)) {
		out[n++] = (struct http_field){ STR("connection"), STR("Upgrade") };
		out[n++] = (struct http_field){ STR("upgrade"), http_header(req, "upgrade") };
	}
	return n;
}

static struct str keep(struct str text)
{
	return str_of(str_dup(text), text.n);
}

static void keep_links(struct proxy *p, const struct proxy_spec *spec)
{
	auto_free char *host = str_printf("%s:%d", spec->host, spec->port);
	p->links = (struct link_base){ .prefix = keep(spec->prefix),
				       .host = keep(str_from(host)),
				       .asked = keep(p->req->authority) };
	html_links_init(&p->page, &p->links);
}

void proxy_request(struct http_request *req, const struct proxy_spec *spec)
{
	struct proxy *p = NEW(struct proxy);
	auto_buf forwarded = { 0 };
	auto_buf uri = { 0 };
	auto_free struct http_field *f = mem_alloc((req->nfields + spec->nfields + 4) * sizeof(*f));
	bool body = http_exchange_has_body(req) && !wants_upgrade(req);
	p->req = req;
	p->closed = spec->closed;
	p->ctx = spec->ctx;
	if (spec->prefix.n > 0) {
		forwarded_uri(spec, &uri);
		keep_links(p, spec);
	}
	add_forwarded(req, &forwarded);
	struct http_call_spec call = { .tls = spec->tls,
				       .host = spec->host,
				       .port = spec->port,
				       .method = req->method,
				       .target = spec->target,
				       .authority = spec->authority,
				       .fields = f,
				       .nfields = request_fields(req, spec, f, &forwarded, &uri),
				       .streaming = body,
				       .connect_timeout_ms = spec->connect_timeout_ms
								     ? spec->connect_timeout_ms
								     : CONNECT_MS,
				       .ops = &call_ops,
				       .ctx = p };
	p->call = http_call_start(spec->client, &call);
	req->user = p;
	req->on_close = on_req_close;
	req->on_drain = on_req_drain;
	if (body)
		http_body_stream(req, on_req_data, on_req_end);
}

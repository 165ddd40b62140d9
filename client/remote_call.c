/* SPDX-License-Identifier: Apache-2.0 */
/* One call after the other's answer: a server that asks for patience (429 or 5xx with Retry-After) is asked again after that time, as
 * client-go's rest.Request does. What was sent is kept until then. */
#include <stdlib.h>

#include "base/encode.h"
#include "base/log.h"
#include "base/mem.h"
#include "client/remote_parts.h"
#include "client/status.h"

#define CALL_TIMEOUT_MS 30000
#define ANSWER_MAX      (64u << 20)
#define AGAIN_MAX       10 /* client-go's maxRetries */

struct remote_call {
	struct list link;
	struct remote *remote;
	struct http_call *http; /* NULL: between two tries */
	void (*done)(void *ctx, const struct client_result *r);
	void *ctx;
	struct str method;
	struct buf target, content_type, sent;
	int status;
	struct buf body;
	int64_t wait_ms; /* that the answer asks for; below 0: none */
	int repeated;
	struct loop_delay again;
	bool dropped; /* the client is gone: nobody wants the answer */
};

static const struct {
	enum api_verb verb;
	const char *method;
} methods[] = {
	{ API_GET, "GET" },
	{ API_LIST_VERB, "GET" },
	{ API_CREATE, "POST" },
	{ API_UPDATE, "PUT" },
	{ API_PATCH, "PATCH" },
	{ API_DELETE, "DELETE" },
	{ API_DELETE_COLLECTION, "DELETE" },
};

static void call_free(struct remote_call *c)
{
	buf_free(&c->target);
	buf_free(&c->content_type);
	buf_free(&c->sent);
	buf_free(&c->body);
	free(c);
}

/* --- the answer --- */

int64_t remote_wait_ms(const struct http_response *response)
{
	int64_t seconds;
	if (response->status != 429 && response->status < 500)
		return -1;
	for (size_t i = 0; i < response->nfields; i++)
		if (str_ieq(response->fields[i].name, STR("retry-after")) &&
		    str_to_i64(response->fields[i].value, &seconds) && seconds >= 0 &&
		    seconds <= REMOTE_WAIT_MAX_MS / 1000)
			return seconds * 1000;
	return -1;
}

static void on_response(struct http_call *http, const struct http_response *response)
{
	struct remote_call *c = http_call_ctx(http);
	c->status = response->status;
	c->wait_ms = remote_wait_ms(response);
}

static void on_data(struct http_call *http, const char *p, size_t n)
{
	struct remote_call *c = http_call_ctx(http);
	if (c->body.n + n > ANSWER_MAX)
		http_call_cancel(http);
	else
		buf_add(&c->body, p, n);
}

static void answer(struct remote_call *c, const struct err *lost)
{
	auto_err err = { 0 };
	struct client_result result = { .code = lost ? 0 : c->status, .body = buf_view(&c->body) };
	if (lost) {
		err_copy(&err, lost);
		result.body = STR("");
	} else if (c->status >= 400) {
		client_status_read(result.body, c->status, &err);
	}
	result.err = err.reason ? &err : NULL;
	list_del(&c->link);
	if (c->done)
		c->done(c->ctx, &result);
	else if (result.err)
		log_warn("request failed", LOG_S("user", c->remote->user),
			 LOG_S("error", err_text(&err)));
}

static void on_done(struct http_call *http, const struct err *lost)
{
	struct remote_call *c = http_call_ctx(http);
	c->http = NULL;
	if (!c->dropped && !lost && c->wait_ms >= 0 && c->repeated < AGAIN_MAX) {
		c->repeated++;
		loop_delay_start(c->remote->client.loop, &c->again, (uint64_t)c->wait_ms);
		return;
	}
	if (!c->dropped)
		answer(c, lost);
	call_free(c);
}

/* --- the request --- */

static const struct http_call_ops call_ops = { .response = on_response,
					       .data = on_data,
					       .done = on_done };

static void call_send(struct remote_call *c)
{
	const struct remote_request request = { .method = c->method,
						.target = buf_view(&c->target),
						.content_type = buf_view(&c->content_type),
						.body = buf_view(&c->sent),
						.ops = &call_ops,
						.ctx = c,
						.timeout_ms = CALL_TIMEOUT_MS };
	buf_reset(&c->body);
	c->wait_ms = -1;
	c->http = remote_send(c->remote, &request);
}

static void on_again(struct loop_delay *d)
{
	call_send(CONTAINER_OF(d, struct remote_call, again));
}

static void write_target(const struct client_call *call, struct buf *out)
{
	remote_path(call->resource, call->ns, out);
	if (call->name.n) {
		buf_putc(out, '/');
		percent_encode(out, call->name);
	}
	if (call->subresource.n)
		buf_printf(out, "/%.*s", STR_ARG(call->subresource));
	if (call->query.n)
		buf_printf(out, "?%.*s", STR_ARG(call->query));
}

void remote_call(struct client *client, const struct client_call *call)
{
	struct remote_call *c = NEW(struct remote_call);
	c->remote = CONTAINER_OF(client, struct remote, client);
	c->done = call->done;
	c->ctx = call->ctx;
	for (size_t i = 0; i < COUNT_OF(methods); i++)
		if (methods[i].verb == call->verb)
			c->method = str_from(methods[i].method);
	write_target(call, &c->target);
	buf_str(&c->content_type, call->content_type);
	buf_str(&c->sent, call->body);
	loop_delay_init(&c->again, on_again);
	list_add_tail(&c->remote->calls, &c->link);
	call_send(c);
}

void remote_calls_drop(struct remote *r)
{
	LIST_EACH_SAFE(&r->calls, it)
	{
		struct remote_call *c = LIST_ITEM(it, struct remote_call, link);
		list_del(it);
		c->dropped = true;
		if (!c->http) {
			loop_delay_cancel(&c->again);
			call_free(c);
		}
	}
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "server/controllers/round.h"

#include "base/log.h"
#include "base/mem.h"

struct round {
	struct controller *controller;
	char *key;
	size_t pending; /* calls, and one until it is closed */
	bool failed;
};
struct call {
	struct round *round;
	enum err_reason harmless;
	void (*ended)(void *ctx, const struct client_result *result);
	void *ctx;
};

struct round *round_new(struct controller *c, struct str key)
{
	struct round *r = NEW(struct round);

	*r = (struct round){ .controller = c, .key = str_dup(key), .pending = 1 };
	return r;
}

static void drop(struct round *r)
{
	if (--r->pending)
		return;
	controller_done(r->controller, str_from(r->key), r->failed);
	free(r->key);
	free(r);
}

static void on_answer(void *ctx, const struct client_result *result)
{
	struct call *call = ctx;
	struct round *r = call->round;

	if (call->ended)
		call->ended(call->ctx, result);
	if (controller_has_failed(result->err, call->harmless)) {
		r->failed = true;
		if (result->err->reason != ERR_CONFLICT)
			log_warn("reconcile failed",
				 LOG_S("controller", r->controller->client->user),
				 LOG_S("key", r->key), LOG_S("error", err_text(result->err)));
	}
	free(call);
	drop(r);
}

void round_call(struct round *r, const struct controller_write *w,
		void (*ended)(void *ctx, const struct client_result *result), void *ctx)
{
	struct call *call = NEW(struct call);

	*call = (struct call){ r, w->harmless, ended, ctx };
	const struct client_call what = {
		.verb = w->verb,
		.resource = w->resource,
		.ns = w->ns,
		.name = w->name,
		.subresource = w->subresource,
		.query = w->query,
		.content_type = w->content_type,
		.body = w->body,
		.done = on_answer,
		.ctx = call,
	};
	r->pending++;
	client_do(r->controller->client, &what);
}

bool round_status(struct round *r, const struct object *o, const struct status_write *w)
{
	auto_buf old = { 0 }, now = { 0 }, body = { 0 };

	struct_write_json(w->status, w->old, &old);
	struct_write_json(w->status, w->now, &now);
	if (!w->more && str_eq(buf_view(&old), buf_view(&now)))
		return false;
	struct_write_json(w->object, w->whole, &body);
	const struct controller_write put = { .verb = API_UPDATE,
					      .resource = o->resource,
					      .ns = o->ns,
					      .name = o->name,
					      .subresource = STR("status"),
					      .body = buf_view(&body),
					      .harmless = ERR_NOT_FOUND };
	round_call(r, &put, w->ended, w->ctx);
	return true;
}

void round_close(struct round *r, bool retry, int64_t again_ms)
{
	r->failed |= retry;
	if (again_ms > 0)
		work_queue_add_after(r->controller->queue, str_from(r->key), again_ms);
	drop(r);
}

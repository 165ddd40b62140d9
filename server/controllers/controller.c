/* SPDX-License-Identifier: Apache-2.0 */
#include "server/controllers/controller.h"

#include "base/log.h"
#include "base/mem.h"

#define WORKERS 5

void controller_queue_start(struct controller *c, void (*work)(void *controller, struct str key))
{
	const struct work_queue_config config = {
		.loop = c->config->client->loop,
		.name = c->queue_name,
		.workers = WORKERS,
		.work = work,
		.ctx = c,
	};
	c->queue = work_queue_new(&config);
}

void controller_done(struct controller *c, struct str key, bool retry)
{
	work_queue_done(c->queue, key, retry);
}

#define SOON_MIN_MS 20
#define SOON_MAX_MS 1000
#define SOON_FACTOR 10

void controller_add_soon(struct controller *c, struct str key)
{
	int64_t ms = c->round_us * SOON_FACTOR / 1000;

	work_queue_add_after(c->queue, key,
			     ms < SOON_MIN_MS   ? SOON_MIN_MS
			     : ms > SOON_MAX_MS ? SOON_MAX_MS
						: ms);
}

int64_t controller_round_start(void)
{
	return clock_real()->mono_us(clock_real());
}

void controller_round_cost(struct controller *c, int64_t started_us)
{
	c->round_us = clock_real()->mono_us(clock_real()) - started_us;
}

bool controller_namespace_goes(const struct err *err)
{
	for (size_t i = 0; i < err->ncauses; i++)
		if (err->causes[i].type && !strcmp(err->causes[i].type, "NamespaceTerminating"))
			return true;
	return false;
}

bool controller_has_failed(const struct err *err, enum err_reason harmless)
{
	return err && err->reason != harmless && !controller_namespace_goes(err);
}

struct write {
	struct controller *controller;
	enum err_reason harmless;
	struct str key;
};

static void written(void *ctx, const struct client_result *r)
{
	struct write *w = ctx;
	bool failed = controller_has_failed(r->err, w->harmless);
	if (failed && r->err->reason != ERR_CONFLICT)
		log_warn("reconcile failed", LOG_S("controller", w->controller->client->user),
			 LOG_STR("key", w->key), LOG_S("error", err_text(r->err)));
	controller_done(w->controller, w->key, failed);
	free((void *)(uintptr_t)w->key.p);
	free(w);
}

void controller_write(struct controller *c, struct str key, const struct controller_write *what)
{
	struct write *w = NEW(struct write);
	*w = (struct write){ c, what->harmless, { str_dup(key), key.n } };
	const struct client_call call = {
		.verb = what->verb,
		.resource = what->resource,
		.ns = what->ns,
		.name = what->name,
		.subresource = what->subresource,
		.query = what->query,
		.content_type = what->content_type,
		.body = what->body,
		.done = written,
		.ctx = w,
	};
	client_do(c->client, &call);
}

struct controller_write controller_removal(const struct object *o, const char *more,
					   struct buf *body)
{
	buf_printf(body,
		   "{\"kind\":\"DeleteOptions\",\"apiVersion\":\"v1\",\"preconditions\":{\"uid\":"
		   "\"%.*s\"}%s}",
		   STR_ARG(o->uid), more);
	return (struct controller_write){ .verb = API_DELETE,
					  .resource = o->resource,
					  .ns = o->ns,
					  .name = o->name,
					  .body = buf_view(body),
					  .harmless = ERR_NOT_FOUND };
}

void controller_key_split(struct str key, struct str *ns, struct str *name)
{
	size_t at = str_find(key, '/');
	if (at == key.n) {
		*ns = STR("");
		*name = key;
		return;
	}
	*ns = str_of(key.p, at);
	*name = str_of(key.p + at + 1, key.n - at - 1);
}

void controller_key(const struct object *o, struct buf *out)
{
	buf_reset(out);
	if (o->ns.n) {
		buf_str(out, o->ns);
		buf_putc(out, '/');
	}
	buf_str(out, o->name);
}

bool controller_wake(void *controller, const struct object *o)
{
	struct controller *c = controller;
	auto_buf key = { 0 };

	controller_key(o, &key);
	work_queue_add(c->queue, buf_view(&key));
	return true;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/server/apiserver/server_fixture.h"

#include <stdio.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"
#include "tests/unit/unit.h"

#define PATIENCE_MS 10000

void fixture_run_until(struct fixture *f, bool (*fn)(void *ctx), void *ctx)
{
	int64_t end = clock_mono_ms(clock_real()) + PATIENCE_MS;
	struct loop_timer wake;
	loop_timer_init(&f->loop, &wake, NULL);
	while (!fn(ctx)) {
		if (clock_mono_ms(clock_real()) > end)
			fail_msg("what was waited for did not come");
		uv_run(&f->loop.uv, UV_RUN_ONCE);
	}
	loop_timer_close(&wake, NULL);
	uv_run(&f->loop.uv, UV_RUN_NOWAIT);
}

static bool is_ready(void *ctx)
{
	return apiserver_ready(ctx);
}

int fixture_start(struct fixture *f)
{
	auto_err err = { 0 };
	static const char *const addresses[] = { "127.0.0.1", NULL };
	*f = (struct fixture){ .dir = "/tmp/allinone-api-XXXXXX" };
	log_set_level(LOG_LEVEL_ERROR);
	if (!mkdtemp(f->dir) || loop_init(&f->loop, "test", &err) < 0)
		return -1;
	f->loop.thread = pthread_self();
	struct apiserver_config c = { .data_dir = f->dir,
				      .bind_addresses = addresses,
				      .service_cidr = "10.43.0.0/16",
				      .loops = (struct loop *[]){ &f->loop },
				      .nloops = 1 };
	if (apiserver_start(&c, &f->server, &err) < 0) {
		fprintf(stderr, "%s\n", err_text(&err));
		return -1;
	}
	f->admin = fixture_client(f, "admin", "system:masters");
	fixture_run_until(f, is_ready, f->server);
	return 0;
}

static void stopped(void *ctx)
{
	*(bool *)ctx = true;
}

static bool flag(void *ctx)
{
	return *(bool *)ctx;
}

void fixture_stop(struct fixture *f)
{
	bool over = false;
	apiserver_stop(f->server, stopped, &over);
	fixture_run_until(f, flag, &over);
	apiserver_free(f->server);
	dir_remove(f->dir, NULL);
}

struct client *fixture_client(struct fixture *f, const char *user, const char *group)
{
	return apiserver_local_client(f->server, &f->loop, user,
				      (const char *const[]){ group, NULL });
}

const struct api_resource *fixture_resource(const char *text)
{
	struct str rest = str_from(text), parts[3];
	size_t n = 0;
	while (n < 3 && str_next(&rest, '/', &parts[n]))
		n++;
	return n == 2 ? api_resource_find(STR(""), parts[0], parts[1])
		      : api_resource_find(parts[0], parts[1], parts[2]);
}

struct pending {
	struct answer answer;
	bool done;
};

static void call_done(void *ctx, const struct client_result *r)
{
	struct pending *p = ctx;
	p->answer.code = r->code;
	p->answer.body = str_dup(r->body);
	p->answer.tree = json_loadb(r->body.p, r->body.n, 0, NULL);
	p->answer.reason = r->err ? r->err->reason : ERR_NONE;
	p->answer.message = str_dup(str_from(r->err ? err_text(r->err) : ""));
	p->done = true;
}

static bool pending_done(void *ctx)
{
	return ((struct pending *)ctx)->done;
}

struct answer fixture_call(struct fixture *f, struct client *c, enum api_verb verb,
			   const char *resource, const char *ns, const char *name,
			   const char *query, const char *body)
{
	struct pending p = { 0 };
	struct client_call call = { .verb = verb,
				    .resource = fixture_resource(resource),
				    .ns = str_from(ns),
				    .query = str_from(query),
				    .body = str_from(body),
				    .done = call_done,
				    .ctx = &p };
	struct str rest = str_from(name);
	str_next(&rest, '/', &call.name);
	call.subresource = rest;
	if (verb == API_PATCH)
		call.content_type = STR("application/merge-patch+json");
	client_do(c, &call);
	assert_false(p.done); /* never from inside the call */
	fixture_run_until(f, pending_done, &p);
	return p.answer;
}

void answer_free(struct answer *a)
{
	free(a->body);
	free(a->message);
	json_decref(a->tree);
	*a = (struct answer){ 0 };
}

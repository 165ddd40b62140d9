/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/kubelet/volumes/claims.h"

#include "api/decode.h"
#include "base/mem.h"
#include "client/volume_match.h"
#include "generated/api_tables.h"

#define AGAIN_MS 2000

struct claim_fetch {
	struct client *client;
	char *ns, *name, *volume;
	void (*found)(void *ctx, const struct object *volume);
	void *ctx;
	struct loop_timer timer;
	bool ended, busy, timer_closed;
};

static void free_when_idle(struct claim_fetch *f)
{
	if (!f->ended || f->busy || !f->timer_closed)
		return;
	free(f->ns);
	free(f->name);
	free(f->volume);
	free(f);
}

static void not_yet(struct claim_fetch *f)
{
	f->found(f->ctx, NULL);
	if (!f->ended)
		loop_timer_start(&f->timer, AGAIN_MS);
}

/* True: somebody still wants to know. */
static bool answered(struct claim_fetch *f)
{
	bool wanted = !f->ended;

	f->busy = false;
	if (!wanted)
		free_when_idle(f);
	return wanted;
}

static void get(struct claim_fetch *f, const struct api_resource *r, const char *ns,
		const char *name, void (*done)(void *ctx, const struct client_result *r))
{
	const struct client_call call = { .verb = API_GET,
					  .resource = r,
					  .ns = str_from(ns),
					  .name = str_from(name),
					  .done = done,
					  .ctx = f };

	f->busy = true;
	client_do(f->client, &call);
}

static void on_volume(void *ctx, const struct client_result *r)
{
	struct claim_fetch *f = ctx;
	struct object *o = NULL;
	auto_buf key = { 0 };

	if (!answered(f))
		return;
	object_key(API_CORE_V1_PERSISTENTVOLUMES, STR(""), str_from(f->volume), &key);
	if (r->err ||
	    object_new(API_CORE_V1_PERSISTENTVOLUMES, buf_view(&key), r->body, &o, NULL) < 0) {
		not_yet(f);
		return;
	}
	f->found(f->ctx, o);
	object_unref(o);
}

static void on_claim(void *ctx, const struct client_result *r)
{
	struct claim_fetch *f = ctx;
	auto_arena arena = { 0 };
	claim_struct c = { 0 };

	if (!answered(f))
		return;
	if (r->err ||
	    struct_read_json(arena_str(&arena, r->body), &arena,
			     api_struct_core_v1_persistent_volume_claim, &c, NULL) < 0 ||
	    !claim_is_bound(&c) || !str_eqz(c.status.phase, "Bound")) {
		not_yet(f);
		return;
	}
	free(f->volume);
	f->volume = str_dup(c.spec.volume_name);
	get(f, API_CORE_V1_PERSISTENTVOLUMES, "", f->volume, on_volume);
}

static void ask(struct loop_timer *t)
{
	struct claim_fetch *f = CONTAINER_OF(t, struct claim_fetch, timer);

	if (!f->ended && !f->busy)
		get(f, API_CORE_V1_PERSISTENTVOLUMECLAIMS, f->ns, f->name, on_claim);
}

struct claim_fetch *claim_fetch_start(struct client *c, struct str ns, struct str name,
				      void (*found)(void *ctx, const struct object *volume),
				      void *ctx)
{
	struct claim_fetch *f = NEW(struct claim_fetch);

	f->client = c;
	f->ns = str_dup(ns);
	f->name = str_dup(name);
	f->found = found;
	f->ctx = ctx;
	loop_timer_init(c->loop, &f->timer, ask);
	ask(&f->timer);
	return f;
}

static void on_timer_closed(struct loop_timer *t)
{
	struct claim_fetch *f = CONTAINER_OF(t, struct claim_fetch, timer);

	f->timer_closed = true;
	free_when_idle(f);
}

void claim_fetch_end(struct claim_fetch *f)
{
	if (!f)
		return;
	f->ended = true;
	loop_timer_close(&f->timer, on_timer_closed);
}

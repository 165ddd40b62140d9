/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/join/renewal.h"

#include "agent/join/pair.h"
#include "base/clock.h"
#include "base/encode.h"
#include "base/log.h"
#include "base/mem.h"

#define LOOK_MAX_S 3600 /* clocks are set: look again from time to time */
#define RETRY_MS   30000
#define PAUSE_MS   1000 /* however short they are signed for */

struct watch_over {
	struct renewal *renewal;
	enum order_kind kind;
	const char *path;
	uint64_t spread;
	struct loop_timer timer;
	struct order *order;
};
struct renewal {
	struct renewal_config config;
	char *node_name;
	struct join_files files;
	struct watch_over over[ORDER_KINDS];
	int closing;
};

static void look(struct watch_over *w);

static void on_pair(void *ctx, struct str cert, struct str key, const struct err *failed)
{
	struct watch_over *w = ctx;
	auto_err err = { 0 };
	w->order = NULL;
	if (failed)
		err_copy(&err, failed);
	else
		pair_write(w->path, cert, key, &err);
	if (err.reason) {
		log_warn("certificate not renewed, will try again", LOG_S("file", w->path),
			 LOG_S("error", err_text(&err)));
		loop_timer_start(&w->timer, RETRY_MS);
		return;
	}
	log_info("certificate renewed", LOG_S("file", w->path));
	w->spread = rand_u64();
	w->renewal->config.renewed(w->renewal->config.ctx, w->kind);
	loop_timer_start(&w->timer, PAUSE_MS);
}

static void look(struct watch_over *w)
{
	auto_buf pem = { 0 };
	struct pair_life life;
	auto_err err = { 0 };
	int64_t left = 0;
	if (pair_read(w->path, &pem, &life, &err) == 0)
		left = pair_due_s(&life, w->spread) - clock_wall_s(clock_real());
	else
		log_warn("a certificate is made anew", LOG_S("error", err_text(&err)));
	if (pem.p)
		explicit_bzero(pem.p, pem.n);
	if (left > 0)
		loop_timer_start(&w->timer,
				 (uint64_t)(left < LOOK_MAX_S ? left : LOOK_MAX_S) * 1000);
	else
		w->order = order_start(w->renewal->config.client, w->kind, w->renewal->node_name,
				       on_pair, w);
}

static void on_timer(struct loop_timer *t)
{
	look(CONTAINER_OF(t, struct watch_over, timer));
}

struct renewal *renewal_start(const struct renewal_config *c)
{
	struct renewal *r = NEW(struct renewal);
	r->config = *c;
	r->node_name = str_dup(str_from(c->node_name));
	join_files_of(c->data_dir, &r->files);
	for (int i = 0; i < ORDER_KINDS; i++) {
		struct watch_over *w = &r->over[i];
		w->renewal = r;
		w->kind = (enum order_kind)i;
		w->path = r->files.pairs[i];
		w->spread = rand_u64();
		loop_timer_init(c->client->loop, &w->timer, on_timer);
		look(w);
	}
	return r;
}

static void on_timer_closed(struct loop_timer *t)
{
	struct renewal *r = CONTAINER_OF(t, struct watch_over, timer)->renewal;
	if (--r->closing)
		return;
	join_files_free(&r->files);
	free(r->node_name);
	free(r);
}

void renewal_stop(struct renewal *r)
{
	if (!r)
		return;
	r->closing = ORDER_KINDS;
	for (int i = 0; i < ORDER_KINDS; i++) {
		order_cancel(TAKE(r->over[i].order));
		loop_timer_close(&r->over[i].timer, on_timer_closed);
	}
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/unit.h"

#include "tests/unit/storage/cache_fixture.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"
#include "generated/api_tables.h"

static void open_set(struct cache_fixture *f)
{
	f->set = cache_set_new(&f->limits);
	f->maps = cache_of(f->set, API_CORE_V1_CONFIGMAPS);
	assert_int_equal(cache_set_load(f->set, f->base->store, NULL), 0);
}

int cache_fixture_setup(void **state)
{
	struct cache_fixture *f = NEW(struct cache_fixture);

	if (store_fixture_setup((void **)&f->base) < 0 || loop_init(&f->loop, "test", NULL) < 0)
		return -1;
	open_set(f);
	*state = f;
	return 0;
}

int cache_fixture_teardown(void **state)
{
	struct cache_fixture *f = *state;

	store_fixture_teardown((void **)&f->base);
	cache_set_free(f->set);
	loop_close(&f->loop);
	free(f);
	return 0;
}

void cache_fixture_reopen(struct cache_fixture *f)
{
	struct store *s = f->base->store;

	s->ops->close(s);
	cache_set_free(f->set);
	f->base->store = NULL;
	store_fixture_reopen(f->base);
	open_set(f);
}

int64_t put(struct cache_fixture *f, const char *name, const char *value)
{
	char key[80], json[200];
	struct answer a;

	snprintf(key, sizeof(key), PREFIX "%s", name);
	snprintf(json, sizeof(json),
		 "{\"kind\":\"ConfigMap\",\"apiVersion\":\"v1\",\"metadata\":{\"name\":\"%s\","
		 "\"namespace\":\"default\","
		 "\"uid\":\"u-%s\"},\"data\":{\"v\":\"%s\"}}",
		 name, name, value);
	a = store_put(f->base->store, key, json, STORE_ANY);
	assert_int_equal(a.reason, ERR_NONE);
	return a.revision;
}

int64_t del(struct cache_fixture *f, const char *name)
{
	char key[80];

	snprintf(key, sizeof(key), PREFIX "%s", name);
	return store_delete(f->base->store, key, STORE_ANY).revision;
}

static bool list_one(void *ctx, const struct object *o)
{
	buf_printf(ctx, "%.*s@%lld ", STR_ARG(o->name), (long long)o->revision);
	return true;
}

void view_text(const struct cache_view *v, struct buf *out)
{
	buf_puts(out, "");
	cache_view_each(v, STR(PREFIX), STR(""), list_one, out);
}

void assert_view(struct cache_view *v, const char *want)
{
	auto_buf b = { 0 };

	view_text(v, &b);
	assert_string_equal(b.p, want);
	cache_view_close(v);
}

static void on_event(struct cache_watcher *cw, const struct cache_event *ev)
{
	struct watch *w = CONTAINER_OF(cw, struct watch, w);

	if (ev->revision <= w->last)
		w->disordered = true;
	w->last = ev->revision;
	buf_printf(&w->text, "%c%.*s@%lld ", "+~-"[ev->type], STR_ARG(ev->object->name),
		   (long long)ev -> revision);
	w->events++;
	if (w->writes)
		cache_watch_wrote(cw);
	if (w->removes)
		cache_unwatch(&w->removes->w);
	w->removes = NULL;
}

static void on_batch_end(struct cache_watcher *cw, int64_t revision)
{
	struct watch *w = CONTAINER_OF(cw, struct watch, w);

	w->batch_end = revision;
	w->batches++;
	if (revision >= w->until)
		loop_stop(w->loop);
}

static void on_expired(struct cache_watcher *cw)
{
	struct watch *w = CONTAINER_OF(cw, struct watch, w);

	w->expired = true;
	loop_stop(w->loop);
}

static void watch_init(struct cache_fixture *f, struct watch *w)
{
	*w = (struct watch){ .w = { .prefix = STR(PREFIX),
				    .on_event = on_event,
				    .on_batch_end = on_batch_end,
				    .on_expired = on_expired },
			     .loop = &f->loop };
	buf_puts(&w->text, "");
}

int watch_start(struct cache_fixture *f, struct watch *w, int64_t since)
{
	watch_init(f, w);
	return cache_watch(&f->loop, f->maps, &w->w, since, NULL);
}

void watch_start_from_now(struct cache_fixture *f, struct watch *w)
{
	watch_init(f, w);
	cache_watch_from_now(&f->loop, f->maps, &w->w);
}

void watch_stop(struct watch *w)
{
	cache_unwatch(&w->w);
	buf_free(&w->text);
}

void run_until(struct cache_fixture *f, struct watch *w, int64_t revision)
{
	w->until = revision;
	f->loop.stopping = false;
	loop_run(&f->loop);
}

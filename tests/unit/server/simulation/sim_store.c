/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/server/simulation/sim_store.h"

#include <stdlib.h>

#include "base/map.h"
#include "base/mem.h"
#include "tests/unit/server/simulation/sim_time.h"

struct row {
	int64_t revision, create_revision, lease, ends_us;
	struct str value; /* behind it */
};
struct sim_data {
	struct map rows;
	int64_t revision;
};
struct sim_store {
	struct store store;
	struct sim_data *data;
	sim_commit_hook hook;
	void *hook_ctx;
	void (*on_commit)(void *ctx, const struct store_event *ev, size_t n);
	void *on_commit_ctx;
	struct store_txn **waiting;
	size_t n, cap;
	bool cut;
};

static struct sim_store *of(struct store *s)
{
	return CONTAINER_OF(s, struct sim_store, store);
}

static struct row *row_new(const struct store_op *op, int64_t revision, int64_t create)
{
	struct row *r = mem_zalloc(sizeof(*r) + op->value.n + 1);
	memcpy(r + 1, op->value.p, op->value.n);
	r->value = str_of(r + 1, op->value.n);
	r->revision = revision;
	r->create_revision = create;
	r->lease = op->lease;
	r->ends_us = op->lease > 0 ? sim_now_us() + op->lease * 1000000 : INT64_MAX;
	return r;
}

struct sim_data *sim_data_new(void)
{
	struct sim_data *d = NEW(struct sim_data);
	d->revision = 1;
	return d;
}

void sim_data_free(struct sim_data *d)
{
	map_free(&d->rows, free);
	free(d);
}

/* --- commits --- */

struct group {
	struct sim_store *store;
	struct store_event *events;
	struct row **replaced; /* freed when everybody has seen the events */
	size_t n, cap, nreplaced, replaced_cap;
};

static bool holds(struct sim_store *s, struct store_txn *t)
{
	for (size_t i = 0; i < t->nops; i++) {
		const struct store_op *op = &t->ops[i];
		const struct row *r = map_get(&s->data->rows, op->key);
		if (op->expect == STORE_ANY || (r ? r->revision : 0) == op->expect)
			continue;
		t->failed_op = (int)i;
		t->found_revision = r ? r->revision : 0;
		return false;
	}
	return true;
}

static void apply(struct group *g, const struct store_op *op)
{
	struct sim_data *d = g->store->data;
	struct row *old = map_get(&d->rows, op->key);
	if (op->type == STORE_CHECK || (op->type == STORE_DELETE && !old))
		return;
	struct store_event ev = { .type = op->type,
				  .key = op->key,
				  .value = op->type == STORE_DELETE ? old->value : op->value,
				  .revision = ++d->revision,
				  .prev_revision = old ? old->revision : 0,
				  .lease = op->lease,
				  .item = op->item };
	ev.create_revision = old ? old->create_revision : ev.revision;
	if (op->type == STORE_PUT)
		map_put(&d->rows, op->key, row_new(op, ev.revision, ev.create_revision));
	else
		map_del(&d->rows, op->key);
	g->events = mem_array_grow(g->events, &g->cap, g->n + 1, sizeof(ev));
	g->events[g->n++] = ev;
	if (!old)
		return;
	g->replaced = mem_array_grow(g->replaced, &g->replaced_cap, g->nreplaced + 1, sizeof(old));
	g->replaced[g->nreplaced++] = old;
}

static void group_end(struct group *g)
{
	struct sim_store *s = g->store;
	for (size_t i = 0; s->hook && i < g->n; i++)
		s->hook(s->hook_ctx, &g->events[i]);
	if (g->n && s->on_commit)
		s->on_commit(s->on_commit_ctx, g->events, g->n);
	for (size_t i = 0; i < g->nreplaced; i++)
		free(g->replaced[i]);
	free(g->replaced);
	free(g->events);
}

static void answer(struct loop_msg *m)
{
	struct store_txn *t = CONTAINER_OF(m, struct store_txn, msg);
	t->done(t);
}

void sim_store_commit(struct sim_store *s, size_t max)
{
	struct group g = { .store = s };
	size_t n = max < s->n ? max : s->n;
	for (size_t i = 0; i < n; i++) {
		struct store_txn *t = s->waiting[i];
		t->failed_op = -1;
		if (!s->cut && holds(s, t))
			for (size_t k = 0; k < t->nops; k++)
				apply(&g, &t->ops[k]);
		if (s->cut)
			err_set(&t->err, ERR_UNAVAILABLE, "the store is gone");
		t->revision = s->data->revision;
	}
	group_end(&g);
	for (size_t i = 0; i < n; i++) {
		struct store_txn *t = s->waiting[i];
		t->msg.run = answer;
		if (t->loop)
			loop_post(t->loop, &t->msg);
		else if (t->done)
			t->done(t);
	}
	memmove(s->waiting, s->waiting + n, (s->n - n) * sizeof(*s->waiting));
	s->n -= n;
}

void sim_store_expire(struct sim_store *s)
{
	struct group g = { .store = s };
	size_t at = 0, n = 0, cap = 0;
	char **keys = NULL;
	for (struct map_entry *e; (e = map_next(&s->data->rows, &at));) {
		if (((struct row *)e->value)->ends_us > sim_now_us())
			continue;
		keys = mem_array_grow(keys, &cap, n + 1, sizeof(*keys));
		keys[n++] = str_dup(e->key);
	}
	for (size_t i = 0; i < n; i++)
		apply(&g, &(struct store_op){ .type = STORE_DELETE, .key = str_from(keys[i]) });
	group_end(&g);
	for (size_t i = 0; i < n; i++)
		free(keys[i]);
	free(keys);
}

size_t sim_store_waiting(const struct sim_store *s)
{
	return s->n;
}

void sim_store_cut(struct sim_store *s)
{
	s->cut = true;
}

/* --- the interface --- */

/* Who starts the server waits for its first transaction on a loop of its own: that one is not held back. */
static void txn(struct store *store, struct store_txn *t)
{
	struct sim_store *s = of(store);
	s->waiting = mem_array_grow(s->waiting, &s->cap, s->n + 1, sizeof(t));
	s->waiting[s->n++] = t;
	if (t->loop && !strcmp(t->loop->name, "policy"))
		sim_store_commit(s, s->n);
}

struct kv {
	struct str key;
	struct row *row;
};

static int by_key(const void *a, const void *b)
{
	return str_cmp(((const struct kv *)a)->key, ((const struct kv *)b)->key);
}

static int load(struct store *store, int (*on_kv)(void *ctx, const struct store_kv *), void *ctx,
		struct err *err)
{
	struct sim_data *d = of(store)->data;
	struct kv *all = mem_alloc((d->rows.count + 1) * sizeof(*all));
	size_t at = 0, n = 0;
	int r = 0;
	(void)err;
	for (struct map_entry *e; (e = map_next(&d->rows, &at));)
		all[n++] = (struct kv){ e->key, e->value };
	qsort(all, n, sizeof(*all), by_key);
	for (size_t i = 0; r == 0 && i < n; i++)
		r = on_kv(ctx, &(struct store_kv){ .key = all[i].key,
						   .value = all[i].row->value,
						   .revision = all[i].row->revision,
						   .create_revision = all[i].row->create_revision,
						   .lease = all[i].row->lease });
	free(all);
	return r;
}

/* Nothing is kept of what was replaced: watchers list again. */
static int history(struct store *store, int64_t since,
		   void (*on_event)(void *ctx, const struct store_event *), void *ctx,
		   struct err *err)
{
	(void)on_event;
	(void)ctx;
	return since >= of(store)->data->revision
		       ? 0
		       : err_set(err, ERR_EXPIRED, "The resourceVersion is too old.");
}

static void subscribe(struct store *store,
		      void (*on_commit)(void *ctx, const struct store_event *ev, size_t n),
		      void *ctx)
{
	of(store)->on_commit = on_commit;
	of(store)->on_commit_ctx = ctx;
}

static int64_t revision(struct store *store)
{
	return of(store)->data->revision;
}

static void compact(struct store *store, int64_t to)
{
	(void)store;
	(void)to;
}

static int size(struct store *store, int64_t *out)
{
	*out = (int64_t)of(store)->data->rows.count;
	return 0;
}

static void close_store(struct store *store)
{
	struct sim_store *s = of(store);
	free(s->waiting);
	free(s);
}

static const struct store_ops ops = { txn,      load,    history, subscribe,  revision,
				      revision, compact, size,    close_store };

struct sim_store *sim_store_new(struct sim_data *d, sim_commit_hook hook, void *ctx)
{
	struct sim_store *s = NEW(struct sim_store);
	s->store.ops = &ops;
	s->data = d;
	s->hook = hook;
	s->hook_ctx = ctx;
	return s;
}

struct store *sim_store_interface(struct sim_store *s)
{
	return &s->store;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/storage/store_fixture.h"

#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/buf.h"
#include "base/file.h"
#include "base/mem.h"

int store_fixture_setup(void **state)
{
	struct store_fixture *f = NEW(struct store_fixture);
	auto_err err = { 0 };

	snprintf(f->dir, sizeof(f->dir), "/tmp/store-test-XXXXXX");
	if (!mkdtemp(f->dir))
		return -1;
	snprintf(f->path, sizeof(f->path), "%s/state.db", f->dir);
	f->config.path = f->path;
	*state = f;
	if (log_open(&f->config, &f->store, &err) == 0)
		return 0;
	fprintf(stderr, "%s\n", err_text(&err));
	return -1;
}

int store_fixture_teardown(void **state)
{
	struct store_fixture *f = *state;

	if (f->store)
		f->store->ops->close(f->store);
	dir_remove(f->dir, NULL);
	free(f);
	return 0;
}

void store_fixture_reopen(struct store_fixture *f)
{
	auto_err err = { 0 };

	if (f->store)
		f->store->ops->close(f->store);
	f->store = NULL;
	if (log_open(&f->config, &f->store, &err) < 0) {
		fprintf(stderr, "%s\n", err_text(&err));
		abort();
	}
}

struct waiting {
	struct store_txn txn;
	sem_t done;
};

static void on_done(struct store_txn *t)
{
	sem_post(&CONTAINER_OF(t, struct waiting, txn)->done);
}

struct answer store_do(struct store *s, struct store_op *ops, size_t n)
{
	struct waiting w = { .txn = { .ops = ops, .nops = n, .done = on_done } };
	struct answer a;

	sem_init(&w.done, 0, 0);
	s->ops->txn(s, &w.txn);
	while (sem_wait(&w.done) != 0)
		;
	sem_destroy(&w.done);
	a = (struct answer){
		w.txn.revision, w.txn.found_revision, w.txn.failed_op, w.txn.err.reason, { 0 }
	};
	snprintf(a.text, sizeof(a.text), "%s", err_text(&w.txn.err));
	err_clear(&w.txn.err);
	return a;
}

struct answer store_put(struct store *s, const char *key, const char *value, int64_t expect)
{
	struct store_op op = {
		.type = STORE_PUT, .key = str_from(key), .value = str_from(value), .expect = expect
	};

	return store_do(s, &op, 1);
}

struct answer store_put_lease(struct store *s, const char *key, const char *value, int64_t lease_s)
{
	struct store_op op = { .type = STORE_PUT,
			       .key = str_from(key),
			       .value = str_from(value),
			       .expect = STORE_ANY,
			       .lease = lease_s };

	return store_do(s, &op, 1);
}

struct answer store_delete(struct store *s, const char *key, int64_t expect)
{
	struct store_op op = { .type = STORE_DELETE, .key = str_from(key), .expect = expect };

	return store_do(s, &op, 1);
}

static int dump_one(void *ctx, const struct store_kv *kv)
{
	struct buf *b = ctx;

	buf_printf(b, "%s%.*s=%.*s@%lld", b->n ? " " : "", STR_ARG(kv->key), STR_ARG(kv->value),
		   (long long)kv->revision);
	return 0;
}

char *store_dump(struct store *s)
{
	struct buf b = { 0 };
	auto_err err = { 0 };

	if (s->ops->load(s, dump_one, &b, &err) < 0)
		buf_printf(&b, "error: %s", err_text(&err));
	return buf_take(&b);
}

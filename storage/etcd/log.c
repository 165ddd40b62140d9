/* SPDX-License-Identifier: Apache-2.0 */
/* The store's verbs. Whoever calls only queues; storage/etcd/writer.c does the work. */
#include <stdio.h>
#include <sys/stat.h>

#include "base/mem.h"
#include "storage/etcd/revlog.h"

static struct revlog *of(struct store *s)
{
	return CONTAINER_OF(s, struct revlog, store);
}

static void log_txn(struct store *s, struct store_txn *t)
{
	t->failed_op = -1;
	t->found_revision = 0;
	t->revision = 0;
	txn_queue_push(&of(s)->queue, t);
}

static void log_subscribe(struct store *s,
			  void (*on_commit)(void *ctx, const struct store_event *ev, size_t n),
			  void *ctx)
{
	struct revlog *l = of(s);

	pthread_mutex_lock(&l->db_lock);
	l->on_commit_ctx = ctx;
	l->on_commit = on_commit;
	pthread_mutex_unlock(&l->db_lock);
	txn_queue_wake(&l->queue); /* from now on leases end */
}

static int64_t log_revision(struct store *s)
{
	return atomic_load(&of(s)->revision);
}

static int64_t log_compacted(struct store *s)
{
	return atomic_load(&of(s)->compacted);
}

static void log_compact(struct store *s, int64_t revision)
{
	struct revlog *l = of(s);
	int64_t old = atomic_load(&l->compact_request);

	while (revision > old && !atomic_compare_exchange_weak(&l->compact_request, &old, revision))
		;
	txn_queue_wake(&l->queue);
}

static int log_size(struct store *s, int64_t *out_bytes)
{
	auto_free char *wal = str_printf("%s-wal", of(s)->path);
	struct stat st;
	int64_t n = 0;

	if (stat(of(s)->path, &st) == 0)
		n += st.st_size;
	if (stat(wal, &st) == 0)
		n += st.st_size;
	*out_bytes = n;
	return 0;
}

static void log_free(struct revlog *l)
{
	revlog_database_close(l);
	txn_queue_close(&l->queue);
	pthread_mutex_destroy(&l->db_lock);
	key_index_free(&l->index);
	expiry_free(&l->expiry);
	held_free(&l->held);
	arena_free(&l->scratch);
	free(l->path);
	free(l);
}

static void log_close(struct store *s)
{
	revlog_writer_stop(of(s));
	revlog_held_close(of(s)); /* what can't be written is lost, as in a crash */
	log_free(of(s));
}

static const struct store_ops log_ops = {
	.txn = log_txn,
	.load = revlog_load,
	.history = revlog_history,
	.subscribe = log_subscribe,
	.revision = log_revision,
	.compacted = log_compacted,
	.compact = log_compact,
	.size = log_size,
	.close = log_close,
};

int log_open(const struct log_config *c, struct store **out, struct err *err)
{
	struct revlog *l = NEW(struct revlog);
	int64_t every_ms = c->compact_every_ms ? c->compact_every_ms : 5 * 60 * 1000;
	int r;

	l->store.ops = &log_ops;
	l->path = str_dup(str_from(c->path));
	txn_queue_init(&l->queue);
	pthread_mutex_init(&l->db_lock, NULL);
	key_index_init(&l->index);
	held_init(&l->held);
	r = revlog_database_open(l, err);
	if (r == 0)
		r = revlog_index_build(l, err);
	compaction_init(&l->compaction, every_ms * 1000, c->compact_keep, revlog_now_us(),
			atomic_load(&l->revision));
	if (r == 0)
		r = revlog_writer_start(l, err);
	if (r < 0) {
		log_free(l);
		return r;
	}
	*out = &l->store;
	return 0;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Reading the table back: which keys live (at open), their values in key order (load), and the tail of the log (history).
 * Scans run along the primary key; names are sorted in memory because the table has no index on them. */
#include <inttypes.h>
#include <stdlib.h>

#include "base/mem.h"
#include "storage/etcd/revlog.h"

static const char sql_scan[] =
	"SELECT id, name, deleted, create_revision, prev_revision, lease FROM kine ORDER BY id";
static const char sql_history[] =
	"SELECT id, name, created, deleted, create_revision, prev_revision, lease, value FROM kine "
	"WHERE id > ?1 AND name <> 'compact_rev_key' ORDER BY id";

static struct str column_str(sqlite3_stmt *s, int i)
{
	const void *p = sqlite3_column_blob(s, i);

	return str_of(p ? p : "", (size_t)sqlite3_column_bytes(s, i));
}

static void index_row(struct revlog *l, sqlite3_stmt *s, int64_t now_us)
{
	int64_t id = sqlite3_column_int64(s, 0), create = sqlite3_column_int64(s, 3);
	int64_t lease = sqlite3_column_int64(s, 5);
	struct str name = column_str(s, 1);
	struct key_hash h;

	if (str_eq(name, STR("compact_rev_key"))) {
		if (sqlite3_column_int64(s, 4) > atomic_load(&l->compacted))
			atomic_store(&l->compacted, sqlite3_column_int64(s, 4));
		l->held.reserved = create;
		return;
	}
	h = key_index_hash(&l->index, name);
	if (sqlite3_column_int(s, 2)) {
		key_index_del(&l->index, h);
		return;
	}
	key_index_set(&l->index, h, id, create ? create : id);
	if (lease > 0)
		expiry_add(&l->expiry, now_us + lease * 1000000, id);
}

int revlog_index_build(struct revlog *l, struct err *err)
{
	sqlite3_stmt *s = NULL;
	int64_t now_us = revlog_now_us();
	int rc = sqlite3_prepare_v2(l->db, sql_scan, -1, &s, NULL);

	if (rc != SQLITE_OK)
		return revlog_sql_err(l, rc, "read", err);
	while ((rc = sqlite3_step(s)) == SQLITE_ROW) {
		index_row(l, s, now_us);
		l->newest_row = sqlite3_column_int64(s, 0);
	}
	sqlite3_finalize(s);
	if (rc != SQLITE_DONE)
		return revlog_sql_err(l, rc, "read", err);
	/* those up to the mark may have been seen before a crash */
	atomic_store(&l->revision,
		     l->held.reserved > l->newest_row ? l->held.reserved : l->newest_row);
	if (l->newest_row == 0)
		return err_set(
			err, ERR_INTERNAL,
			"store: %s has lost its first row; restore a snapshot or move it away",
			l->path);
	return 0;
}

struct live_key {
	const char *name;
	int64_t id;
};
struct live_keys {
	struct live_key *items;
	size_t n, cap;
	struct arena names;
};

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct live_key *)a)->name, ((const struct live_key *)b)->name);
}

static int live_keys_read(struct revlog *l, struct live_keys *k, struct err *err)
{
	sqlite3_stmt *s = NULL;
	int rc =
		sqlite3_prepare_v2(l->db, "SELECT id, name FROM kine WHERE deleted = 0 ORDER BY id",
				   -1, &s, NULL);

	while (rc == SQLITE_OK || rc == SQLITE_ROW) {
		const struct key_entry *e;

		rc = sqlite3_step(s);
		if (rc != SQLITE_ROW)
			break;
		e = key_index_get(&l->index, key_index_hash(&l->index, column_str(s, 1)));
		if (!e || e->mod != sqlite3_column_int64(s, 0))
			continue;
		k->items = mem_array_grow(k->items, &k->cap, k->n + 1, sizeof(*k->items));
		k->items[k->n++] =
			(struct live_key){ arena_strdup(&k->names, column_str(s, 1)), e->mod };
	}
	sqlite3_finalize(s);
	if (rc != SQLITE_DONE)
		return revlog_sql_err(l, rc, "read", err);
	if (k->n)
		qsort(k->items, k->n, sizeof(*k->items), by_name);
	return 0;
}

static int load_one(struct revlog *l, const struct live_key *k,
		    int (*on_kv)(void *ctx, const struct store_kv *), void *ctx, struct err *err)
{
	sqlite3_stmt *s = l->statements[SQL_ROW];
	struct store_kv kv = { .key = str_from(k->name), .revision = k->id };
	int r, rc;

	sqlite3_bind_int64(s, 1, k->id);
	rc = sqlite3_step(s);
	if (rc != SQLITE_ROW) {
		sqlite3_reset(s);
		return revlog_sql_err(l, rc == SQLITE_DONE ? SQLITE_CORRUPT : rc, "read", err);
	}
	kv.create_revision = sqlite3_column_int64(s, 2) ? sqlite3_column_int64(s, 2) : k->id;
	kv.lease = sqlite3_column_int64(s, 3);
	kv.value = column_str(s, 4);
	r = on_kv(ctx, &kv);
	sqlite3_reset(s);
	return r < 0 ? err_wrap(err, r, "store: load %s", k->name) : 0;
}

int revlog_load(struct store *store, int (*on_kv)(void *ctx, const struct store_kv *), void *ctx,
		struct err *err)
{
	struct revlog *l = CONTAINER_OF(store, struct revlog, store);
	struct live_keys keys = { 0 };
	int r, rc;

	pthread_mutex_lock(&l->db_lock);
	rc = revlog_held_write(l);
	r = rc == SQLITE_OK ? live_keys_read(l, &keys, err) : revlog_sql_err(l, rc, "write", err);
	for (size_t i = 0; r == 0 && i < keys.n; i++)
		r = load_one(l, &keys.items[i], on_kv, ctx, err);
	pthread_mutex_unlock(&l->db_lock);
	arena_free(&keys.names);
	free(keys.items);
	return r;
}

static void history_row(struct revlog *l, sqlite3_stmt *row,
			void (*on_event)(void *ctx, const struct store_event *), void *ctx)
{
	sqlite3_stmt *old = l->statements[SQL_ROW];
	struct store_event ev = { .type = sqlite3_column_int(row, 3) ? STORE_DELETE : STORE_PUT };

	ev.revision = sqlite3_column_int64(row, 0);
	ev.key = column_str(row, 1);
	ev.create_revision =
		sqlite3_column_int64(row, 4) ? sqlite3_column_int64(row, 4) : ev.revision;
	ev.prev_revision = sqlite3_column_int(row, 2) ? 0 : sqlite3_column_int64(row, 5);
	ev.lease = sqlite3_column_int64(row, 6);
	ev.value = column_str(row, 7);
	if (ev.prev_revision) {
		sqlite3_bind_int64(old, 1, ev.prev_revision);
		if (sqlite3_step(old) == SQLITE_ROW)
			ev.prev_value = column_str(old, 4);
	}
	if (ev.type == STORE_DELETE)
		ev.value = ev.prev_value;
	on_event(ctx, &ev);
	sqlite3_reset(old);
}

int revlog_history(struct store *store, int64_t since,
		   void (*on_event)(void *ctx, const struct store_event *), void *ctx,
		   struct err *err)
{
	struct revlog *l = CONTAINER_OF(store, struct revlog, store);
	sqlite3_stmt *s = NULL;
	int rc;

	if (since < atomic_load(&l->compacted))
		return err_set(err, ERR_EXPIRED,
			       "The resourceVersion for the provided watch is too old.");
	pthread_mutex_lock(&l->db_lock);
	rc = revlog_held_write(l);
	if (rc == SQLITE_OK)
		rc = sqlite3_prepare_v2(l->db, sql_history, -1, &s, NULL);
	if (rc == SQLITE_OK)
		sqlite3_bind_int64(s, 1, since);
	while (rc == SQLITE_OK || rc == SQLITE_ROW) {
		rc = sqlite3_step(s);
		if (rc == SQLITE_ROW)
			history_row(l, s, on_event, ctx);
	}
	sqlite3_finalize(s);
	pthread_mutex_unlock(&l->db_lock);
	return rc == SQLITE_DONE ? 0 : revlog_sql_err(l, rc, "read the history", err);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* How what is held (held.h) comes into the table, and the mark that is kept in the row of compact_rev_key, whose create_revision nobody
 * uses. What can't be written stays held and is tried again. */
#include "base/mem.h"
#include "storage/etcd/revlog.h"

#define AGAIN_US 10000000

int revlog_insert(struct revlog *l, const struct store_event *ev)
{
	sqlite3_stmt *s = l->statements[SQL_INSERT];

	sqlite3_bind_int64(s, 1, ev->revision);
	sqlite3_bind_text64(s, 2, ev->key.p, ev->key.n, SQLITE_STATIC, SQLITE_UTF8);
	sqlite3_bind_int(s, 3, ev->prev_revision == 0);
	sqlite3_bind_int(s, 4, ev->type == STORE_DELETE);
	sqlite3_bind_int64(s, 5, ev->create_revision);
	sqlite3_bind_int64(s, 6, ev->prev_revision);
	sqlite3_bind_int64(s, 7, ev->lease);
	if (ev->type == STORE_PUT)
		sqlite3_bind_blob64(s, 8, ev->value.n ? ev->value.p : "", ev->value.n,
				    SQLITE_STATIC);
	else
		sqlite3_bind_null(s, 8);
	return revlog_run(l, SQL_INSERT);
}

static int mark(struct revlog *l, int64_t revision)
{
	sqlite3_bind_int64(l->statements[SQL_RESERVE], 1, revision);
	return revlog_run(l, SQL_RESERVE);
}

int revlog_held_reserve(struct revlog *l, int64_t revision)
{
	int64_t to = revision + HELD_RESERVE;
	int rc;

	if (revision <= l->held.reserved)
		return SQLITE_OK;
	revlog_set_relaxed(l, false);
	rc = mark(l, to); /* a transaction of its own */
	if (rc == SQLITE_OK)
		l->held.reserved = to;
	return rc;
}

int revlog_held_insert(struct revlog *l)
{
	struct map_entry *e;
	int rc = SQLITE_OK;

	for (size_t i = 0; rc == SQLITE_OK && (e = map_next(&l->held.rows, &i));) {
		const struct held_row *r = e->value;
		const struct store_event ev = { .type = STORE_PUT,
						.key = r->key,
						.value = r->value,
						.revision = r->revision,
						.create_revision = r->create_revision,
						.prev_revision = r->prev_revision };

		rc = revlog_insert(l, &ev);
	}
	return rc;
}

/* The newest revision among them. */
static int64_t newest_held(const struct held *h)
{
	struct map_entry *e;
	int64_t newest = 0;

	for (size_t i = 0; (e = map_next(&h->rows, &i));) {
		const struct held_row *r = e->value;

		newest = r->revision > newest ? r->revision : newest;
	}
	return newest;
}

static int end(struct revlog *l, int rc)
{
	if (rc == SQLITE_OK)
		rc = revlog_run(l, SQL_COMMIT);
	if (rc != SQLITE_OK && !sqlite3_get_autocommit(l->db))
		revlog_run(l, SQL_ROLLBACK);
	return rc;
}

int revlog_held_write(struct revlog *l)
{
	int64_t newest = newest_held(&l->held);
	int rc;

	if (!newest)
		return SQLITE_OK;
	revlog_set_relaxed(l, true);
	rc = revlog_run(l, SQL_BEGIN);
	if (rc == SQLITE_OK)
		rc = end(l, revlog_held_insert(l));
	if (rc != SQLITE_OK) {
		l->held.due_us = revlog_now_us() + AGAIN_US;
		return rc;
	}
	held_free(&l->held);
	held_init(&l->held);
	l->newest_row = newest > l->newest_row ? newest : l->newest_row;
	return SQLITE_OK;
}

int revlog_held_close(struct revlog *l)
{
	int64_t revision = atomic_load(&l->revision);
	int rc = revlog_held_write(l);

	if (rc != SQLITE_OK || !l->held.reserved)
		return rc;
	return mark(l, revision > l->newest_row ? revision : 0);
}

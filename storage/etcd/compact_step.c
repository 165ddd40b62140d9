/* SPDX-License-Identifier: Apache-2.0 */
/* One step of compaction: rows that a row in (compacted, to] replaced, and tombstones in it, go. The newest row always
 * stays: the next revision is counted from it. Steps are committed without a sync: losing one in a power cut only means
 * doing it again. */
#include <stdio.h>

#include "base/log.h"
#include "storage/etcd/revlog.h"

static int64_t pragma_number(struct revlog *l, const char *sql)
{
	sqlite3_stmt *s = NULL;
	int64_t v = 0;

	if (sqlite3_prepare_v2(l->db, sql, -1, &s, NULL) == SQLITE_OK &&
	    sqlite3_step(s) == SQLITE_ROW)
		v = sqlite3_column_int64(s, 0);
	sqlite3_finalize(s);
	return v;
}

static int delete_range(struct revlog *l, enum revlog_statement s, int64_t from, int64_t to)
{
	sqlite3_bind_int64(l->statements[s], 1, from);
	sqlite3_bind_int64(l->statements[s], 2, to);
	return revlog_run(l, s);
}

static int compact_to(struct revlog *l, int64_t from, int64_t to)
{
	int64_t newest = l->newest_row;
	int rc = revlog_run(l, SQL_BEGIN);

	if (rc == SQLITE_OK)
		rc = delete_range(l, SQL_COMPACT_REPLACED, from, to);
	if (rc == SQLITE_OK)
		rc = delete_range(l, SQL_COMPACT_TOMBSTONES, from, to < newest ? to : newest - 1);
	if (rc == SQLITE_OK) {
		sqlite3_bind_int64(l->statements[SQL_COMPACT_MARK], 1, to);
		rc = revlog_run(l, SQL_COMPACT_MARK);
	}
	if (rc == SQLITE_OK)
		rc = revlog_run(l, SQL_COMMIT);
	if (rc != SQLITE_OK && !sqlite3_get_autocommit(l->db))
		revlog_run(l, SQL_ROLLBACK);
	return rc;
}

static bool vacuum_step(struct revlog *l)
{
	char sql[64];
	int64_t n = compaction_vacuum(&l->compaction, pragma_number(l, "PRAGMA page_count"),
				      pragma_number(l, "PRAGMA freelist_count"));

	if (!n)
		return false;
	snprintf(sql, sizeof(sql), "PRAGMA incremental_vacuum(%lld)", (long long)n);
	return sqlite3_exec(l->db, sql, NULL, NULL, NULL) == SQLITE_OK;
}

bool revlog_compact_step(struct revlog *l, int64_t now_us)
{
	int64_t from = atomic_load(&l->compacted), to;
	auto_err err = { 0 };
	int rc;

	compaction_plan(&l->compaction, now_us, atomic_load(&l->revision),
			atomic_load(&l->compact_request));
	to = compaction_next(&l->compaction, from);
	if (!to && !l->compaction.vacuum)
		return false;
	revlog_set_relaxed(l, true);
	if (!to)
		return vacuum_step(l);
	rc = revlog_held_write(l); /* what it replaces goes by its row */
	if (rc == SQLITE_OK)
		rc = compact_to(l, from, to);
	compaction_took(&l->compaction, revlog_now_us() - now_us);
	if (rc != SQLITE_OK) { /* disk full, most likely: the next round tries again */
		l->compaction.goal = from;
		revlog_sql_err(l, rc, "compact", &err);
		log_warn("compaction failed", LOG_S("error", err_text(&err)));
		return false;
	}
	atomic_store(&l->compacted, to);
	if (!compaction_next(&l->compaction, to))
		vacuum_step(l);
	return compaction_next(&l->compaction, to) != 0 || l->compaction.vacuum;
}

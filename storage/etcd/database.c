/* SPDX-License-Identifier: Apache-2.0 */
/* Opening the file and being sure that it is ours: header, application id, version, table, and after a crash SQLite's own
 * check. Nothing that is there is ever replaced; every failure is one line that says what to do. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"
#include "storage/etcd/revlog.h"

#define APPLICATION_ID  0x616c6c31 /* "all1" */
#define SCHEMA_VERSION  1
#define CHECK_BYTES_MAX (64 << 20) /* quick_check costs about 1 ms per MiB */
#define BUSY_TIMEOUT_MS 5000
#define PRAGMA_(x)      "PRAGMA " x ";"

static const char sql_connection[] = PRAGMA_("page_size = 4096")
	PRAGMA_("auto_vacuum = INCREMENTAL") PRAGMA_("journal_mode = WAL")
		PRAGMA_("synchronous = FULL") PRAGMA_("cache_size = -1024") PRAGMA_("mmap_size = 0")
			PRAGMA_("wal_autocheckpoint = 0") PRAGMA_("journal_size_limit = 16777216")
				PRAGMA_("temp_store = MEMORY");

static const char sql_schema[] =
	"BEGIN IMMEDIATE;"
	"CREATE TABLE kine(id INTEGER PRIMARY KEY, name TEXT, created INTEGER, deleted INTEGER, "
	"create_revision INTEGER,"
	" prev_revision INTEGER, lease INTEGER, value BLOB, old_value BLOB);"
	"INSERT INTO kine(id, name, created, deleted, create_revision, prev_revision, lease)"
	" VALUES(1, 'compact_rev_key', 0, 0, 0, 0, 0);"
	"PRAGMA application_id = 1634495537; PRAGMA user_version = 1;"
	"COMMIT;";

static const char *const statement_text[SQL_COUNT] = {
#define REVLOG_TEXT(name, sql) [SQL_##name] = sql,
	REVLOG_STATEMENTS(REVLOG_TEXT)
#undef REVLOG_TEXT
};

static bool disk_is_full(const struct revlog *l, int rc)
{
	int e = l->db ? sqlite3_system_errno(l->db) : 0;

	return (rc & 0xff) == SQLITE_FULL ||
	       ((rc & 0xff) == SQLITE_IOERR && (e == ENOSPC || e == EDQUOT));
}

int revlog_sql_err(const struct revlog *l, int rc, const char *doing, struct err *err)
{
	if (disk_is_full(l, rc))
		return err_set(err, ERR_UNAVAILABLE,
			       "store: disk full: cannot %s in %s; free some space", doing,
			       l->path);
	switch (rc & 0xff) {
	case SQLITE_NOTADB:
		return err_set(err, ERR_INTERNAL,
			       "store: %s is not a database; restore a snapshot or move it away",
			       l->path);
	case SQLITE_CORRUPT:
		return err_set(err, ERR_INTERNAL,
			       "store: %s is damaged (%s); restore a snapshot or move it away",
			       l->path, l->db ? sqlite3_errmsg(l->db) : sqlite3_errstr(rc));
	case SQLITE_READONLY:
	case SQLITE_PERM:
	case SQLITE_CANTOPEN:
		return err_set(
			err, ERR_UNAVAILABLE,
			"store: cannot %s: %s cannot be opened for writing: check its owner, "
			"mode and mount options",
			doing, l->path);
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		return err_set(err, ERR_UNAVAILABLE,
			       "store: cannot %s: another program has locked %s", doing, l->path);
	default:
		return err_set(err, ERR_INTERNAL, "store: cannot %s in %s: %s", doing, l->path,
			       l->db ? sqlite3_errmsg(l->db) : sqlite3_errstr(rc));
	}
}

int revlog_run(struct revlog *l, enum revlog_statement s)
{
	int rc = sqlite3_step(l->statements[s]);

	if (rc == SQLITE_DONE || rc == SQLITE_ROW)
		rc = SQLITE_OK;
	else
		rc = sqlite3_extended_errcode(l->db);
	sqlite3_reset(l->statements[s]);
	return rc;
}

void revlog_set_relaxed(struct revlog *l, bool relaxed)
{
	if (l->relaxed == relaxed)
		return;
	sqlite3_exec(l->db, relaxed ? "PRAGMA synchronous = NORMAL" : "PRAGMA synchronous = FULL",
		     NULL, NULL, NULL);
	l->relaxed = relaxed;
}

void revlog_checkpoint(struct revlog *l)
{
	int frames = 0, moved = 0;

	if (sqlite3_wal_checkpoint_v2(l->db, "main", SQLITE_CHECKPOINT_PASSIVE, &frames, &moved) ==
		    SQLITE_OK &&
	    moved >= frames)
		l->wal_frames = 0; /* the next write starts the log anew */
}

static int on_wal(void *ctx, sqlite3 *db, const char *name, int frames)
{
	struct revlog *l = ctx;

	(void)db;
	(void)name;
	l->wal_frames = frames;
	return SQLITE_OK;
}

static int pragma_number(struct revlog *l, const char *sql, int64_t *out, struct err *err)
{
	sqlite3_stmt *s = NULL;
	int rc = sqlite3_prepare_v2(l->db, sql, -1, &s, NULL);

	if (rc == SQLITE_OK) {
		rc = sqlite3_step(s);
		if (rc == SQLITE_ROW)
			*out = sqlite3_column_int64(s, 0);
	}
	sqlite3_finalize(s);
	return rc == SQLITE_ROW || rc == SQLITE_DONE ? 0 : revlog_sql_err(l, rc, "read", err);
}

/* What can be said from the file alone, before SQLite touches it. */
static int check_file(struct revlog *l, bool *fresh, bool *crashed, struct err *err)
{
	static const char magic[16] = "SQLite format 3";
	auto_free char *wal = str_printf("%s-wal", l->path);
	char head[16] = { 0 };
	struct stat st, wal_st = { 0 };
	auto_fd int fd = -1;
	bool has_wal = stat(wal, &wal_st) == 0 && wal_st.st_size > 0;

	*fresh = stat(l->path, &st) < 0;
	if (*fresh && errno != ENOENT)
		return err_sys(err, "store: cannot open %s", l->path);
	if (!*fresh && S_ISDIR(st.st_mode))
		return err_set(err, ERR_INTERNAL, "store: %s is a directory", l->path);
	if (!*fresh && st.st_size == 0)
		*fresh = true;
	if (*fresh && has_wal)
		return err_set(err, ERR_INTERNAL,
			       "store: %s is missing or empty, but its write-ahead log is there; "
			       "restore a snapshot, or "
			       "move %s away",
			       l->path, wal);
	*crashed = has_wal;
	if (*fresh)
		return 0;
	fd = open(l->path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return err_sys(err, "store: cannot open %s", l->path);
	if (read(fd, head, sizeof(head)) != (ssize_t)sizeof(head) ||
	    memcmp(head, magic, sizeof(magic)) != 0)
		return revlog_sql_err(l, SQLITE_NOTADB, "open", err);
	return 0;
}

static int check_identity(struct revlog *l, bool *empty, struct err *err)
{
	int64_t id = 0, version = 0, tables = 0;
	int r = pragma_number(l, "PRAGMA application_id", &id, err);

	if (r == 0)
		r = pragma_number(l, "PRAGMA user_version", &version, err);
	if (r == 0)
		r = pragma_number(l, "SELECT count(*) FROM sqlite_schema", &tables, err);
	if (r < 0)
		return r;
	*empty = id == 0 && version == 0 && tables == 0;
	if (*empty)
		return 0;
	if (id != APPLICATION_ID)
		return err_set(
			err, ERR_INTERNAL,
			"store: %s was written by another program; it is left alone: move it away",
			l->path);
	if (version > SCHEMA_VERSION)
		return err_set(err, ERR_INTERNAL,
			       "store: %s was written by a newer version (format %lld, this one "
			       "knows %d): upgrade allinone",
			       l->path, (long long)version, SCHEMA_VERSION);
	return 0;
}

static int check_content(struct revlog *l, struct err *err)
{
	sqlite3_stmt *s = NULL;
	int rc = sqlite3_prepare_v2(l->db, "PRAGMA quick_check(1)", -1, &s, NULL), r = 0;

	if (rc == SQLITE_OK)
		rc = sqlite3_step(s);
	if (rc != SQLITE_ROW)
		r = revlog_sql_err(l, rc, "check", err);
	else if (strcmp((const char *)sqlite3_column_text(s, 0), "ok") != 0)
		r = err_set(err, ERR_INTERNAL,
			    "store: %s is damaged (%s); restore a snapshot or move it away",
			    l->path, (const char *)sqlite3_column_text(s, 0));
	sqlite3_finalize(s);
	return r;
}

static int prepare_all(struct revlog *l, struct err *err)
{
	for (int i = 0; i < SQL_COUNT; i++) {
		int rc = sqlite3_prepare_v3(l->db, statement_text[i], -1, SQLITE_PREPARE_PERSISTENT,
					    &l->statements[i], NULL);

		if (rc != SQLITE_OK)
			return revlog_sql_err(l, rc, "read the schema", err);
	}
	return 0;
}

static int open_connection(struct revlog *l, struct err *err)
{
	int rc = sqlite3_open_v2(l->path, &l->db,
				 SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_FULLMUTEX,
				 NULL);

	if (rc == SQLITE_OK && sqlite3_db_readonly(l->db, "main") == 1)
		rc = SQLITE_READONLY;
	if (rc != SQLITE_OK)
		return revlog_sql_err(l, rc, "open", err);
	sqlite3_extended_result_codes(l->db, 1);
	sqlite3_busy_timeout(l->db, BUSY_TIMEOUT_MS);
	return 0;
}

int revlog_database_open(struct revlog *l, struct err *err)
{
	bool fresh, crashed, empty = false;
	int64_t pages = 0;
	int rc, r = check_file(l, &fresh, &crashed, err);

	if (r == 0)
		r = open_connection(l, err);
	if (r == 0 && !fresh)
		r = check_identity(l, &empty, err);
	if (r < 0)
		return r;
	rc = sqlite3_exec(l->db, sql_connection, NULL, NULL, NULL);
	if (rc == SQLITE_OK && (fresh || empty))
		rc = sqlite3_exec(l->db, sql_schema, NULL, NULL, NULL);
	if (rc != SQLITE_OK)
		return revlog_sql_err(l, rc, "open", err);
	sqlite3_wal_hook(l->db, on_wal, l);
	r = pragma_number(l, "PRAGMA page_count", &pages, err);
	if (r == 0 && crashed && pages * 4096 <= CHECK_BYTES_MAX)
		r = check_content(l, err);
	if (r == 0)
		r = prepare_all(l, err);
	if (r < 0)
		return r;
	rc = checkpointer_start(&l->checkpointer, l->path, &l->queue);
	return rc == SQLITE_OK ? 0 : revlog_sql_err(l, rc, "open", err);
}

void revlog_database_close(struct revlog *l)
{
	checkpointer_stop(&l->checkpointer);
	for (int i = 0; i < SQL_COUNT; i++)
		sqlite3_finalize(l->statements[i]);
	if (l->db) {
		sqlite3_wal_checkpoint_v2(l->db, "main", SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);
		sqlite3_close(l->db);
	}
	l->db = NULL;
}

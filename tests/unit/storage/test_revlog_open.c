/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/unit.h"

#include <fcntl.h>
#include <sqlite3.h>
#include <stdio.h>

#include "base/file.h"
#include "base/mem.h"
#include "tests/unit/storage/store_fixture.h"

static void close_store(struct store_fixture *f)
{
	f->store->ops->close(f->store);
	f->store = NULL;
}

static void write_file(const char *path, const char *text)
{
	assert_int_equal(file_write_atomic(path, text, strlen(text), 0600, NULL), 0);
}

static void sql(struct store_fixture *f, const char *text)
{
	sqlite3 *db;

	assert_int_equal(sqlite3_open(f->path, &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, text, NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(db);
}

static void assert_refused(struct store_fixture *f, const char *why)
{
	auto_err err = { 0 };
	struct store *s = NULL;

	assert_true(log_open(&f->config, &s, &err) < 0);
	assert_null(s);
	if (!strstr(err_text(&err), why))
		fail_msg("\"%s\" does not say \"%s\"", err_text(&err), why);
	assert_null(strchr(err_text(&err), '\n'));
}

static void what_is_no_database_is_refused_and_left_alone(void **state)
{
	struct store_fixture *f = *state;
	auto_buf b = { 0 };

	close_store(f);
	write_file(f->path,
		   "this is somebody's text file, quite long enough to be read as a header");
	assert_refused(f, "is not a database");
	assert_int_equal(file_read(f->path, 1000, &b, NULL), 0);
	assert_true(str_starts(buf_view(&b), STR("this is somebody's")));
}

static void another_programs_database_is_refused(void **state)
{
	struct store_fixture *f = *state;

	close_store(f);
	sql(f, "PRAGMA application_id = 77");
	assert_refused(f, "written by another program");
}

static void a_newer_format_is_refused(void **state)
{
	struct store_fixture *f = *state;

	close_store(f);
	sql(f, "PRAGMA user_version = 99");
	assert_refused(f, "newer version");
}

static void a_damaged_file_is_refused(void **state)
{
	struct store_fixture *f = *state;
	auto_free char *junk = mem_alloc(4096);
	int fd;

	for (int i = 0; i < 200; i++)
		store_put(f->store, "/a",
			  "a value of a few bytes that fills some pages of the table with content",
			  STORE_ANY);
	close_store(f);
	memset(junk, 0xa5, 4096);
	fd = open(f->path, O_WRONLY | O_CLOEXEC);
	for (int page = 1; page < 6; page++)
		assert_int_equal(pwrite(fd, junk, 4096, page * 4096), 4096);
	close(fd);
	assert_refused(f, "damaged");
}

static void a_truncated_file_is_refused(void **state)
{
	struct store_fixture *f = *state;

	for (int i = 0; i < 200; i++)
		store_put(f->store, "/a",
			  "a value of a few bytes that fills some pages of the table with content",
			  STORE_ANY);
	close_store(f);
	assert_int_equal(truncate(f->path, 8192), 0);
	assert_refused(f, "damaged");
}

static void a_log_without_its_database_is_refused(void **state)
{
	struct store_fixture *f = *state;
	auto_free char *wal = str_printf("%s-wal", f->path);

	close_store(f);
	unlink(f->path);
	write_file(wal, "some frames");
	assert_refused(f, "write-ahead log is there");
}

static void a_missing_directory_is_one_line(void **state)
{
	struct store_fixture *f = *state;

	close_store(f);
	f->config.path = "/nonexistent/dir/state.db";
	assert_refused(f, "/nonexistent/dir/state.db");
}

static void tools_for_kine_can_read_the_rows(void **state)
{
	struct store_fixture *f = *state;
	sqlite3 *db;
	sqlite3_stmt *s;

	store_put(f->store, "/a", "1", STORE_ANY);
	store_put(f->store, "/a", "2", STORE_ANY);
	store_delete(f->store, "/a", STORE_ANY);
	close_store(f);
	assert_int_equal(sqlite3_open(f->path, &db), SQLITE_OK);
	assert_int_equal(
		sqlite3_prepare_v2(
			db,
			"SELECT group_concat(id || name || created || deleted || create_revision "
			"|| "
			"prev_revision || ifnull(old_value, '-'), ' ') FROM kine WHERE id > 1",
			-1, &s, NULL),
		SQLITE_OK);
	assert_int_equal(sqlite3_step(s), SQLITE_ROW);
	assert_string_equal((const char *)sqlite3_column_text(s, 0), "2/a1020- 3/a0022- 4/a0123-");
	sqlite3_finalize(s);
	sqlite3_close(db);
}

#define T(f) cmocka_unit_test_setup_teardown(f, store_fixture_setup, store_fixture_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(what_is_no_database_is_refused_and_left_alone),
		T(another_programs_database_is_refused),
		T(a_newer_format_is_refused),
		T(a_damaged_file_is_refused),
		T(a_truncated_file_is_refused),
		T(a_log_without_its_database_is_refused),
		T(a_missing_directory_is_one_line),
		T(tools_for_kine_can_read_the_rows),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

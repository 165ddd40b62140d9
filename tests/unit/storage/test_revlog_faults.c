/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/unit.h"

#include <sqlite3.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "tests/unit/storage/fault_vfs.h"
#include "tests/unit/storage/store_fixture.h"

/* The nth write or sync fails, n = 1, 2, … until a whole run meets none: what was acknowledged is there, what failed is
 * not, and the store goes on. */
static bool round_with_fault(struct store_fixture *f, enum fault_op op, int nth, int code,
			     int round)
{
	bool acknowledged[8];
	char key[32];
	int64_t revision;

	fault_vfs_arm(op, nth, code, false);
	for (int i = 0; i < 8; i++) {
		snprintf(key, sizeof(key), "/%d/%d", round, i);
		struct answer a = store_put(f->store, key, "v", STORE_ABSENT);

		acknowledged[i] = a.reason == ERR_NONE && a.failed_op == -1;
		if (!acknowledged[i])
			assert_true(a.reason == ERR_INTERNAL || a.reason == ERR_UNAVAILABLE);
	}
	fault_vfs_arm(op, 0, code, false);
	revision = f->store->ops->revision(f->store);
	for (int i = 0; i < 8; i++) {
		snprintf(key, sizeof(key), "/%d/%d", round, i);
		struct answer a = store_put(f->store, key, "w", STORE_ABSENT);

		assert_int_equal(a.reason, ERR_NONE);
		assert_int_equal(a.failed_op, acknowledged[i] ? 0 : -1);
	}
	assert_true(f->store->ops->revision(f->store) >= revision);
	for (int i = 0; i < 8; i++)
		if (!acknowledged[i])
			return true;
	return false;
}

static void loop_over_faults(struct store_fixture *f, enum fault_op op, int code)
{
	int nth = 1, misses = 0, hits = 0;

	for (; misses < 2 && nth < 200; nth++) {
		bool hit = round_with_fault(f, op, nth, code, nth);

		misses = hit ? 0 : misses + 1;
		hits += hit;
		auto_free char *before = store_dump(f->store);
		store_fixture_reopen(f);
		auto_free char *after = store_dump(f->store);
		assert_string_equal(before, after);
	}
	assert_true(hits >= 8);
	assert_int_equal(misses, 2);
}

static void a_failed_write_loses_nothing_acknowledged(void **state)
{
	loop_over_faults(*state, FAULT_WRITE, SQLITE_IOERR_WRITE);
}

static void a_failed_sync_loses_nothing_acknowledged(void **state)
{
	loop_over_faults(*state, FAULT_SYNC, SQLITE_IOERR_FSYNC);
}

static void a_full_disk_is_said_and_passes(void **state)
{
	struct store_fixture *f = *state;
	struct answer a;

	store_put(f->store, "/a", "1", STORE_ANY);
	fault_vfs_arm(FAULT_WRITE, 1, SQLITE_FULL, true);
	a = store_put(f->store, "/a", "2", STORE_ANY);
	assert_int_equal(a.reason, ERR_UNAVAILABLE);
	assert_true(strncmp(a.text, "store: disk full", 16) == 0);
	a = store_delete(f->store, "/a", STORE_ANY);
	assert_int_equal(a.reason, ERR_UNAVAILABLE);
	fault_vfs_arm(FAULT_WRITE, 0, SQLITE_OK, false);
	assert_int_equal(store_put(f->store, "/a", "3", 2).failed_op,
			 -1); /* still at the old revision */
	auto_free char *dump = store_dump(f->store);
	assert_string_equal(dump, "/a=3@3");
}

#define LEASE "/registry/leases/kube-node-lease/n"

static void held_heartbeats_survive_a_write_that_fails(void **state)
{
	struct store_fixture *f = *state;
	int64_t renewed, other;

	store_put(f->store, LEASE, "1", STORE_ABSENT);
	renewed = store_put(f->store, LEASE, "2", STORE_ANY).revision;
	fault_vfs_arm(FAULT_WRITE, 1, SQLITE_FULL, true);
	assert_int_equal(store_put(f->store, "/a", "1", STORE_ANY).reason, ERR_UNAVAILABLE);
	assert_int_equal(store_put(f->store, LEASE, "3", renewed).failed_op, -1);
	fault_vfs_arm(FAULT_WRITE, 0, SQLITE_OK, false);
	other = store_put(f->store, "/a", "2", STORE_ABSENT).revision;
	store_fixture_reopen(f);
	auto_free char *dump = store_dump(f->store),
		       *wanted = str_printf("/a=2@%lld " LEASE "=3@%lld", (long long)other,
					    (long long)renewed + 1);
	assert_string_equal(dump, wanted);
}

#define T(f) cmocka_unit_test_setup_teardown(f, store_fixture_setup, store_fixture_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(a_failed_write_loses_nothing_acknowledged),
		T(a_failed_sync_loses_nothing_acknowledged),
		T(a_full_disk_is_said_and_passes),
		T(held_heartbeats_survive_a_write_that_fails),
	};

	fault_vfs_install();
	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/storage/fault_vfs.h"

#include <sqlite3.h>
#include <stdatomic.h>
#include <string.h>

static sqlite3_vfs shim;
static sqlite3_vfs *below;
static struct {
	const sqlite3_io_methods *real;
	sqlite3_io_methods shim;
} kinds[4]; /* the VFS below has one table of methods per kind of file */
static _Atomic int left[2], hits;
static int fail_code;
static bool fail_sticky;
static int (*real_write)(sqlite3_file *, const void *, int, sqlite3_int64);
static int (*real_sync)(sqlite3_file *, int);

static bool fails(enum fault_op op)
{
	int n = atomic_load(&left[op]);

	if (n == 0)
		return false;
	if (n > 1) {
		atomic_store(&left[op], n - 1);
		return false;
	}
	if (!fail_sticky)
		atomic_store(&left[op], 0);
	atomic_fetch_add(&hits, 1);
	return true;
}

static int shim_write(sqlite3_file *f, const void *p, int n, sqlite3_int64 at)
{
	return fails(FAULT_WRITE) ? fail_code : real_write(f, p, n, at);
}

static int shim_sync(sqlite3_file *f, int flags)
{
	return fails(FAULT_SYNC) ? fail_code : real_sync(f, flags);
}

static const sqlite3_io_methods *shim_of(const sqlite3_io_methods *real)
{
	int i = 0;

	while (kinds[i].real && kinds[i].real != real)
		i++;
	if (!kinds[i].real) {
		kinds[i].real = real;
		kinds[i].shim = *real;
		kinds[i].shim.xWrite = shim_write;
		kinds[i].shim.xSync = shim_sync;
	}
	real_write = real->xWrite; /* the same for all kinds */
	real_sync = real->xSync;
	return &kinds[i].shim;
}

static int shim_open(sqlite3_vfs *v, sqlite3_filename name, sqlite3_file *f, int flags, int *out)
{
	int rc = below->xOpen(below, name, f, flags, out);

	(void)v;
	if (rc == SQLITE_OK)
		f->pMethods = shim_of(f->pMethods);
	return rc;
}

void fault_vfs_install(void)
{
	below = sqlite3_vfs_find(NULL);
	shim = *below;
	shim.zName = "faults";
	shim.pNext = NULL;
	shim.xOpen = shim_open;
	sqlite3_vfs_register(&shim, 1);
}

void fault_vfs_arm(enum fault_op op, int nth, int code, bool sticky)
{
	fail_code = code;
	fail_sticky = sticky;
	atomic_store(&hits, 0);
	atomic_store(&left[op], nth);
	atomic_store(&left[!op], 0);
}

bool fault_vfs_hit(void)
{
	return atomic_load(&hits) > 0;
}

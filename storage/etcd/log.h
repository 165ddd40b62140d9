/* SPDX-License-Identifier: Apache-2.0 */
/* The embedded store: kine's append-only table on SQLite (WAL, synchronous=FULL), one writer thread with group commit.
 * A database that is damaged or was written by something else is never recreated: opening it fails with one line. */
#ifndef STORAGE_ETCD_LOG_H
#define STORAGE_ETCD_LOG_H

#include "storage/store.h"

struct log_config {
	const char *path;         /* DATADIR/server/db/state.db, as k3s names it */
	int64_t compact_every_ms; /* 0: 5 minutes */
	int64_t compact_keep;     /* revisions kept at least, beside those of the last round */
};
int log_open(const struct log_config *c, struct store **out, struct err *err);

#endif

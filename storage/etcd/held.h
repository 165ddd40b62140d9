/* SPDX-License-Identifier: Apache-2.0 */
/* Renewals of node heartbeats (Leases in kube-node-lease) that are acknowledged and seen, but not yet written: an idle cluster would wear its disk
 * with nothing else. Of each key the newest value is held. They are written with the next other write, a minute after the oldest, when they
 * become many, and when the store is closed; a crash loses them, as a node that renews once more makes good.
 *
 * Revisions that they take must not be given out again after such a crash. Before the first one is taken a mark beyond it is synced
 * (`reserved`), HELD_RESERVE at a time; a store that opens goes on from its mark. Under the store's db_lock. */
#ifndef STORAGE_ETCD_HELD_H
#define STORAGE_ETCD_HELD_H

#include "base/map.h"
#include "storage/store.h"

#define HELD_MS      60000
#define HELD_ROWS    1000
#define HELD_BYTES   (1u << 20)
#define HELD_RESERVE 1000 /* revisions */

struct held_row {
	struct str key, value; /* owned */
	int64_t revision, create_revision,
		prev_revision; /* prev_revision: of a row that is written */
};

struct held {
	struct map rows; /* struct held_row by key */
	size_t bytes;
	int64_t due_us;   /* when they are to be written; INT64_MAX: there are none */
	int64_t reserved; /* revisions up to this one may be given to what is held */
};

void held_init(struct held *h);
void held_free(struct held *h); /* drops what is there: held_init() again before its next use */
/* A put of a key that exists; the event's texts are copied. */
void held_put(struct held *h, const struct store_event *ev, int64_t now_us);
bool held_is_full(const struct held *h);

#endif

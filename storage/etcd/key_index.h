/* SPDX-License-Identifier: Apache-2.0 */
/* The live keys as the writer needs them: key → newest revision and creation. 32 bytes per key: a key is represented by
 * its 128-bit SipHash under a random secret, so that nobody can make two keys meet. Start with {0}. Not thread-safe. */
#ifndef STORAGE_ETCD_KEY_INDEX_H
#define STORAGE_ETCD_KEY_INDEX_H

#include "base/str.h"

struct key_hash {
	uint64_t lo, hi;
};
struct key_entry {
	struct key_hash hash;
	int64_t mod;    /* newest revision, also the row; 0: free slot */
	int64_t create; /* revision that created it */
};
struct key_index {
	struct key_entry *slots;
	size_t cap, count;
	uint64_t secret[2];
};

void key_index_init(struct key_index *x);
void key_index_free(struct key_index *x);
struct key_hash key_index_hash(const struct key_index *x, struct str key);
const struct key_entry *key_index_get(const struct key_index *x,
				      struct key_hash h); /* NULL: no such key */
void key_index_set(struct key_index *x, struct key_hash h, int64_t mod, int64_t create);
void key_index_del(struct key_index *x, struct key_hash h);

#endif

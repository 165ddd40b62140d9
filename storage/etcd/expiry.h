/* SPDX-License-Identifier: Apache-2.0 */
/* When rows with a lease end: a heap of (deadline, revision). Entries whose row has been replaced meanwhile are recognised
 * by the caller (the key's revision is another one) and cost nothing until they come up. Start with {0}. */
#ifndef STORAGE_ETCD_EXPIRY_H
#define STORAGE_ETCD_EXPIRY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct expiry_item {
	int64_t deadline_us, revision;
};
struct expiry {
	struct expiry_item *items;
	size_t n, cap;
};

void expiry_add(struct expiry *x, int64_t deadline_us, int64_t revision);
int64_t expiry_next_us(const struct expiry *x);                            /* INT64_MAX: none */
bool expiry_take(struct expiry *x, int64_t now_us, int64_t *out_revision); /* one that is due */
void expiry_free(struct expiry *x);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* Where the items of a list stand, by merge key, and the order of a list that a strategic patch has merged. Private to strategic.c and its
 * parts. Any thread. */
#ifndef API_PATCH_ORDER_H
#define API_PATCH_ORDER_H

#include <jansson.h>

#include "base/buf.h"
#include "base/map.h"

struct positions {
	struct map map; /* key text → position + 1 */
	struct buf text;
	const char *merge_key; /* NULL: items are their own keys */
};
/* The first of several items with one key counts. */
void positions_init(struct positions *p, const json_t *list, const char *merge_key);
void positions_add(struct positions *p, const json_t *item, size_t at);
long positions_of(struct positions *p, const json_t *item); /* -1 when absent */
void positions_free(struct positions *p);
/* What an item is found by; `merge_key` NULL: the item itself. Borrowed. */
const json_t *positions_key(const json_t *item, const char *merge_key);

/* `merged` in upstream's order: items named by `wanted` as it has them, between them the others as `live` had them. New reference. */
json_t *patch_order(const json_t *merged, const json_t *wanted, struct positions *live,
		    const char *merge_key);

#endif

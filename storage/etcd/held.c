/* SPDX-License-Identifier: Apache-2.0 */
#include "storage/etcd/held.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

static struct str copy(struct str s)
{
	char *p = mem_alloc(s.n + 1);

	memcpy(p, s.p ? s.p : "", s.n);
	return str_of(p, s.n);
}

static void row_free(void *row)
{
	struct held_row *r = row;

	free((char *)r->key.p);
	free((char *)r->value.p);
	free(r);
}

void held_init(struct held *h)
{
	h->rows = (struct map){ 0 };
	h->bytes = 0;
	h->due_us = INT64_MAX;
}

void held_free(struct held *h)
{
	map_free(&h->rows, row_free);
}

void held_put(struct held *h, const struct store_event *ev, int64_t now_us)
{
	struct held_row *r = map_get(&h->rows, ev->key);

	if (!r) {
		r = NEW(struct held_row);
		r->key = copy(ev->key);
		r->prev_revision = ev->prev_revision;
		r->create_revision = ev->create_revision;
		map_put(&h->rows, ev->key, r);
	}
	h->bytes += ev->value.n - r->value.n;
	free((char *)r->value.p);
	r->value = copy(ev->value);
	r->revision = ev->revision;
	if (h->due_us == INT64_MAX)
		h->due_us = now_us + (int64_t)HELD_MS * 1000;
}

bool held_is_full(const struct held *h)
{
	return h->rows.count >= HELD_ROWS || h->bytes >= HELD_BYTES;
}

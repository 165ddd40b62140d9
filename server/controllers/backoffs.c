/* SPDX-License-Identifier: Apache-2.0 */
#include "server/controllers/backoffs.h"

#include "base/mem.h"

struct entry {
	int64_t ms, since_ms;
};

void backoffs_free(struct backoffs *b)
{
	map_free(&b->keys, free);
}

int64_t backoff_left_ms(const struct backoffs *b, struct str key, int64_t now_ms)
{
	const struct entry *e = map_get(&b->keys, key);
	int64_t left = e ? e->since_ms + e->ms - now_ms : 0;

	return left > 0 ? left : 0;
}

static void forget_quiet(struct backoffs *b, int64_t now_ms)
{
	size_t at = 0;

	for (struct map_entry *m; (m = map_next(&b->keys, &at));) {
		const struct entry *e = m->value;

		if (now_ms - e->since_ms <= 2 * b->max_ms)
			continue;
		free(map_del(&b->keys, m->key));
		at = 0;
	}
}

void backoff_next(struct backoffs *b, struct str key, int64_t now_ms)
{
	struct entry *e;

	forget_quiet(b, now_ms);
	e = map_get(&b->keys, key);
	if (!e) {
		e = NEW(struct entry);
		map_put(&b->keys, key, e);
	}
	e->ms = e->ms ? e->ms * 2 : b->min_ms;
	if (e->ms > b->max_ms)
		e->ms = b->max_ms;
	e->since_ms = now_ms;
}

void backoff_forget(struct backoffs *b, struct str key)
{
	free(map_del(&b->keys, key));
}

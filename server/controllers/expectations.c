/* SPDX-License-Identifier: Apache-2.0 */
#include "server/controllers/expectations.h"

#include "base/mem.h"

#define EXPECTATION_MS (5 * 60 * 1000)

struct expected {
	int created;
	struct map deleted; /* set of uids */
	int64_t at_ms;
};

static void expected_free(void *p)
{
	map_free(&((struct expected *)p)->deleted, NULL);
	free(p);
}

void expectations_free(struct expectations *x)
{
	map_free(&x->keys, expected_free);
}

static struct expected *expected_of(struct expectations *x, struct str key, int64_t now_ms)
{
	struct expected *e = map_get(&x->keys, key);

	if (!e) {
		e = NEW(struct expected);
		map_put(&x->keys, key, e);
	}
	if (now_ms)
		e->at_ms = now_ms;
	return e;
}

void expect_created(struct expectations *x, struct str key, int n, int64_t now_ms)
{
	struct expected *e = n > 0 ? expected_of(x, key, now_ms) : map_get(&x->keys, key);

	if (e)
		e->created = e->created + n > 0 ? e->created + n : 0;
}

void expect_deleted(struct expectations *x, struct str key, struct str uid, int64_t now_ms)
{
	struct expected *e = expected_of(x, key, now_ms);

	map_put(&e->deleted, uid, e);
}

void expectation_deletion_seen(struct expectations *x, struct str key, struct str uid)
{
	struct expected *e = map_get(&x->keys, key);

	if (e)
		map_del(&e->deleted, uid);
}

bool expectation_pending(const struct expectations *x, struct str key, struct str uid)
{
	const struct expected *e = map_get(&x->keys, key);

	return e && map_get(&e->deleted, uid);
}

bool expectations_met(const struct expectations *x, struct str key, int64_t now_ms)
{
	const struct expected *e = map_get(&x->keys, key);

	return !e || (e->created <= 0 && e->deleted.count == 0) ||
	       now_ms - e->at_ms > EXPECTATION_MS;
}

void expectations_forget(struct expectations *x, struct str key)
{
	void *e = map_del(&x->keys, key);

	if (e)
		expected_free(e);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* A store with an object cache of ConfigMaps over it, and watchers that write down what they see: "+name@revision ", ~ when it was changed, -
 * when it was deleted. */
#ifndef TESTS_UNIT_STORAGE_CACHE_FIXTURE_H
#define TESTS_UNIT_STORAGE_CACHE_FIXTURE_H

#include "base/buf.h"
#include "storage/cache/cache.h"
#include "tests/unit/storage/store_fixture.h"

#define PREFIX "/registry/configmaps/default/"

struct cache_fixture {
	struct store_fixture *base;
	struct cache_set *set;
	struct cache *maps;
	struct cache_limits limits;
	struct loop loop;
};
int cache_fixture_setup(void **state);
int cache_fixture_teardown(void **state);
void cache_fixture_reopen(struct cache_fixture *f);                        /* with f->limits */
int64_t put(struct cache_fixture *f, const char *name, const char *value); /* the revision */
int64_t del(struct cache_fixture *f, const char *name);

/* "name@revision " of what a view holds. */
void view_text(const struct cache_view *v, struct buf *out);
void assert_view(struct cache_view *v, const char *want); /* closes it */

struct watch {
	struct cache_watcher w;
	struct loop *loop;
	struct buf text;
	int64_t until, batch_end, last;
	bool expired, disordered;
	struct watch *removes; /* taken out at its first event */
	bool writes;           /* as one that sends what it sees */
	size_t events, batches;
};
int watch_start(struct cache_fixture *f, struct watch *w, int64_t since);
void watch_start_from_now(struct cache_fixture *f, struct watch *w);
void watch_stop(struct watch *w);
void run_until(struct cache_fixture *f, struct watch *w, int64_t revision);

#define T(f) cmocka_unit_test_setup_teardown(f, cache_fixture_setup, cache_fixture_teardown)

#endif

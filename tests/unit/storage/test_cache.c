/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/unit.h"

#include <stdio.h>
#include <string.h>

#include "generated/api_tables.h"
#include "tests/unit/storage/cache_fixture.h"

static void what_is_committed_is_found_under_its_revision(void **state)
{
	struct cache_fixture *f = *state;
	int64_t revision = put(f, "a", "1");
	struct object *o = cache_get(f->maps, STR(PREFIX "a"));
	char want[64];

	assert_non_null(o);
	assert_int_equal(o->revision, revision);
	snprintf(want, sizeof(want), "\"resourceVersion\":\"%lld\"", (long long)revision);
	assert_non_null(memmem(o->json.p, o->json.n, want, strlen(want)));
	assert_int_equal(cache_set_revision(f->set), revision);
	object_unref(o);
	assert_null(cache_get(f->maps, STR(PREFIX "b")));
}

static void a_view_stays_what_it_was(void **state)
{
	struct cache_fixture *f = *state;
	struct cache_view v;

	put(f, "a", "1");
	put(f, "b", "1");
	cache_view_now(f->maps, &v);
	put(f, "a", "2");
	del(f, "b");
	put(f, "c", "1");
	assert_int_equal(v.revision, 3);
	assert_view(&v, "a@2 b@3 ");
	cache_view_now(f->maps, &v);
	assert_view(&v, "a@4 c@6 ");
}

static void an_older_view_is_the_newest_with_events_undone(void **state)
{
	struct cache_fixture *f = *state;
	struct cache_view v;
	auto_err err = { 0 };

	put(f, "a", "1");
	put(f, "b", "1");
	put(f, "a", "2");
	del(f, "b");
	put(f, "b", "2");
	const char *want[] = { "", "a@2 ", "a@2 b@3 ", "a@4 b@3 ", "a@4 ", "a@4 b@6 " };
	for (int64_t r = 1; r <= 6; r++) {
		assert_int_equal(cache_view_at(f->maps, r, &v, &err), 0);
		assert_int_equal(v.revision, r);
		assert_view(&v, want[r - 1]);
	}
	assert_int_equal(cache_view_at(f->maps, 7, &v, &err), -ERR_TIMEOUT);
}

static void counts_know_what_remains(void **state)
{
	struct cache_fixture *f = *state;
	struct cache_view v;

	for (int i = 0; i < 100; i++) {
		char name[8];

		snprintf(name, sizeof(name), "c%03d", i);
		put(f, name, "x");
	}
	cache_view_now(f->maps, &v);
	assert_int_equal(cache_view_count(&v, STR("/registry/configmaps/"), STR("")), 100);
	assert_int_equal(cache_view_count(&v, STR(PREFIX), STR(PREFIX "c009")), 90);
	assert_int_equal(cache_view_count(&v, STR("/registry/configmaps/other/"), STR("")), 0);
	cache_view_close(&v);
}

static void objects_of_a_resource_that_comes_later_are_kept(void **state)
{
	struct cache_fixture *f = *state;
	struct cache *late;

	store_put(f->base->store, "/registry/secrets/default/s",
		  "{\"kind\":\"Secret\",\"apiVersion\":\"v1\",\"metadata\":{\"name\":\"s\","
		  "\"namespace\":\"default\",\"uid\":\"u\"}}",
		  STORE_ANY);
	store_put(f->base->store, "/registry/secrets/default/t", "{}", STORE_ANY);
	store_delete(f->base->store, "/registry/secrets/default/t", STORE_ANY);
	late = cache_of(f->set, API_CORE_V1_SECRETS);
	assert_int_equal(cache_count(late), 1);
	struct object *o = cache_get(late, STR("/registry/secrets/default/s"));
	assert_int_equal(o->revision, 2);
	object_unref(o);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(what_is_committed_is_found_under_its_revision),   T(a_view_stays_what_it_was),
		T(an_older_view_is_the_newest_with_events_undone),  T(counts_know_what_remains),
		T(objects_of_a_resource_that_comes_later_are_kept),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

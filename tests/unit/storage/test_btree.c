/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/unit.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/encode.h"
#include "base/mem.h"
#include "generated/api_tables.h"
#include "storage/cache/btree.h"

#define KEYS 2000

static struct object *object_numbered(int i, int64_t revision)
{
	char key[64], json[128];
	struct object *o = NULL;

	snprintf(key, sizeof(key), "/registry/configmaps/ns%d/c%05d", i % 7, i);
	snprintf(json, sizeof(json),
		 "{\"kind\":\"ConfigMap\",\"apiVersion\":\"v1\",\"metadata\":{\"name\":\"c%05d\","
		 "\"namespace\":\"ns%d\","
		 "\"uid\":\"u\"}}",
		 i, i % 7);
	assert_int_equal(object_new(API_CORE_V1_CONFIGMAPS, str_from(key), str_from(json), &o,
				    NULL),
			 0);
	object_seal(o, revision);
	return o;
}

struct walk {
	struct str last;
	size_t n;
	bool sorted;
};

static bool walk_one(void *ctx, const struct object *o)
{
	struct walk *w = ctx;

	if (w->n && str_cmp(w->last, o->key) >= 0)
		w->sorted = false;
	w->last = o->key;
	w->n++;
	return true;
}

static size_t walked(struct cache_node *root, const char *from)
{
	struct walk w = { .sorted = true };

	btree_each(root, (struct btree_bound){ str_from(from), BTREE_BEFORE }, walk_one, &w);
	assert_true(w.sorted);
	return w.n;
}

static void random_puts_and_deletes_agree_with_a_model(void **state)
{
	static int64_t model[KEYS];
	struct cache_node *root = NULL, *snapshot = NULL;
	size_t live = 0, snapshot_live = 0;

	(void)state;
	for (int64_t step = 1; step < 30000; step++) {
		int i = (int)(rand_u64() % KEYS);
		struct object *o = object_numbered(i, step);
		uint64_t epoch = (uint64_t)(step / 10 + 1); /* ten changes per epoch */
		const struct object *old;

		if (rand_u64() % (step < 15000 ? 3 : 2)) {
			old = btree_put(&root, epoch, object_ref(o));
			live += model[i] == 0;
			assert_int_equal(old ? old->revision : 0, model[i]);
			model[i] = step;
		} else {
			old = btree_del(&root, epoch, o->key);
			live -= model[i] != 0;
			assert_int_equal(old ? old->revision : 0, model[i]);
			model[i] = 0;
		}
		object_unref(old);
		object_unref(o);
		assert_int_equal(btree_count(root), live);
		if (step == 20009) { /* end of an epoch */
			snapshot = btree_ref(root);
			snapshot_live = live;
		}
	}
	assert_int_equal(walked(root, ""), live);
	assert_int_equal(walked(snapshot, ""), snapshot_live);
	for (int i = 0; i < KEYS; i++) {
		struct object *o = object_numbered(i, 1);
		const struct object *found = btree_get(root, o->key);

		assert_int_equal(found ? found->revision : 0, model[i]);
		object_unref(o);
	}
	btree_unref(root);
	btree_unref(snapshot);
}

static void ranks_count_what_is_on_the_left(void **state)
{
	struct cache_node *root = NULL;

	(void)state;
	for (int i = 0; i < 700; i++)
		object_unref(btree_put(&root, 1, object_numbered(i, 1)));
	assert_int_equal(btree_rank(root, (struct btree_bound){ STR("/registry/configmaps/ns3/"),
								BTREE_BEFORE }),
			 300);
	assert_int_equal(btree_rank(root, (struct btree_bound){ STR("/registry/configmaps/ns3/"),
								BTREE_AFTER_PREFIX }),
			 400);
	assert_int_equal(btree_rank(root,
				    (struct btree_bound){ STR("/registry/configmaps/ns0/c00007"),
							  BTREE_BEFORE }),
			 1);
	assert_int_equal(btree_rank(root,
				    (struct btree_bound){ STR("/registry/configmaps/ns0/c00007"),
							  BTREE_AFTER }),
			 2);
	assert_int_equal(walked(root, "/registry/configmaps/ns6/"), 100);
	btree_unref(root);
}

static void deleting_everything_gives_the_empty_tree(void **state)
{
	struct cache_node *root = NULL;

	(void)state;
	for (int i = 0; i < 1000; i++)
		object_unref(btree_put(&root, 1, object_numbered(i, 1)));
	for (int i = 0; i < 1000; i++) {
		struct object *o = object_numbered(i, 1);

		object_unref(btree_del(&root, 2, o->key));
		object_unref(o);
	}
	assert_null(root);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(random_puts_and_deletes_agree_with_a_model),
		cmocka_unit_test(ranks_count_what_is_on_the_left),
		cmocka_unit_test(deleting_everything_gives_the_empty_tree),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

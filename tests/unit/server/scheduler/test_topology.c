/* SPDX-License-Identifier: Apache-2.0 */
#include "server/scheduler/topology.h"

#include "server/scheduler/images.h"
#include "tests/unit/unit.h"

static void nodes_of_one_value_share_a_domain(void **state)
{
	struct topology *t = topology_new(STR("zone"));

	(void)state;
	topology_node_set(t, 0, &STR("a"));
	topology_node_set(t, 1, &STR("b"));
	topology_node_set(t, 2, &STR("a"));
	topology_node_set(t, 3, NULL);
	assert_int_equal(topology_domain(t, 0), topology_domain(t, 2));
	assert_int_not_equal(topology_domain(t, 0), topology_domain(t, 1));
	assert_int_equal(topology_domain(t, 3), DOMAIN_NONE);
	assert_int_equal(t->ndomains, 2);
	assert_int_equal(t->nlabeled, 3);
	topology_free(t);
}

static void a_number_is_used_again_when_its_domain_is_empty(void **state)
{
	struct topology *t = topology_new(STR("zone"));
	int32_t a;

	(void)state;
	topology_node_set(t, 0, &STR("a"));
	a = topology_domain(t, 0);
	topology_node_set(t, 0, &STR("a")); /* the same again changes nothing */
	assert_int_equal(topology_domain(t, 0), a);
	assert_int_equal(t->nlabeled, 1);
	topology_node_set(t, 0, NULL);
	assert_int_equal(t->ndomains, 0);
	topology_node_set(t, 5, &STR("b"));
	assert_int_equal(topology_domain(t, 5), a);
	assert_int_equal(t->ids_used, 1);
	topology_free(t);
}

static void the_last_node_takes_over_a_place(void **state)
{
	struct topology *t = topology_new(STR("zone"));

	(void)state;
	topology_node_set(t, 0, &STR("a"));
	topology_node_set(t, 1, &STR("b"));
	topology_node_del(t, 0, 1);
	assert_int_equal(t->ndomains, 1);
	assert_string_equal(t->values[topology_domain(t, 0)], "b");
	topology_node_del(t, 0, 0);
	assert_int_equal(t->ndomains, 0);
	assert_int_equal(t->nlabeled, 0);
	topology_free(t);
}

static void images_know_their_nodes(void **state)
{
	struct images all = { 0 };
	struct str names[] = { STR("a:1"), STR("a@sha256:x") };
	struct core_v1_container_image image = { .names = { names, 2 }, .size_bytes = 7 };
	struct core_v1_node_status node = { .images = { &image, 1 } };

	(void)state;
	images_note(&all, 0, &node, true);
	images_note(&all, 70, &node, true);
	images_note(&all, 70, &node, true); /* told again */
	assert_int_equal(images_find(&all, STR("a:1"))->nodes, 2);
	assert_true(image_on(images_find(&all, STR("a:1")), 70));
	assert_false(image_on(images_find(&all, STR("a:1")), 1));
	images_note(&all, 70, &node, false);
	images_note(&all, 0, &node, false);
	assert_null(images_find(&all, STR("a:1")));
	images_free(&all);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nodes_of_one_value_share_a_domain),
		cmocka_unit_test(a_number_is_used_again_when_its_domain_is_empty),
		cmocka_unit_test(the_last_node_takes_over_a_place),
		cmocka_unit_test(images_know_their_nodes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "tests/unit/unit.h"

#include "base/mem.h"
#include "server/controllers/nodes/node_zones.h"

struct cluster {
	struct node_zones zones;
	int64_t now_ms;
};

static int setup(void **state)
{
	struct cluster *c = NEW(struct cluster);
	node_zones_init(&c->zones, &node_zones_defaults);
	c->now_ms = 1000000;
	*state = c;
	return 0;
}

static int teardown(void **state)
{
	struct cluster *c = *state;
	node_zones_free(&c->zones);
	free(c);
	return 0;
}

/* Nodes ZONE-0 … of a zone; those from `ready` on aren't, and wait for their taint. */
static void nodes(struct cluster *c, const char *zone, size_t n, size_t ready)
{
	for (size_t i = 0; i < n; i++) {
		char name[32];
		snprintf(name, sizeof(name), "%s-%zu", zone, i);
		const struct node_zones_fact f = { .zone = str_from(zone), .ready = i < ready };
		node_zones_put(&c->zones, str_from(name), &f);
		if (i < ready)
			node_zones_forget(&c->zones, str_from(name));
		else
			node_zones_wait(&c->zones, str_from(name));
	}
}

struct look {
	const char *zone;
	enum zone_state state;
};

static void see(void *ctx, const struct zone_report *r)
{
	struct look *l = ctx;
	if (str_eqz(r->zone, l->zone))
		l->state = r->state;
}

static enum zone_state state_of(struct cluster *c, const char *zone)
{
	struct look l = { .zone = zone };
	node_zones_each(&c->zones, see, &l);
	return l.state;
}

/* How many nodes are let out within so many seconds. */
static size_t let_out(struct cluster *c, int64_t seconds)
{
	int64_t end = c->now_ms + seconds * 1000, wait = 0;
	size_t n = 0;
	for (;;) {
		struct str node;
		if (node_zones_next(&c->zones, c->now_ms, &node, &wait)) {
			n++;
			continue;
		}
		if (wait == ZONES_NEVER || c->now_ms + wait > end)
			break;
		assert_true(wait > 0);
		c->now_ms += wait;
	}
	c->now_ms = end;
	return n;
}

static void states_follow_from_the_part_that_is_not_ready(void **state)
{
	struct cluster *c = *state;
	const struct {
		size_t n, ready;
		enum zone_state want;
	} cases[] = {
		{ 10, 10, ZONE_NORMAL },
		{ 10, 5, ZONE_NORMAL },             /* half of them */
		{ 10, 4, ZONE_PARTIAL_DISRUPTION }, /* 60% */
		{ 3, 1, ZONE_NORMAL },              /* two of three are too few to tell */
		{ 4, 1, ZONE_PARTIAL_DISRUPTION },  /* three of four */
		{ 10, 0, ZONE_FULL_DISRUPTION },
		{ 1, 0, ZONE_FULL_DISRUPTION },
	};
	nodes(c, "other", 1, 1);
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		char zone[16];
		snprintf(zone, sizeof(zone), "z%zu", i);
		nodes(c, zone, cases[i].n, cases[i].ready);
		node_zones_judge(&c->zones, c->now_ms);
		assert_int_equal(state_of(c, zone), cases[i].want);
	}
}

static void a_healthy_zone_empties_one_node_in_ten_seconds(void **state)
{
	struct cluster *c = *state;
	nodes(c, "a", 20, 10);
	node_zones_judge(&c->zones, c->now_ms);
	assert_int_equal(let_out(c, 0), 1);
	assert_int_equal(let_out(c, 9), 0);
	assert_int_equal(let_out(c, 1), 1);
	assert_int_equal(let_out(c, 100), 8);
	assert_int_equal(let_out(c, 100), 0);
}

static void zones_do_not_wait_for_each_other(void **state)
{
	struct cluster *c = *state;
	nodes(c, "a", 20, 15);
	nodes(c, "b", 20, 15);
	node_zones_judge(&c->zones, c->now_ms);
	assert_int_equal(let_out(c, 0), 2);
	assert_int_equal(let_out(c, 20), 4);
}

static void a_small_unhealthy_zone_empties_none_a_large_one_slowly(void **state)
{
	struct cluster *c = *state;
	nodes(c, "small", 50, 10);
	node_zones_judge(&c->zones, c->now_ms);
	assert_int_equal(let_out(c, 10000), 0);
	nodes(c, "large", 51, 10);
	node_zones_judge(&c->zones, c->now_ms);
	assert_int_equal(let_out(c, 1000), 11); /* one at once, one in 100 s */
	nodes(c, "small", 50, 30);              /* healthy again */
	node_zones_judge(&c->zones, c->now_ms);
	assert_int_equal(let_out(c, 100), 10 + 1);
}

static void a_zone_that_is_gone_is_emptied_as_long_as_another_answers(void **state)
{
	struct cluster *c = *state;
	nodes(c, "a", 5, 0);
	nodes(c, "b", 5, 5);
	assert_int_equal(node_zones_judge(&c->zones, c->now_ms), ZONES_AS_BEFORE);
	assert_int_equal(state_of(c, "a"), ZONE_FULL_DISRUPTION);
	assert_int_equal(let_out(c, 40), 5);
}

static void when_nobody_answers_nobody_is_emptied(void **state)
{
	struct cluster *c = *state;
	nodes(c, "a", 5, 5);
	nodes(c, "b", 5, 5);
	assert_int_equal(node_zones_judge(&c->zones, c->now_ms), ZONES_AS_BEFORE);
	nodes(c, "a", 5, 0);
	nodes(c, "b", 5, 0);
	assert_int_equal(node_zones_judge(&c->zones, c->now_ms), ZONES_ALL_DISRUPTED);
	assert_int_equal(node_zones_judge(&c->zones, c->now_ms), ZONES_AS_BEFORE);
	assert_int_equal(let_out(c, 10000), 0);
	nodes(c, "a", 5, 1);
	assert_int_equal(node_zones_judge(&c->zones, c->now_ms), ZONES_ANSWER_AGAIN);
	assert_int_equal(state_of(c, "a"), ZONE_PARTIAL_DISRUPTION);
	assert_int_equal(state_of(c, "b"), ZONE_FULL_DISRUPTION);
	assert_int_equal(let_out(c, 100), 5); /* of b */
}

static void a_node_waits_once_and_not_when_it_is_ready_again(void **state)
{
	struct cluster *c = *state;
	nodes(c, "a", 10, 8);
	node_zones_wait(&c->zones, STR("a-9"));
	assert_true(node_zones_waits(&c->zones, STR("a-9")));
	node_zones_forget(&c->zones, STR("a-8"));
	node_zones_judge(&c->zones, c->now_ms);
	assert_int_equal(let_out(c, 1000), 1);
	assert_false(node_zones_waits(&c->zones, STR("a-9")));
}

static void a_node_takes_its_wait_into_another_zone(void **state)
{
	struct cluster *c = *state;
	nodes(c, "a", 1, 0);
	nodes(c, "b", 3, 3);
	const struct node_zones_fact f = { .zone = STR_INIT("b") };
	assert_true(node_zones_put(&c->zones, STR("a-0"), &f));
	assert_false(node_zones_put(&c->zones, STR("a-0"), &f));
	assert_true(node_zones_waits(&c->zones, STR("a-0")));
	node_zones_judge(&c->zones, c->now_ms);
	assert_int_equal(state_of(c, "a"), ZONE_INITIAL); /* there is none */
	assert_int_equal(let_out(c, 1), 1);
	assert_true(node_zones_drop(&c->zones, STR("a-0")));
	assert_false(node_zones_drop(&c->zones, STR("a-0")));
}

static void excluded_nodes_do_not_count(void **state)
{
	struct cluster *c = *state;
	nodes(c, "a", 2, 2);
	const struct node_zones_fact f = { .zone = STR_INIT("a"), .excluded = true };
	for (int i = 0; i < 8; i++) {
		char name[16];
		snprintf(name, sizeof(name), "x-%d", i);
		node_zones_put(&c->zones, str_from(name), &f);
	}
	node_zones_judge(&c->zones, c->now_ms);
	assert_int_equal(state_of(c, "a"), ZONE_NORMAL);
}

int main(void)
{
#define CASE(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		CASE(states_follow_from_the_part_that_is_not_ready),
		CASE(a_healthy_zone_empties_one_node_in_ten_seconds),
		CASE(zones_do_not_wait_for_each_other),
		CASE(a_small_unhealthy_zone_empties_none_a_large_one_slowly),
		CASE(a_zone_that_is_gone_is_emptied_as_long_as_another_answers),
		CASE(when_nobody_answers_nobody_is_emptied),
		CASE(a_node_waits_once_and_not_when_it_is_ready_again),
		CASE(a_node_takes_its_wait_into_another_zone),
		CASE(excluded_nodes_do_not_count),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

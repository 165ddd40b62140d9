/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/unit.h"

#include <arpa/inet.h>

#include "agent/network/service_flows.h"

/* A front at port 53 of 10.43.0.7, or a node port, and who serves it: pods 10.42.0.N at 5353. */
#define PODS_MAX 4
struct world {
	struct service_element items[PODS_MAX + 1];
	struct service_elements list;
};

static void put_port(uint8_t *at, uint16_t port)
{
	port = htons(port);
	memcpy(at, &port, sizeof(port));
}

static void put_front(uint8_t *at, bool node)
{
	static const uint8_t address[] = { 10, 43, 0, 7 };
	if (!node)
		memcpy(at, address, 4);
	at[4] = IPPROTO_UDP;
	put_port(at + 8, node ? 30053 : 53);
}

static void world_of(struct world *w, bool node, const uint8_t *pods)
{
	*w = (struct world){ .list = { .items = w->items, .n = 1 } };
	w->items[0] = (struct service_element){ .set = *pods ? SERVICE_FRONTS : SERVICE_REFUSED,
						.nkey = 12 };
	put_front(w->items[0].key, node);
	for (; *pods; pods++) {
		struct service_element *e = &w->items[w->list.n++];
		*e = (struct service_element){ .set = SERVICE_SERVED, .nkey = 20 };
		memcpy(e->key, (const uint8_t[]){ 10, 42, 0, *pods }, 4);
		put_port(e->key + 4, 5353);
		put_front(e->key + 8, node);
	}
}

#define PODS(...) ((const uint8_t[]){ __VA_ARGS__, 0 })
#define NOBODY    PODS(0)

/* Is a flow to that pod (0: never led anywhere) forgotten when these become those? */
static bool forgotten(bool node, const uint8_t *before, const uint8_t *after, uint8_t pod)
{
	struct world was, is;
	struct service_flows f = { 0 };
	struct conntrack_flow flow = {
		{ AF_INET, { 10, 43, 0, 7 } }, 53, { AF_INET, { 10, 42, 0, pod } }, 5353
	};
	if (node)
		flow.front_port = 30053;
	if (!pod) {
		flow.backend = flow.front;
		flow.backend_port = flow.front_port;
	}
	world_of(&was, node, before);
	world_of(&is, node, after);
	service_flows_add(&f, &was.list, &is.list);
	bool stale = service_flows_any(&f) && service_flows_stale(&f, &flow);
	service_flows_free(&f);
	return stale;
}

static void flows_to_who_serves_no_longer_are_forgotten(void **state)
{
	(void)state;
	for (int node = 0; node < 2; node++) {
		assert_true(forgotten(node, PODS(5, 6), PODS(6), 5));
		assert_false(forgotten(node, PODS(5, 6), PODS(6), 6));
		assert_true(forgotten(node, PODS(5), NOBODY, 5));
		assert_false(forgotten(node, PODS(5), PODS(5), 9)); /* nothing has changed */
	}
}

static void flows_from_before_the_service_are_forgotten(void **state)
{
	(void)state;
	assert_true(forgotten(false, NOBODY, PODS(5), 0));
	assert_true(forgotten(true, NOBODY, PODS(5), 0));
}

static void a_node_port_without_endpoints_leaves_flows_of_others(void **state)
{
	(void)state;
	assert_false(forgotten(true, PODS(5), NOBODY, 9));
	assert_true(forgotten(false, PODS(5), NOBODY, 9));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(flows_to_who_serves_no_longer_are_forgotten),
		cmocka_unit_test(flows_from_before_the_service_are_forgotten),
		cmocka_unit_test(a_node_port_without_endpoints_leaves_flows_of_others),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

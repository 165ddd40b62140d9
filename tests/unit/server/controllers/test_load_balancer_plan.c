/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/unit.h"

#include <stdio.h>

#include "server/controllers/services/load_balancer_plan.h"

static const struct core_v1_node_condition ready = { .type = STR_INIT("Ready"),
						     .status = STR_INIT("True") },
					   silent = { .type = STR_INIT("Ready"),
						      .status = STR_INIT("Unknown") };
static const struct core_v1_node_address a1[] = { { STR_INIT("InternalIP"), STR_INIT("10.0.0.1") },
						  { STR_INIT("InternalIP"), STR_INIT("fd00::1") } },
					 a2[] = { { STR_INIT("InternalIP"), STR_INIT("10.0.0.2") },
						  { STR_INIT("ExternalIP"), STR_INIT("8.8.0.2") } },
					 a3[] = { { STR_INIT("InternalIP"),
						    STR_INIT("10.0.0.3") } };

static struct core_v1_node node(const char *name, const struct core_v1_node_condition *condition,
				const struct core_v1_node_address *addresses, size_t n)
{
	struct core_v1_node out = { 0 };

	out.metadata.name = str_from(name);
	out.status.conditions.items = (void *)(uintptr_t)condition;
	out.status.conditions.n = 1;
	out.status.addresses.items = (void *)(uintptr_t)addresses;
	out.status.addresses.n = n;
	return out;
}

static struct core_v1_service service(const char *name, int64_t born,
				      struct core_v1_service_port *port, struct str *families,
				      size_t nfamilies)
{
	struct core_v1_service out = { 0 };

	out.metadata.name = str_from(name);
	out.metadata.namespace = STR("default");
	out.metadata.creation_timestamp = (struct api_time){ born, true };
	out.spec.type = STR("LoadBalancer");
	out.spec.ports.items = port;
	out.spec.ports.n = 1;
	out.spec.ip_families.items = families;
	out.spec.ip_families.n = nfamilies;
	return out;
}

static const char *text(const struct balanced *b)
{
	static char out[256];
	int n = 0;

	out[0] = 0;
	for (size_t i = 0; i < b->n; i++)
		n += snprintf(out + n, sizeof(out) - (size_t)n, "%s%.*s", i ? " " : "",
			      STR_ARG(b->addresses[i]));
	return out;
}

static struct str both[] = { STR_INIT("IPv4"), STR_INIT("IPv6") };
static struct core_v1_service_port http = { .protocol = STR_INIT("TCP"), .port = 80 },
				   dns = { .protocol = STR_INIT("UDP"), .port = 80 },
				   kubelet = { .protocol = STR_INIT("TCP"), .port = 10250 };

static void ready_nodes_give_their_external_address_else_the_internal_one(void **state)
{
	struct core_v1_node nodes[] = { node("n3", &ready, a3, 1), node("n2", &ready, a2, 2),
					node("n1", &ready, a1, 2), node("n4", &silent, a1, 2) };
	struct core_v1_service s = service("web", 1, &http, both, 2);
	struct balanced b = { .service = &s };
	auto_arena arena = { 0 };

	(void)state;
	load_balancer_plan(&b, 1, nodes, 4, NULL, 0, &arena);
	assert_string_equal(text(&b), "10.0.0.1 10.0.0.3 8.8.0.2 fd00::1");
}

static void nodes_may_be_left_out_by_a_label(void **state)
{
	struct api_str_pair label = { STR_INIT(NODE_EXCLUDED), STR_INIT("") };
	struct core_v1_node nodes[] = { node("n1", &ready, a1, 2), node("n3", &ready, a3, 1) };
	struct core_v1_service s = service("web", 1, &http, both, 1);
	struct balanced b = { .service = &s };
	auto_arena arena = { 0 };

	(void)state;
	nodes[0].metadata.labels.items = &label;
	nodes[0].metadata.labels.n = 1;
	load_balancer_plan(&b, 1, nodes, 2, NULL, 0, &arena);
	assert_string_equal(text(&b), "10.0.0.3");
}

static void local_traffic_comes_to_nodes_with_pods_only(void **state)
{
	struct core_v1_node nodes[] = { node("n1", &ready, a1, 2), node("n3", &ready, a3, 1) };
	struct core_v1_service s = service("web", 1, &http, both, 1);
	struct str names[] = { STR_INIT("n3") };
	struct balanced b = { .service = &s, .local = names, .nlocal = 1 };
	auto_arena arena = { 0 };

	(void)state;
	load_balancer_plan(&b, 1, nodes, 2, NULL, 0, &arena);
	assert_string_equal(text(&b), "10.0.0.3");
	b = (struct balanced){ .service = &s, .local = names };
	load_balancer_plan(&b, 1, nodes, 2, NULL, 0, &arena);
	assert_string_equal(text(&b), "");
}

static void a_port_is_the_older_services(void **state)
{
	struct core_v1_node nodes[] = { node("n3", &ready, a3, 1) };
	struct core_v1_service young = service("young", 2, &http, both, 1),
			       old = service("old", 1, &http, both, 1),
			       other = service("other", 3, &dns, both, 1);
	struct balanced all[] = { { .service = &other },
				  { .service = &young },
				  { .service = &old } };
	auto_arena arena = { 0 };

	(void)state;
	load_balancer_plan(all, 3, nodes, 1, NULL, 0, &arena);
	assert_ptr_equal(all[0].service, &old);
	assert_string_equal(text(&all[0]), "10.0.0.3");
	assert_ptr_equal(all[1].service, &young);
	assert_int_equal(all[1].taken, 80);
	assert_ptr_equal(all[1].holder, &all[0]);
	assert_string_equal(text(&all[1]), "");
	assert_string_equal(text(&all[2]), "10.0.0.3");
}

static void ports_on_which_nodes_answer_themselves_are_not_given(void **state)
{
	struct core_v1_node nodes[] = { node("n3", &ready, a3, 1) };
	struct core_v1_service s = service("web", 1, &kubelet, both, 1);
	struct balanced b = { .service = &s };
	int32_t own[] = { 6443, 10250 };
	auto_arena arena = { 0 };

	(void)state;
	load_balancer_plan(&b, 1, nodes, 1, own, 2, &arena);
	assert_int_equal(b.taken, 10250);
	assert_null(b.holder);
	assert_int_equal(b.n, 0);
}

static void a_class_is_somebody_elses(void **state)
{
	struct core_v1_service s = service("web", 1, &http, both, 1);

	(void)state;
	assert_true(is_balanced(&s));
	s.spec.load_balancer_class = STR("example.com/lb");
	assert_false(is_balanced(&s));
	s = service("web", 1, &http, both, 1);
	s.spec.type = STR("NodePort");
	assert_false(is_balanced(&s));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ready_nodes_give_their_external_address_else_the_internal_one),
		cmocka_unit_test(nodes_may_be_left_out_by_a_label),
		cmocka_unit_test(local_traffic_comes_to_nodes_with_pods_only),
		cmocka_unit_test(a_port_is_the_older_services),
		cmocka_unit_test(ports_on_which_nodes_answer_themselves_are_not_given),
		cmocka_unit_test(a_class_is_somebody_elses),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* From a Service and its slices to elements, written as text: "front 10.43.0.1 tcp 80 pick 2", "backend … #0 → 10.42.0.5 8080". */
#include "tests/unit/unit.h"

#include <arpa/inet.h>

#include "agent/network/service_elements.h"
#include "api/decode.h"
#include "base/arena.h"
#include "base/mem.h"

static void address(struct buf *out, const uint8_t *p, bool v6)
{
	char text[INET6_ADDRSTRLEN];
	inet_ntop(v6 ? AF_INET6 : AF_INET, p, text, sizeof(text));
	buf_printf(out, " %s", text);
}

static void port(struct buf *out, const uint8_t *p)
{
	buf_printf(out, " %d", p[0] << 8 | p[1]);
}

static void front(struct buf *out, const uint8_t *key, bool v6)
{
	size_t a = v6 ? 16 : 4;
	address(out, key, v6);
	buf_puts(out, key[a] == 17 ? " udp" : key[a] == 6 ? " tcp" : " sctp");
	port(out, key + a + 4);
}

static void pick_text(struct buf *out, const uint8_t *data)
{
	struct service_pick p;
	memcpy(&p, data, sizeof(p));
	buf_printf(out, " %s%s%s %u", p.node ? "node " : "", p.masked ? "masked " : "",
		   p.edge ? "edge" : "pick", p.near);
	if (p.edge)
		buf_printf(out, " of %u", p.far);
	if (p.sticky_s)
		buf_printf(out, " sticky %u", p.sticky_s);
}

static void element_text(struct buf *out, const struct service_element *e)
{
	size_t a = e->v6 ? 16 : 4;
	uint32_t number;
	switch (e->set) {
	case SERVICE_FRONTS:
		buf_puts(out, "front");
		front(out, e->key, e->v6);
		pick_text(out, e->data);
		break;
	case SERVICE_BACKENDS:
		buf_puts(out, "backend");
		front(out, e->key, e->v6);
		memcpy(&number, e->key + a + 8, sizeof(number));
		buf_printf(out, " #%s%u", number >= SERVICE_FAR ? "far" : "",
			   number & (SERVICE_FAR - 1));
		address(out, e->data, e->v6);
		port(out, e->data + a);
		break;
	case SERVICE_STICKY:
		buf_puts(out, "sticky");
		front(out, e->key, e->v6);
		buf_puts(out, " as");
		address(out, e->data, e->v6);
		port(out, e->data + a);
		break;
	case SERVICE_MEMBERS:
		buf_puts(out, "member");
		address(out, e->key, e->v6);
		port(out, e->key + a);
		buf_puts(out, " of");
		front(out, e->key + a + 4, e->v6);
		break;
	case SERVICE_REFUSED:
		buf_puts(out, e->data[0] == SERVICE_DROP ? "drop" : "reject");
		front(out, e->key, e->v6);
		break;
	case SERVICE_GUARDED:
		buf_puts(out, "guarded");
		front(out, e->key, e->v6);
		break;
	case SERVICE_SOURCES:
		buf_puts(out, "source");
		front(out, e->key, e->v6);
		address(out, e->key + a + 8, e->v6);
		buf_puts(out, " to");
		address(out, e->data, e->v6);
		break;
	case SERVICE_SERVED:
		buf_puts(out, "served");
		address(out, e->key, e->v6);
		port(out, e->key + a);
		buf_puts(out, " of");
		front(out, e->key + a + 4, e->v6);
		break;
	default: buf_puts(out, "cluster"); address(out, e->key, e->v6);
	}
	buf_putc(out, '\n');
}

static void expect(const char *service, const char *const *slices, const char *text)
{
	static const char *const own[] = { "10.43.0.10", NULL };
	auto_arena arena = { 0 };
	auto_buf got = { 0 };
	auto_err err = { 0 };
	struct core_v1_service s = { 0 };
	struct discovery_v1_endpoint_slice list[4] = { 0 };
	static const struct ip here = { AF_INET, { 10, 80, 0, 1 } };
	struct service_view v = { .service = &s,
				  .slices = list,
				  .node = "n1",
				  .zone = "z1",
				  .node_ips = &here,
				  .nnode_ips = 1,
				  .own = own };
	struct service_elements e;
	assert_int_equal(struct_read_json(str_from(service), &arena, api_struct_core_v1_service, &s,
					  &err),
			 0);
	for (; *slices; slices++)
		assert_int_equal(struct_read_json(str_from(*slices), &arena,
						  api_struct_discovery_v1_endpoint_slice,
						  &list[v.nslices++], &err),
				 0);
	service_elements_of(&v, &e);
	for (size_t i = 0; i < e.n; i++)
		element_text(&got, &e.items[i]);
	assert_string_equal(got.p ? got.p : "", text);
	service_elements_free(&e);
}

#define SERVICE(more)                                                                            \
	"{\"spec\":{\"clusterIP\":\"10.43.0.7\",\"clusterIPs\":[\"10.43.0.7\"],\"ipFamilies\":[" \
	"\"IPv4\"]," more "}}"
#define PORT "\"ports\":[{\"name\":\"http\",\"protocol\":\"TCP\",\"port\":80}]"
#define NODE_PORT \
	"\"ports\":[{\"name\":\"http\",\"protocol\":\"TCP\",\"port\":80,\"nodePort\":30080}]"
#define SLICE(endpoints)                                                                         \
	"{\"addressType\":\"IPv4\",\"ports\":[{\"name\":\"http\",\"protocol\":\"TCP\",\"port\":" \
	"8080}],\"endpoints\":[" endpoints "]}"
#define HERE        "{\"addresses\":[\"10.42.0.5\"],\"nodeName\":\"n1\",\"conditions\":{\"ready\":true}}"
#define THERE       "{\"addresses\":[\"10.42.1.5\"],\"nodeName\":\"n2\",\"conditions\":{\"ready\":true}}"
#define SLICES(...) ((const char *const[]){ __VA_ARGS__, NULL })
#define NO_SLICES   ((const char *const[]){ NULL })

static void a_cluster_address_leads_to_ready_endpoints(void **state)
{
	(void)state;
	expect(SERVICE(PORT),
	       SLICES(SLICE(THERE
			    "," HERE
			    ",{\"addresses\":[\"10.42.0.9\"],\"conditions\":{\"ready\":false}}")),
	       "front 10.43.0.7 tcp 80 pick 2\n"
	       "backend 10.43.0.7 tcp 80 #0 10.42.0.5 8080\n"
	       "backend 10.43.0.7 tcp 80 #1 10.42.1.5 8080\n"
	       "cluster 10.43.0.7\n");
}

static void without_endpoints_clients_are_refused(void **state)
{
	(void)state;
	expect(SERVICE(PORT), NO_SLICES, "reject 10.43.0.7 tcp 80\ncluster 10.43.0.7\n");
}

static void the_last_endpoints_serve_while_they_end(void **state)
{
	(void)state;
	expect(SERVICE(PORT),
	       SLICES(SLICE("{\"addresses\":[\"10.42.0.5\"],\"conditions\":{\"ready\":false,"
			    "\"serving\":true,\"terminating\":true}}")),
	       "front 10.43.0.7 tcp 80 pick 1\n"
	       "backend 10.43.0.7 tcp 80 #0 10.42.0.5 8080\n"
	       "cluster 10.43.0.7\n");
}

static void the_same_endpoint_in_two_slices_counts_once(void **state)
{
	(void)state;
	expect(SERVICE(PORT), SLICES(SLICE(HERE), SLICE(HERE)),
	       "front 10.43.0.7 tcp 80 pick 1\n"
	       "backend 10.43.0.7 tcp 80 #0 10.42.0.5 8080\n"
	       "cluster 10.43.0.7\n");
}

static void a_node_port_masks_clients(void **state)
{
	(void)state;
	expect(SERVICE("\"type\":\"NodePort\"," NODE_PORT), SLICES(SLICE(HERE)),
	       "front 0.0.0.0 tcp 30080 node masked pick 1\n"
	       "front 10.43.0.7 tcp 80 pick 1\n"
	       "backend 0.0.0.0 tcp 30080 #0 10.42.0.5 8080\n"
	       "backend 10.43.0.7 tcp 80 #0 10.42.0.5 8080\n"
	       "cluster 10.43.0.7\n");
}

static void the_external_policy_local_keeps_clients_and_stays_here(void **state)
{
	(void)state;
	expect(SERVICE("\"externalTrafficPolicy\":\"Local\"," NODE_PORT),
	       SLICES(SLICE(HERE "," THERE)),
	       "front 0.0.0.0 tcp 30080 node edge 1 of 2\n"
	       "front 10.43.0.7 tcp 80 pick 2\n"
	       "backend 0.0.0.0 tcp 30080 #0 10.42.0.5 8080\n"
	       "backend 0.0.0.0 tcp 30080 #far0 10.42.0.5 8080\n"
	       "backend 0.0.0.0 tcp 30080 #far1 10.42.1.5 8080\n"
	       "backend 10.43.0.7 tcp 80 #0 10.42.0.5 8080\n"
	       "backend 10.43.0.7 tcp 80 #1 10.42.1.5 8080\n"
	       "cluster 10.43.0.7\n");
	expect(SERVICE("\"externalTrafficPolicy\":\"Local\"," NODE_PORT), SLICES(SLICE(THERE)),
	       "front 0.0.0.0 tcp 30080 node edge 0 of 1\n"
	       "front 10.43.0.7 tcp 80 pick 1\n"
	       "backend 0.0.0.0 tcp 30080 #far0 10.42.1.5 8080\n"
	       "backend 10.43.0.7 tcp 80 #0 10.42.1.5 8080\n"
	       "drop 0.0.0.0 tcp 30080\n"
	       "cluster 10.43.0.7\n");
}

static void the_internal_policy_local_stays_here(void **state)
{
	(void)state;
	expect(SERVICE("\"internalTrafficPolicy\":\"Local\"," PORT), SLICES(SLICE(HERE "," THERE)),
	       "front 10.43.0.7 tcp 80 pick 1\n"
	       "backend 10.43.0.7 tcp 80 #0 10.42.0.5 8080\n"
	       "cluster 10.43.0.7\n");
	expect(SERVICE("\"internalTrafficPolicy\":\"Local\"," PORT), SLICES(SLICE(THERE)),
	       "drop 10.43.0.7 tcp 80\ncluster 10.43.0.7\n");
}

static void clients_stay_with_members(void **state)
{
	(void)state;
	expect(SERVICE("\"sessionAffinity\":\"ClientIP\",\"sessionAffinityConfig\":{\"clientIP\":{"
		       "\"timeoutSeconds\":90}}," PORT),
	       SLICES(SLICE(HERE)),
	       "front 10.43.0.7 tcp 80 pick 1 sticky 90\n"
	       "backend 10.43.0.7 tcp 80 #0 10.42.0.5 8080\n"
	       "sticky 10.43.0.7 tcp 80 as 10.43.0.7 80\n"
	       "member 10.42.0.5 8080 of 10.43.0.7 tcp 80\n"
	       "cluster 10.43.0.7\n");
}

static void all_ways_to_a_port_share_what_is_known_of_a_client(void **state)
{
	(void)state;
	expect(SERVICE("\"type\":\"NodePort\",\"sessionAffinity\":\"ClientIP\",\"externalIPs\":["
		       "\"192.0.2.7\"]," NODE_PORT),
	       SLICES(SLICE(HERE)),
	       "front 0.0.0.0 tcp 30080 node masked pick 1 sticky 10800\n"
	       "front 10.43.0.7 tcp 80 pick 1 sticky 10800\n"
	       "front 192.0.2.7 tcp 80 masked pick 1 sticky 10800\n"
	       "backend 0.0.0.0 tcp 30080 #0 10.42.0.5 8080\n"
	       "backend 10.43.0.7 tcp 80 #0 10.42.0.5 8080\n"
	       "backend 192.0.2.7 tcp 80 #0 10.42.0.5 8080\n"
	       "sticky 0.0.0.0 tcp 30080 as 10.43.0.7 80\n"
	       "sticky 10.43.0.7 tcp 80 as 10.43.0.7 80\n"
	       "sticky 192.0.2.7 tcp 80 as 10.43.0.7 80\n"
	       "member 10.42.0.5 8080 of 0.0.0.0 tcp 30080\n"
	       "member 10.42.0.5 8080 of 10.43.0.7 tcp 80\n"
	       "member 10.42.0.5 8080 of 192.0.2.7 tcp 80\n"
	       "cluster 10.43.0.7\n");
}

static void zone_hints_count_when_all_endpoints_have_them(void **state)
{
#define IN(ip, zone)                                                                               \
	"{\"addresses\":[\"" ip "\"],\"conditions\":{},\"hints\":{\"forZones\":[{\"name\":\"" zone \
	"\"}]}}"
	(void)state;
	expect(SERVICE(PORT), SLICES(SLICE(IN("10.42.0.5", "z1") "," IN("10.42.1.5", "z2"))),
	       "front 10.43.0.7 tcp 80 pick 1\n"
	       "backend 10.43.0.7 tcp 80 #0 10.42.0.5 8080\n"
	       "cluster 10.43.0.7\n");
	expect(SERVICE(PORT), SLICES(SLICE(IN("10.42.0.5", "z1") "," THERE)),
	       "front 10.43.0.7 tcp 80 pick 2\n"
	       "backend 10.43.0.7 tcp 80 #0 10.42.0.5 8080\n"
	       "backend 10.43.0.7 tcp 80 #1 10.42.1.5 8080\n"
	       "cluster 10.43.0.7\n");
}

static void what_is_no_virtual_address_is_left_alone(void **state)
{
	(void)state;
	expect("{\"spec\":{\"clusterIP\":\"None\",\"clusterIPs\":[\"None\"]," PORT "}}",
	       SLICES(SLICE(HERE)), "");
	expect("{\"spec\":{\"type\":\"ExternalName\",\"externalName\":\"x\"}}", NO_SLICES, "");
	expect("{\"spec\":{\"clusterIP\":\"10.43.0.10\",\"clusterIPs\":[\"10.43.0.10\"]," PORT "}}",
	       NO_SLICES, "");
}

static void a_balancers_and_external_addresses_are_fronts(void **state)
{
	(void)state;
	expect("{\"spec\":{\"type\":\"LoadBalancer\",\"clusterIP\":\"10.43.0.7\",\"clusterIPs\":["
	       "\"10.43.0.7\"],\"ipFamilies\":[\"IPv4\"],\"externalIPs\":[\"192.0.2.9\"]," PORT
	       "},\"status\":{\"loadBalancer\":{\"ingress\":[{\"ip\":\"192.0.2.8\"},{\"ip\":"
	       "\"192.0.2.7\",\"ipMode\":\"Proxy\"},{\"ip\":\"192.0.2.9\"}]}}}",
	       SLICES(SLICE(HERE)),
	       "front 10.43.0.7 tcp 80 pick 1\n"
	       "front 192.0.2.8 tcp 80 masked pick 1\n"
	       "front 192.0.2.9 tcp 80 masked pick 1\n"
	       "backend 10.43.0.7 tcp 80 #0 10.42.0.5 8080\n"
	       "backend 192.0.2.8 tcp 80 #0 10.42.0.5 8080\n"
	       "backend 192.0.2.9 tcp 80 #0 10.42.0.5 8080\n"
	       "cluster 10.43.0.7\n");
}

#define BALANCED(ranges)                                                                           \
	"{\"spec\":{\"type\":\"LoadBalancer\",\"clusterIP\":\"10.43.0.7\",\"clusterIPs\":["        \
	"\"10.43.0.7\"],\"ipFamilies\":[\"IPv4\"],\"loadBalancerSourceRanges\":[" ranges "]," PORT \
	"},\"status\":{\"loadBalancer\":{\"ingress\":[{\"ip\":\"192.0.2.8\"}]}}}"
#define BALANCED_TEXT                                  \
	"front 10.43.0.7 tcp 80 pick 1\n"              \
	"front 192.0.2.8 tcp 80 masked pick 1\n"       \
	"backend 10.43.0.7 tcp 80 #0 10.42.0.5 8080\n" \
	"backend 192.0.2.8 tcp 80 #0 10.42.0.5 8080\n" \
	"cluster 10.43.0.7\n"

static void only_known_sources_come_to_a_balancer(void **state)
{
	(void)state;
	expect(BALANCED(
		       "\"203.0.113.0/24\",\" 203.0.113.128/25\",\"198.51.100.7/32\",\"fd00::/8\""),
	       SLICES(SLICE(HERE)),
	       BALANCED_TEXT "guarded 192.0.2.8 tcp 80\n"
			     "source 192.0.2.8 tcp 80 198.51.100.7 to 198.51.100.7\n"
			     "source 192.0.2.8 tcp 80 203.0.113.0 to 203.0.113.255\n");
}

static void a_node_that_may_come_may_come_from_the_balancers_address(void **state)
{
	(void)state;
	expect(BALANCED("\"10.80.0.0/24\""), SLICES(SLICE(HERE)),
	       BALANCED_TEXT "guarded 192.0.2.8 tcp 80\n"
			     "source 192.0.2.8 tcp 80 10.80.0.0 to 10.80.0.255\n"
			     "source 192.0.2.8 tcp 80 192.0.2.8 to 192.0.2.8\n");
}

static void a_range_of_everything_or_none_of_the_family_lets_everyone_come(void **state)
{
	(void)state;
	expect(BALANCED("\"203.0.113.0/24\",\"0.0.0.0/0\""), SLICES(SLICE(HERE)), BALANCED_TEXT);
	expect(BALANCED("\"fd00::/8\""), SLICES(SLICE(HERE)), BALANCED_TEXT);
}

static void udp_endpoints_that_serve_are_known_though_they_are_not_picked(void **state)
{
	(void)state;
	expect(SERVICE("\"ports\":[{\"name\":\"http\",\"protocol\":\"UDP\",\"port\":80}]"),
	       SLICES("{\"addressType\":\"IPv4\",\"ports\":[{\"name\":\"http\",\"protocol\":"
		      "\"UDP\","
		      "\"port\":8080}],\"endpoints\":[" HERE
		      ",{\"addresses\":[\"10.42.0.6\"],\"conditions\":{\"ready\":false,\"serving\":"
		      "true,"
		      "\"terminating\":true}}]}"),
	       "front 10.43.0.7 udp 80 pick 1\n"
	       "backend 10.43.0.7 udp 80 #0 10.42.0.5 8080\n"
	       "cluster 10.43.0.7\n"
	       "served 10.42.0.5 8080 of 10.43.0.7 udp 80\n"
	       "served 10.42.0.6 8080 of 10.43.0.7 udp 80\n");
}

static void the_health_check_counts_ready_endpoints_of_this_node(void **state)
{
	static const struct {
		const char *slice;
		unsigned ready;
	} rows[] = {
		{ SLICE(HERE "," THERE), 1 },
		{ SLICE("{\"addresses\":[\"10.42.0.5\"],\"nodeName\":\"n1\",\"conditions\":{"
			"\"ready\":"
			"false,\"serving\":true,\"terminating\":true}}"),
		  0 },
	};
	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		auto_arena arena = { 0 };
		auto_err err = { 0 };
		struct core_v1_service s = { 0 };
		struct discovery_v1_endpoint_slice slice = { 0 };
		struct service_view v = {
			.service = &s, .slices = &slice, .nslices = 1, .node = "n1", .zone = ""
		};
		struct service_elements e;
		assert_int_equal(
			struct_read_json(STR(SERVICE("\"externalTrafficPolicy\":\"Local\","
						     "\"healthCheckNodePort\":30100," NODE_PORT)),
					 &arena, api_struct_core_v1_service, &s, &err),
			0);
		assert_int_equal(struct_read_json(str_from(rows[i].slice), &arena,
						  api_struct_discovery_v1_endpoint_slice, &slice,
						  &err),
				 0);
		service_elements_of(&v, &e);
		assert_int_equal(e.health_port, 30100);
		assert_int_equal(e.local_ready, rows[i].ready);
		service_elements_free(&e);
	}
}

static void on_change(void *ctx, const struct service_element *e, bool remove)
{
	buf_puts(ctx, remove ? "-" : "+");
	buf_printf(ctx, "%d/%d ", e->key[0], e->data[0]);
}

static void a_difference_names_what_came_went_and_changed(void **state)
{
	struct service_element a[] = { { .key = { 1 }, .data = { 1 } },
				       { .key = { 2 }, .data = { 1 } },
				       { .key = { 3 }, .data = { 1 } } },
			       b[] = { { .key = { 2 }, .data = { 1 } },
				       { .key = { 3 }, .data = { 2 } },
				       { .key = { 4 }, .data = { 1 } } };
	struct service_elements before = { .items = a, .n = 3 }, after = { .items = b, .n = 3 };
	auto_buf got = { 0 };
	(void)state;
	service_elements_diff(&before, &after, on_change, &got);
	assert_string_equal(got.p, "-1/1 -3/1 +3/2 +4/1 ");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_cluster_address_leads_to_ready_endpoints),
		cmocka_unit_test(without_endpoints_clients_are_refused),
		cmocka_unit_test(the_last_endpoints_serve_while_they_end),
		cmocka_unit_test(the_same_endpoint_in_two_slices_counts_once),
		cmocka_unit_test(a_node_port_masks_clients),
		cmocka_unit_test(the_external_policy_local_keeps_clients_and_stays_here),
		cmocka_unit_test(the_internal_policy_local_stays_here),
		cmocka_unit_test(clients_stay_with_members),
		cmocka_unit_test(all_ways_to_a_port_share_what_is_known_of_a_client),
		cmocka_unit_test(zone_hints_count_when_all_endpoints_have_them),
		cmocka_unit_test(what_is_no_virtual_address_is_left_alone),
		cmocka_unit_test(a_balancers_and_external_addresses_are_fronts),
		cmocka_unit_test(only_known_sources_come_to_a_balancer),
		cmocka_unit_test(a_node_that_may_come_may_come_from_the_balancers_address),
		cmocka_unit_test(a_range_of_everything_or_none_of_the_family_lets_everyone_come),
		cmocka_unit_test(udp_endpoints_that_serve_are_known_though_they_are_not_picked),
		cmocka_unit_test(the_health_check_counts_ready_endpoints_of_this_node),
		cmocka_unit_test(a_difference_names_what_came_went_and_changed),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "claim.h"

#include "agent/kubelet/pod/dns.h"

static const char *resolv(struct arena *a, const char *spec)
{
	struct dns_node n = { "10.43.0.10,fd00:43::a", "cluster.local",
			      STR("search corp.example\nnameserver 192.0.2.53\noptions edns0\n") };
	struct core_v1_pod *p =
		pod_from(a, arena_printf(a,
					 "{\"metadata\":{\"name\":\"p\",\"namespace\":\"ns\"},"
					 "\"spec\":{\"containers\":[]%s}}",
					 spec));
	auto_buf b = { 0 };
	dns_resolv_conf(&n, p, &b);
	return arena_strdup(a, buf_view(&b));
}

static void policies_choose_between_cluster_and_host(void **state)
{
	(void)state;
	auto_arena a = { 0 };
	static const char cluster[] =
		"search ns.svc.cluster.local svc.cluster.local cluster.local corp.example\n"
		"nameserver 10.43.0.10\nnameserver fd00:43::a\noptions ndots:5\n";
	static const char host[] = "search corp.example\nnameserver 192.0.2.53\noptions edns0\n";
	assert_string_equal(resolv(&a, ""), cluster);
	assert_string_equal(resolv(&a, ",\"dnsPolicy\":\"ClusterFirst\",\"hostNetwork\":true"),
			    host);
	assert_string_equal(
		resolv(&a, ",\"dnsPolicy\":\"ClusterFirstWithHostNet\",\"hostNetwork\":true"),
		cluster);
	assert_string_equal(resolv(&a, ",\"dnsPolicy\":\"Default\""), host);
}

static void dns_config_adds_and_overrides(void **state)
{
	(void)state;
	auto_arena a = { 0 };
	assert_string_equal(
		resolv(&a,
		       ",\"dnsPolicy\":\"None\",\"dnsConfig\":{\"nameservers\":[\"1.2.3.4\"],"
		       "\"searches\":[\"x.y\"],"
		       "\"options\":[{\"name\":\"ndots\",\"value\":\"2\"},{\"name\":\"edns0\"}]}"),
		"search x.y\nnameserver 1.2.3.4\noptions ndots:2 edns0\n");
	assert_non_null(strstr(
		resolv(&a, ",\"dnsConfig\":{\"options\":[{\"name\":\"ndots\",\"value\":\"1\"}]}"),
		"options ndots:1\n"));
}

static void hosts_name_the_pod_and_its_aliases(void **state)
{
	(void)state;
	auto_arena a = { 0 };
	auto_buf b = { 0 };
	static const char *const ips[] = { "10.0.0.7", NULL };
	struct core_v1_pod *p =
		pod_from(&a,
			 "{\"metadata\":{\"name\":\"p\",\"namespace\":\"ns\"},\"spec\":{"
			 "\"containers\":[],\"subdomain\":\"sub\","
			 "\"hostAliases\":[{\"ip\":\"1.1.1.1\",\"hostnames\":[\"a\",\"b\"]}]}}");
	dns_hosts(p, ips, "p", "cluster.local", STR(""), &b);
	assert_non_null(strstr(b.p, "10.0.0.7\tp.sub.ns.svc.cluster.local\tp\n"));
	assert_non_null(strstr(b.p, "# Entries added by HostAliases.\n1.1.1.1\ta\tb\n"));
}

static void a_long_name_is_cut_to_a_host_name(void **state)
{
	(void)state;
	auto_arena a = { 0 };
	char name[64];
	struct core_v1_pod *p =
		pod_from(&a,
			 "{\"metadata\":{\"name\":"
			 "\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa-bbbb\"},"
			 "\"spec\":{\"containers\":[]}}");
	dns_host_name(p, "node", name);
	assert_int_equal(strlen(name), 62);
	p->spec.host_network = true;
	dns_host_name(p, "node", name);
	assert_string_equal(name, "node");
}

static void a_pod_may_have_its_whole_name(void **state)
{
	(void)state;
	auto_arena a = { 0 };
	auto_err err = { 0 };
	auto_buf b = { 0 };
	char name[65];
	const char *const ips[] = { "10.0.0.7", NULL };
	struct core_v1_pod *p =
		pod_from(&a, "{\"metadata\":{\"name\":\"p\",\"namespace\":\"ns\"},\"spec\":{"
			     "\"containers\":[],\"subdomain\":\"sub\","
			     "\"setHostnameAsFQDN\":true}}");
	assert_int_equal(dns_kernel_name(p, "p", "cluster.local", name, &err), 0);
	assert_string_equal(name, "p.sub.ns.svc.cluster.local");
	assert_true(dns_kernel_name(p, "pppppppppppppppppppppppppppppppppppppppp", "cluster.local",
				    name, &err) < 0);
	assert_string_equal(err_text(&err),
			    "failed to construct FQDN from pod hostname and cluster domain, FQDN "
			    "pppppppppppppppppppppppppppppppppppppppp.sub.ns.svc.cluster.local is "
			    "too long (64 characters is the max, 65 characters requested)");
	p->spec.hostname_override = STR("given");
	assert_int_equal(dns_kernel_name(p, "given", "cluster.local", name, &err), 0);
	assert_string_equal(name, "given");
	dns_hosts(p, ips, "given", "cluster.local", STR(""), &b);
	assert_non_null(strstr(b.p, "10.0.0.7\tgiven\n"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(policies_choose_between_cluster_and_host),
		cmocka_unit_test(dns_config_adds_and_overrides),
		cmocka_unit_test(hosts_name_the_pod_and_its_aliases),
		cmocka_unit_test(a_long_name_is_cut_to_a_host_name),
		cmocka_unit_test(a_pod_may_have_its_whole_name),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

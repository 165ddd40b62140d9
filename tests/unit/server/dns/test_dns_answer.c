/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/unit.h"

#include "base/mem.h"
#include "tests/unit/server/dns/dns_fixture.h"

struct fixture {
	struct dns_records records;
	struct dns_address server;
	struct dns_zone zone;
};

#define SLICE_WEB                                                                                  \
	"\"addressType\":\"IPv4\",\"ports\":[{\"name\":\"http\",\"protocol\":\"TCP\",\"port\":80}" \
	","                                                                                        \
	"{\"name\":\"dns\",\"protocol\":\"UDP\",\"port\":53}],\"endpoints\":["                     \
	"{\"addresses\":[\"10.42.0.5\"],\"hostname\":\"web-0\",\"conditions\":{\"ready\":true}},"  \
	"{\"addresses\":[\"10.42.0.6\"],\"conditions\":{}},"                                       \
	"{\"addresses\":[\"10.42.0.7\"],\"conditions\":{\"ready\":false}}]"

static void add(void (*hook)(struct dns_records *, const struct object *, const struct object *),
		struct fixture *f, struct object *o)
{
	hook(&f->records, NULL, o);
	object_unref(o);
}

static int setup(void **state)
{
	struct fixture *f = NEW(struct fixture);
	dns_address_parse(STR("10.43.0.10"), &f->server);
	f->zone = (struct dns_zone){ .domain = "cluster.local",
				     .servers = &f->server,
				     .nservers = 1,
				     .complete = true,
				     .records = &f->records };
	add(dns_records_namespace, f, dns_namespace("default"));
	add(dns_records_service, f,
	    dns_service("default", "one",
			"\"type\":\"ClusterIP\",\"clusterIP\":\"10.43.0.1\",\"clusterIPs\":["
			"\"10.43.0.1\",\"fd43::1\"],\"ports\":[{\"name\":\"https\",\"protocol\":"
			"\"TCP\",\"port\":443}]"));
	add(dns_records_service, f,
	    dns_service("default", "web",
			"\"clusterIP\":\"None\",\"clusterIPs\":[\"None\"],\"ports\":[{\"name\":"
			"\"http\",\"protocol\":\"TCP\",\"port\":8080}]"));
	add(dns_records_service, f,
	    dns_service("default", "none", "\"clusterIP\":\"None\",\"clusterIPs\":[\"None\"]"));
	add(dns_records_service, f,
	    dns_service("default", "out",
			"\"type\":\"ExternalName\",\"externalName\":\"Example.org\""));
	add(dns_records_service, f,
	    dns_service("default", "in",
			"\"type\":\"ExternalName\",\"externalName\":"
			"\"one.default.svc.cluster.local\""));
	add(dns_records_slice, f, dns_slice("default", "web-x", "web", SLICE_WEB));
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;
	dns_records_free(&f->records);
	free(f);
	return 0;
}

static void expect(struct fixture *f, const char *name, enum dns_type type, const char *text)
{
	uint8_t question[512], answer[DNS_MESSAGE_MAX];
	struct dns_query q;
	struct dns_answer a;
	struct str alias;
	auto_buf got = { 0 };
	f->zone.turn = 0;
	assert_int_equal(dns_query_read(question, dns_question(name, type, 0, question), &q), 0);
	dns_answer_begin(&a, answer, sizeof(answer), &q);
	enum dns_outcome outcome = dns_answer_question(&f->zone, &q, &a, &alias);
	if (outcome == DNS_NOT_OURS)
		buf_puts(&got, "elsewhere");
	else
		dns_text(answer, dns_answer_end(&a, &q), &got);
	if (outcome == DNS_ALIAS)
		buf_printf(&got, " then %.*s", STR_ARG(alias));
	assert_string_equal(got.p, text);
}

#define ZONE ".cluster.local"
#define NONE " soa(cluster.local)"

static void a_service_has_its_cluster_addresses(void **state)
{
	expect(*state, "one.default.svc" ZONE, DNS_A, "NOERROR 10.43.0.1");
	expect(*state, "one.default.svc" ZONE, DNS_AAAA, "NOERROR fd43::1");
	expect(*state, "ONE.Default.svc.Cluster.LOCAL", DNS_A, "NOERROR 10.43.0.1");
	expect(*state, "one.default.svc" ZONE, DNS_TXT, "NOERROR" NONE);
	expect(*state, "two.default.svc" ZONE, DNS_A, "NXDOMAIN" NONE);
	expect(*state, "one.other.svc" ZONE, DNS_A, "NXDOMAIN" NONE);
}

static void a_headless_service_has_its_ready_endpoints(void **state)
{
	expect(*state, "web.default.svc" ZONE, DNS_A, "NOERROR 10.42.0.5 10.42.0.6");
	expect(*state, "web.default.svc" ZONE, DNS_AAAA, "NOERROR" NONE);
	expect(*state, "web-0.web.default.svc" ZONE, DNS_A, "NOERROR 10.42.0.5");
	expect(*state, "10-42-0-6.web.default.svc" ZONE, DNS_A, "NOERROR 10.42.0.6");
	expect(*state, "10-42-0-7.web.default.svc" ZONE, DNS_A, "NXDOMAIN" NONE);
	expect(*state, "none.default.svc" ZONE, DNS_A, "NXDOMAIN" NONE);
}

static void ports_are_found_by_srv(void **state)
{
	expect(*state, "_https._tcp.one.default.svc" ZONE, DNS_SRV,
	       "NOERROR one.default.svc.cluster.local:443 + 10.43.0.1 fd43::1");
	expect(*state, "_http._tcp.web.default.svc" ZONE, DNS_SRV,
	       "NOERROR web-0.web.default.svc.cluster.local:80 "
	       "10-42-0-6.web.default.svc.cluster.local:80 + 10.42.0.5 10.42.0.6");
	expect(*state, "_http._udp.web.default.svc" ZONE, DNS_SRV, "NXDOMAIN" NONE);
	expect(*state, "_http._tcp.web.default.svc" ZONE, DNS_A, "NOERROR 10.42.0.5 10.42.0.6");
}

static void external_names_are_aliases(void **state)
{
	expect(*state, "out.default.svc" ZONE, DNS_A, "NOERROR example.org then example.org");
	expect(*state, "out.default.svc" ZONE, DNS_CNAME, "NOERROR example.org");
	expect(*state, "in.default.svc" ZONE, DNS_A,
	       "NOERROR one.default.svc.cluster.local 10.43.0.1");
}

static void aliases_in_a_circle_end(void **state)
{
	struct fixture *f = *state;
	add(dns_records_service, f,
	    dns_service("default", "loop",
			"\"type\":\"ExternalName\",\"externalName\":"
			"\"loop.default.svc.cluster.local\""));
	uint8_t question[512], answer[DNS_MESSAGE_MAX];
	struct dns_query q;
	struct dns_answer a;
	struct str alias;
	size_t n = dns_question("loop.default.svc" ZONE, DNS_A, 0, question);
	assert_int_equal(dns_query_read(question, n, &q), 0);
	dns_answer_begin(&a, answer, sizeof(answer), &q);
	assert_int_equal(dns_answer_question(&f->zone, &q, &a, &alias), DNS_ANSWERED);
	assert_in_range(a.counts[DNS_ANSWER], 1, 16);
}

static void addresses_have_names(void **state)
{
	expect(*state, "1.0.43.10.in-addr.arpa", DNS_PTR, "NOERROR one.default.svc.cluster.local");
	expect(*state, "5.0.42.10.in-addr.arpa", DNS_PTR,
	       "NOERROR web-0.web.default.svc.cluster.local");
	expect(*state, "6.0.42.10.in-addr.arpa", DNS_PTR,
	       "NOERROR 10-42-0-6.web.default.svc.cluster.local");
	expect(*state, "9.9.42.10.in-addr.arpa", DNS_PTR, "elsewhere");
	expect(*state, "1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.3.4.d.f.ip6.arpa",
	       DNS_PTR, "NOERROR one.default.svc.cluster.local");
	expect(*state, "1.0.0.3.4.d.f.ip6.arpa", DNS_PTR, "elsewhere");
	expect(*state, "1.0.43.in-addr.arpa", DNS_PTR, "elsewhere");
}

static void names_that_may_exist_are_not_denied(void **state)
{
	struct fixture *f = *state;
	f->zone.complete = false;
	expect(f, "one.default.svc" ZONE, DNS_A, "NOERROR 10.43.0.1");
	expect(f, "later.default.svc" ZONE, DNS_A, "SERVFAIL");
	expect(f, "one.default.svc" ZONE, DNS_TXT, "NOERROR" NONE);
}

static void pods_are_called_after_their_addresses(void **state)
{
	expect(*state, "10-42-0-9.default.pod" ZONE, DNS_A, "NOERROR 10.42.0.9");
	expect(*state, "fd42--9.default.pod" ZONE, DNS_AAAA, "NOERROR fd42::9");
	expect(*state, "10-42-0-9.other.pod" ZONE, DNS_A, "NXDOMAIN" NONE);
	expect(*state, "nobody.default.pod" ZONE, DNS_A, "NXDOMAIN" NONE);
}

static void the_zone_tells_about_itself(void **state)
{
	expect(*state, "dns-version" ZONE, DNS_TXT, "NOERROR \"1.1.0\"");
	expect(*state, "cluster.local", DNS_NS, "NOERROR ns.dns.cluster.local");
	expect(*state, "ns.dns" ZONE, DNS_A, "NOERROR 10.43.0.10");
	expect(*state, "cluster.local", DNS_A, "NOERROR" NONE);
	expect(*state, "default.svc" ZONE, DNS_A, "NOERROR" NONE);
	expect(*state, "svc" ZONE, DNS_A, "NOERROR" NONE);
	expect(*state, "other.svc" ZONE, DNS_A, "NXDOMAIN" NONE);
	expect(*state, "xcluster.local", DNS_A, "elsewhere");
	expect(*state, "example.org", DNS_A, "elsewhere");
}

static void what_is_gone_is_not_found(void **state)
{
	struct fixture *f = *state;
	struct object *service = dns_service("default", "one", "\"clusterIP\":\"10.43.0.1\"");
	struct object *slice = dns_slice("default", "web-x", "web", SLICE_WEB);
	dns_records_service(&f->records, service, NULL);
	dns_records_slice(&f->records, slice, NULL);
	object_unref(service);
	object_unref(slice);
	expect(f, "one.default.svc" ZONE, DNS_A, "NXDOMAIN" NONE);
	expect(f, "1.0.43.10.in-addr.arpa", DNS_PTR, "elsewhere");
	expect(f, "web.default.svc" ZONE, DNS_A, "NXDOMAIN" NONE);
	expect(f, "5.0.42.10.in-addr.arpa", DNS_PTR, "elsewhere");
}

static void endpoints_that_come_before_their_service_are_found_later(void **state)
{
	struct fixture *f = *state;
	add(dns_records_slice, f, dns_slice("default", "late-x", "late", SLICE_WEB));
	expect(f, "late.default.svc" ZONE, DNS_A, "NXDOMAIN" NONE);
	add(dns_records_service, f, dns_service("default", "late", "\"clusterIP\":\"None\""));
	expect(f, "late.default.svc" ZONE, DNS_A, "NOERROR 10.42.0.5 10.42.0.6");
}

static void what_does_not_fit_is_cut_and_says_so(void **state)
{
	struct fixture *f = *state;
	uint8_t question[512], answer[64];
	struct dns_query q;
	struct dns_answer a;
	struct str alias;
	auto_buf got = { 0 };
	size_t n = dns_question("web.default.svc" ZONE, DNS_A, 0, question);
	f->zone.turn = 0;
	assert_int_equal(dns_query_read(question, n, &q), 0);
	dns_answer_begin(&a, answer, sizeof(answer), &q);
	dns_answer_question(&f->zone, &q, &a, &alias);
	dns_text(answer, dns_answer_end(&a, &q), &got);
	assert_string_equal(got.p, "NOERROR cut 10.42.0.5");
}

static void endpoints_take_turns(void **state)
{
	struct fixture *f = *state;
	uint8_t question[512], answer[512];
	struct dns_query q;
	struct dns_answer a;
	struct str alias;
	auto_buf got = { 0 };
	size_t n = dns_question("web.default.svc" ZONE, DNS_A, 0, question);
	assert_int_equal(dns_query_read(question, n, &q), 0);
	f->zone.turn = 1;
	dns_answer_begin(&a, answer, sizeof(answer), &q);
	dns_answer_question(&f->zone, &q, &a, &alias);
	dns_text(answer, dns_answer_end(&a, &q), &got);
	assert_string_equal(got.p, "NOERROR 10.42.0.6 10.42.0.5");
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(a_service_has_its_cluster_addresses),
		TEST(a_headless_service_has_its_ready_endpoints),
		TEST(ports_are_found_by_srv),
		TEST(external_names_are_aliases),
		TEST(aliases_in_a_circle_end),
		TEST(addresses_have_names),
		TEST(names_that_may_exist_are_not_denied),
		TEST(pods_are_called_after_their_addresses),
		TEST(the_zone_tells_about_itself),
		TEST(what_is_gone_is_not_found),
		TEST(endpoints_that_come_before_their_service_are_found_later),
		TEST(what_does_not_fit_is_cut_and_says_so),
		TEST(endpoints_take_turns),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

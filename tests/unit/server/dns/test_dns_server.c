/* SPDX-License-Identifier: Apache-2.0 */
/* The server on a loop of its own, asked over sockets; the test is the other name server, too. */
#include "tests/unit/unit.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"
#include "server/dns/dns.h"
#include "tests/unit/server/dns/dns_fixture.h"

#define OWN  "127.0.0.2"
#define CONF "search x\nnameserver " OWN "\nnameserver\t127.0.0.1 # the other one\n"

struct fixture {
	struct client client;
	struct loop loop;
	struct watch_handler handlers[3];
	size_t nhandlers;
	struct dns *dns;
	int upstream, upstream_tcp; /* where the machine's name server is */
	char dir[32];
	char conf[64];
};

static struct reflector *fake_watch(struct client *c, const struct watch_handler *h)
{
	struct fixture *f = CONTAINER_OF(c, struct fixture, client);
	f->handlers[f->nhandlers++] = *h;
	return (struct reflector *)f;
}

static void fake_unwatch(struct client *c, struct reflector *r)
{
	(void)c;
	(void)r;
}

static const struct client_ops ops = { NULL, fake_watch, fake_unwatch };

static int bound(int type, uint16_t *port)
{
	struct sockaddr_in a = { .sin_family = AF_INET,
				 .sin_port = htons(*port),
				 .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t n = sizeof(a);
	int fd = socket(AF_INET, type | SOCK_CLOEXEC, 0);
	if (bind(fd, (struct sockaddr *)&a, n) < 0) {
		close(fd);
		return -1;
	}
	assert_int_equal(getsockname(fd, (struct sockaddr *)&a, &n), 0);
	*port = ntohs(a.sin_port);
	if (type == SOCK_STREAM)
		assert_int_equal(listen(fd, 4), 0);
	return fd;
}

/* One port that is free for both. */
static uint16_t make_upstream(struct fixture *f)
{
	for (;;) {
		uint16_t port = 0;
		f->upstream = bound(SOCK_DGRAM, &port);
		f->upstream_tcp = bound(SOCK_STREAM, &port);
		if (f->upstream_tcp >= 0)
			return port;
		close(f->upstream);
	}
}

static int setup(void **state)
{
	struct fixture *f = NEW(struct fixture);
	static const char *const addresses[] = { OWN, NULL };
	auto_err err = { 0 };
	snprintf(f->dir, sizeof(f->dir), "/tmp/test-dns-XXXXXX");
	assert_non_null(mkdtemp(f->dir));
	snprintf(f->conf, sizeof(f->conf), "%s/resolv.conf", f->dir);
	/* the first is ourselves and must not be asked */
	assert_int_equal(file_write_atomic(f->conf, CONF, sizeof(CONF) - 1, 0600, &err), 0);
	assert_int_equal(loop_init(&f->loop, "dns", &err), 0);
	f->client = (struct client){ &ops, &f->loop, "test" };
	const struct dns_config config = {
		.client = &f->client,
		.domain = "cluster.local",
		.addresses = addresses,
		.resolv_conf = f->conf,
		.forward_port = make_upstream(f),
	};
	assert_int_equal(dns_start(&config, &f->dns, &err), 0);
	assert_int_equal(loop_spawn(&f->loop, 1u << 20, &err), 0);
	*state = f;
	return 0;
}

static void stop(void *ctx)
{
	struct fixture *f = ctx;
	dns_stop(f->dns);
	loop_stop(&f->loop);
}

static int teardown(void **state)
{
	struct fixture *f = *state;
	loop_call(&f->loop, stop, f);
	loop_join(&f->loop);
	loop_close(&f->loop);
	close(f->upstream);
	close(f->upstream_tcp);
	unlink(f->conf);
	rmdir(f->dir);
	free(f);
	return 0;
}

/* --- a client --- */

static int connected(struct fixture *f, int type)
{
	struct sockaddr_in a = { .sin_family = AF_INET,
				 .sin_port = htons((uint16_t)dns_port(f->dns)) };
	inet_pton(AF_INET, OWN, &a.sin_addr);
	int fd = socket(AF_INET, type | SOCK_CLOEXEC, 0);
	assert_int_equal(connect(fd, (struct sockaddr *)&a, sizeof(a)), 0);
	return fd;
}

static void send_udp(int fd, const char *name, uint16_t udp_size)
{
	uint8_t question[512];
	size_t n = dns_question(name, DNS_A, udp_size, question);
	assert_int_equal(send(fd, question, n, 0), n);
}

static void expect_udp(int fd, const char *text)
{
	uint8_t answer[4096];
	auto_buf got = { 0 };
	ssize_t n = recv(fd, answer, sizeof(answer), 0);
	assert_true(n >= DNS_HEADER);
	assert_int_equal(dns_get16(answer, 0), 0x1234);
	dns_text(answer, (size_t)n, &got);
	assert_string_equal(got.p, text);
}

static void send_tcp(int fd, const char *name)
{
	uint8_t question[2 + 512];
	size_t n = dns_question(name, DNS_A, 0, question + 2);
	dns_put16(question, 0, (unsigned)n);
	assert_int_equal(send(fd, question, n + 2, 0), n + 2);
}

static void expect_tcp(int fd, const char *text)
{
	uint8_t answer[2 + 4096];
	auto_buf got = { 0 };
	assert_int_equal(recv(fd, answer, 2, MSG_WAITALL), 2);
	size_t n = dns_get16(answer, 0);
	assert_true(n <= 4096);
	assert_int_equal(recv(fd, answer, n, MSG_WAITALL), n);
	dns_text(answer, n, &got);
	assert_string_equal(got.p, text);
}

/* --- the other name server --- */

static const uint8_t address[4] = { 192, 0, 2, 7 };

/* Turns a query into an answer with `count` addresses. */
static size_t make_answer(const uint8_t *query, size_t n, unsigned count, bool cut, uint8_t *out)
{
	struct dns_query q;
	struct dns_answer a;
	assert_int_equal(dns_query_read(query, n, &q), 0);
	dns_answer_begin(&a, out, 4096, &q);
	while (count-- > 0)
		dns_add_address(&a, DNS_ANSWER, DNS_HEADER, 60, address, 4);
	a.truncated = cut;
	return dns_answer_end(&a, &q);
}

static void answer_udp(struct fixture *f, unsigned count, bool cut)
{
	uint8_t query[512], answer[4096];
	struct sockaddr_in from;
	socklen_t from_n = sizeof(from);
	ssize_t n =
		recvfrom(f->upstream, query, sizeof(query), 0, (struct sockaddr *)&from, &from_n);
	assert_true(n > 0);
	size_t m = make_answer(query, (size_t)n, count, cut, answer);
	assert_int_equal(sendto(f->upstream, answer, m, 0, (struct sockaddr *)&from, from_n), m);
}

static void answer_tcp(struct fixture *f, unsigned count)
{
	uint8_t query[512], answer[2 + 4096];
	int fd = accept(f->upstream_tcp, NULL, NULL);
	assert_true(fd >= 0);
	assert_int_equal(recv(fd, query, 2, MSG_WAITALL), 2);
	size_t n = dns_get16(query, 0);
	assert_int_equal(recv(fd, query, n, MSG_WAITALL), n);
	n = make_answer(query, n, count, false, answer + 2);
	dns_put16(answer, 0, (unsigned)n);
	assert_int_equal(send(fd, answer, n + 2, 0), n + 2);
	close(fd);
}

/* --- claims --- */

struct change {
	struct fixture *f;
	struct object *object; /* NULL: that was all there is */
	uv_sem_t seen;
};

static void on_change(void *ctx)
{
	struct change *c = ctx;
	for (size_t i = 0; i < c->f->nhandlers; i++) {
		const struct watch_handler *h = &c->f->handlers[i];
		if (!c->object)
			h->on_synced(h->ctx);
		else if (h->resource == c->object->resource)
			h->on_change(h->ctx, NULL, c->object);
	}
	if (c->object)
		object_unref(c->object);
	uv_sem_post(&c->seen);
}

static void change(struct change *c)
{
	uv_sem_init(&c->seen, 0);
	loop_call(&c->f->loop, on_change, c);
	uv_sem_wait(&c->seen);
	uv_sem_destroy(&c->seen);
}

static void a_service_resolves_as_soon_as_it_is_seen(void **state)
{
	struct fixture *f = *state;
	struct change c = { .f = f,
			    .object = dns_service("default", "one",
						  "\"clusterIP\":\"10.43.0.1\","
						  "\"clusterIPs\":[\"10.43.0.1\"]") };
	int udp = connected(f, SOCK_DGRAM), tcp = connected(f, SOCK_STREAM);
	struct change all = { .f = f };
	send_udp(udp, "one.default.svc.cluster.local", 0);
	expect_udp(udp, "SERVFAIL"); /* who knows */
	change(&all);
	send_udp(udp, "one.default.svc.cluster.local", 0);
	expect_udp(udp, "NXDOMAIN soa(cluster.local)");
	change(&c);
	send_udp(udp, "one.default.svc.cluster.local", 0);
	expect_udp(udp, "NOERROR 10.43.0.1");
	send_tcp(tcp, "one.default.svc.cluster.local");
	send_tcp(tcp, "two.default.svc.cluster.local");
	expect_tcp(tcp, "NOERROR 10.43.0.1");
	expect_tcp(tcp, "NXDOMAIN soa(cluster.local)");
	close(udp);
	close(tcp);
}

static void other_names_are_asked_for_once_and_kept(void **state)
{
	struct fixture *f = *state;
	int fd = connected(f, SOCK_DGRAM);
	send_udp(fd, "example.org", 0);
	answer_udp(f, 1, false);
	expect_udp(fd, "NOERROR 192.0.2.7");
	send_udp(fd, "EXAMPLE.org", 0); /* would wait for ever if it were asked again */
	expect_udp(fd, "NOERROR 192.0.2.7");
	close(fd);
}

static void what_was_cut_is_cut_for_udp_and_whole_for_tcp(void **state)
{
	struct fixture *f = *state;
	int udp = connected(f, SOCK_DGRAM), tcp = connected(f, SOCK_STREAM);
	send_udp(udp, "big.example.org", 0);
	answer_udp(f, 1, true);
	expect_udp(udp, "NOERROR cut 192.0.2.7");
	send_tcp(tcp, "big.example.org");
	answer_udp(f, 1, true);
	answer_tcp(f, 3);
	expect_tcp(tcp, "NOERROR 192.0.2.7 192.0.2.7 192.0.2.7");
	close(udp);
	close(tcp);
}

static void an_external_name_brings_its_addresses(void **state)
{
	struct fixture *f = *state;
	struct change c = { .f = f,
			    .object = dns_service("default", "out",
						  "\"type\":\"ExternalName\",\"externalName\":"
						  "\"example.org\"") };
	int fd = connected(f, SOCK_DGRAM);
	change(&c);
	send_udp(fd, "out.default.svc.cluster.local", 0);
	answer_udp(f, 1, false);
	expect_udp(fd, "NOERROR example.org 192.0.2.7");
	close(fd);
}

static void garbage_is_answered_as_such_or_not_at_all(void **state)
{
	struct fixture *f = *state;
	int fd = connected(f, SOCK_DGRAM);
	uint8_t question[512], answer[512];
	auto_buf got = { 0 };
	size_t n = dns_question("one.default.svc.cluster.local", DNS_A, 0, question);
	assert_int_equal(send(fd, question, 5, 0), 5); /* too short: no word */
	dns_put16(question, 2, 0x8000);                /* a response: no word */
	assert_int_equal(send(fd, question, n, 0), n);
	dns_put16(question, 2, 0x1000); /* another operation */
	assert_int_equal(send(fd, question, n, 0), n);
	ssize_t m = recv(fd, answer, sizeof(answer), 0);
	assert_true(m >= DNS_HEADER);
	dns_text(answer, (size_t)m, &got);
	assert_string_equal(got.p, "NOTIMP");
	close(fd);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(a_service_resolves_as_soon_as_it_is_seen),
		TEST(other_names_are_asked_for_once_and_kept),
		TEST(what_was_cut_is_cut_for_udp_and_whole_for_tcp),
		TEST(an_external_name_brings_its_addresses),
		TEST(garbage_is_answered_as_such_or_not_at_all),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

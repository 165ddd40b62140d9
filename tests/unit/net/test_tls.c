/* SPDX-License-Identifier: Apache-2.0 */
#include "fixture.h"

#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "net/tls_context.h"

static const char *const both[] = { "h2", "http/1.1", NULL };
static const char *const only1[] = { "http/1.1", NULL };

struct end {
	struct raw raw;
	struct stream *s;
	bool ready;
	struct err err;
};
struct link {
	struct tls_server *server;
	struct tls_client *client;
	struct end a, b; /* server, client */
};

static void on_ready(void *ctx, struct stream *s, const struct err *err)
{
	struct end *e = ctx;
	(void)s;
	assert_false(e->ready);
	e->ready = true;
	if (err)
		err_copy(&e->err, err);
}

static struct tls_server *server_new(bool ask)
{
	const struct test_pki *p = test_pki();
	struct tls_server *s;
	struct tls_server_config c = { .cert_pem = buf_view(&p->server.cert),
				       .key_pem = buf_view(&p->server.key),
				       .alpn = both };
	if (ask)
		c.client_ca_pem = buf_view(&p->ca.cert);
	assert_int_equal(tls_server_new(&c, &s, NULL), 0);
	return s;
}

static struct tls_client *client_new(const struct identity *own, const char *name,
				     const struct identity *ca)
{
	struct tls_client *c;
	struct tls_client_config config = { .ca_pem = buf_view(&ca->cert),
					    .server_name = name,
					    .alpn = only1 };
	if (own) {
		config.cert_pem = buf_view(&own->cert);
		config.key_pem = buf_view(&own->key);
	}
	assert_int_equal(tls_client_new(&config, &c, NULL), 0);
	return c;
}

static void link_start(struct link *l, struct tls_server *server, struct tls_client *client)
{
	int fd[2];
	*l = (struct link){ .server = server, .client = client };
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fd), 0);
	l->a.s = tls_accept(server, stream_from_fd(&test_loop, fd[0], NULL), on_ready, &l->a);
	l->b.s = tls_connect(client, stream_from_fd(&test_loop, fd[1], NULL), on_ready, &l->b);
	raw_init(&l->a.raw, l->a.s);
	raw_init(&l->b.raw, l->b.s);
}

static void link_up(struct link *l, struct tls_server *server, struct tls_client *client)
{
	link_start(l, server, client);
	RUN_UNTIL(l->a.ready && l->b.ready);
	assert_int_equal(l->a.err.reason, ERR_NONE);
	assert_int_equal(l->b.err.reason, ERR_NONE);
}

static void link_down(struct link *l)
{
	raw_close(&l->b.raw);
	raw_close(&l->a.raw);
	err_clear(&l->a.err);
	err_clear(&l->b.err);
	tls_client_free(l->client);
	tls_server_free(l->server);
}

static void bytes_pass_both_ways_and_alpn_is_agreed(void **state)
{
	struct link l;
	(void)state;
	link_up(&l, server_new(false), client_new(NULL, "localhost", &test_pki()->ca));
	assert_string_equal(tls_stream_alpn(l.a.s), "http/1.1");
	assert_string_equal(tls_stream_alpn(l.b.s), "http/1.1");
	assert_null(tls_stream_peer(l.a.s));
	raw_send(&l.b.raw, "question");
	RUN_UNTIL(raw_has(&l.a.raw, "question"));
	raw_send(&l.a.raw, "answer");
	RUN_UNTIL(raw_has(&l.b.raw, "answer"));
	assert_int_equal(l.a.s->queued_bytes, 0);
	link_down(&l);
}

static void ip_address_is_a_name_too(void **state)
{
	struct link l;
	(void)state;
	link_up(&l, server_new(false), client_new(NULL, "127.0.0.1", &test_pki()->ca));
	link_down(&l);
}

static void client_certificate_names_the_peer(void **state)
{
	struct link l;
	(void)state;
	link_up(&l, server_new(true),
		client_new(&test_pki()->client, "localhost", &test_pki()->ca));
	const struct tls_peer *p = tls_stream_peer(l.a.s);
	assert_non_null(p);
	assert_string_equal(p->common_name, "jane");
	assert_string_equal(p->organizations[0], "system:masters");
	assert_null(p->organizations[1]);
	assert_int_equal(strlen(p->fingerprint), 64);
	assert_true(p->not_after_s > 4000000000);
	link_down(&l);
}

static void verified_certificate_is_remembered(void **state)
{
	struct link one, two;
	struct tls_server *s = server_new(true);
	(void)state;
	link_up(&one, s, client_new(&test_pki()->client, "localhost", &test_pki()->ca));
	link_up(&two, s, client_new(&test_pki()->client, "localhost", &test_pki()->ca));
	assert_ptr_equal(tls_stream_peer(one.a.s), tls_stream_peer(two.a.s));
	one.server = NULL;
	link_down(&one);
	link_down(&two);
}

static void untrusted_and_expired_certificates_prove_nothing(void **state)
{
	const struct identity *bad[] = { &test_pki()->stranger, &test_pki()->expired,
					 &test_pki()->server /* not for clients */ };
	(void)state;
	for (size_t i = 0; i < COUNT_OF(bad); i++) {
		struct link l;
		link_up(&l, server_new(true), client_new(bad[i], "localhost", &test_pki()->ca));
		assert_null(tls_stream_peer(l.a.s));
		link_down(&l);
	}
}

static void client_refuses_a_server_it_does_not_trust(void **state)
{
	struct link l;
	(void)state;
	link_start(&l, server_new(false), client_new(NULL, "localhost", &test_pki()->stranger_ca));
	RUN_UNTIL(l.b.raw.closed && l.a.raw.closed);
	assert_int_equal(l.b.err.reason, ERR_UNAVAILABLE);
	assert_non_null(strstr(l.b.err.text, "certificate"));
	assert_int_not_equal(l.a.err.reason, ERR_NONE);
	link_down(&l);
	link_start(&l, server_new(false), client_new(NULL, "example.org", &test_pki()->ca));
	RUN_UNTIL(l.b.raw.closed && l.a.raw.closed);
	assert_int_not_equal(l.b.err.reason, ERR_NONE);
	link_down(&l);
}

static void reload_changes_new_connections_only(void **state)
{
	struct link old, fresh;
	struct identity other;
	struct tls_server *s = server_new(false);
	const struct test_pki *p = test_pki();
	(void)state;
	link_up(&old, s, client_new(NULL, "localhost", &p->ca));
	identity_make(&other, &(struct identity_spec){ .subject = "CN=server2",
						       .issuer = &p->stranger_ca,
						       .issuer_subject = "CN=test-ca",
						       .dns = "localhost" });
	struct tls_server_config c = { .cert_pem = buf_view(&other.cert),
				       .key_pem = buf_view(&other.key),
				       .alpn = both };
	assert_int_equal(tls_server_reload(s, &c, NULL), 0);
	link_up(&fresh, s, client_new(NULL, "localhost", &p->stranger_ca));
	raw_send(&old.b.raw, "alive");
	RUN_UNTIL(raw_has(&old.a.raw, "alive"));
	c.key_pem = buf_view(&p->server.key);
	struct err err = { 0 };
	assert_int_not_equal(tls_server_reload(s, &c, &err), 0);
	assert_non_null(strstr(err.text, "does not belong"));
	err_clear(&err);
	old.server = NULL;
	link_down(&old);
	link_down(&fresh);
	identity_free(&other);
}

static void small_writes_of_one_turn_share_a_record(void **state)
{
	int fd[2], wire[2];
	struct end a = { 0 };
	struct raw relay_in, client_side;
	(void)state;
	/* a byte counter between the two: client <-> wire[1] | relay | fd[1] <-> server */
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fd), 0);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, wire), 0);
	struct tls_server *server = server_new(false);
	struct tls_client *client = client_new(NULL, "localhost", &test_pki()->ca);
	struct end b = { 0 };
	a.s = tls_accept(server, stream_from_fd(&test_loop, fd[0], NULL), on_ready, &a);
	raw_init(&a.raw, a.s);
	b.s = tls_connect(client, stream_from_fd(&test_loop, wire[0], NULL), on_ready, &b);
	raw_init(&client_side, b.s);
	struct stream *from_server = stream_from_fd(&test_loop, fd[1], NULL),
		      *to_client = stream_from_fd(&test_loop, wire[1], NULL);
	raw_init(&relay_in, from_server);
	struct raw up;
	raw_init(&up, to_client);
	size_t sent_up = 0, sent_down = 0;
	uint64_t end = uv_hrtime() + 10000000000ull;
	while (!(a.ready && b.ready) && uv_hrtime() < end) {
		run_once();
		if (up.got.n > sent_up)
			stream_write_copy(from_server, up.got.p + sent_up, up.got.n - sent_up);
		sent_up = up.got.n;
		if (relay_in.got.n > sent_down)
			stream_write_copy(to_client, relay_in.got.p + sent_down,
					  relay_in.got.n - sent_down);
		sent_down = relay_in.got.n;
	}
	assert_true(a.ready && b.ready);
	run_turns(3);
	size_t before = relay_in.got.n;
	for (int i = 0; i < 10; i++)
		raw_send(&a.raw, "0123456789");
	RUN_UNTIL(relay_in.got.n > before);
	run_turns(3);
	size_t wire_bytes = relay_in.got.n - before;
	assert_in_range(wire_bytes, 101, 100 + 40); /* one header, one tag */
	raw_close(&a.raw);
	raw_close(&client_side);
	raw_close(&relay_in);
	raw_close(&up);
	tls_client_free(client);
	tls_server_free(server);
}

static void large_data_passes_with_bounded_ciphertext(void **state)
{
	struct link l;
	size_t n = 40 << 20;
	(void)state;
	link_up(&l, server_new(false), client_new(NULL, "localhost", &test_pki()->ca));
	char *big = mem_alloc(n), *copy = mem_alloc(n);
	for (size_t i = 0; i < n; i++)
		big[i] = copy[i] = (char)(i ^ (i >> 11));
	struct chunk c[] = { chunk_copy(STR("head")), chunk_take(big, n) };
	buf_reserve(&l.b.raw.got, n + 16);
	uint64_t start = uv_hrtime();
	stream_write(l.a.s, c, 2);
	RUN_UNTIL(l.b.raw.got.n == n + 4);
	uint64_t ns = uv_hrtime() - start;
	assert_memory_equal(l.b.raw.got.p + 4, copy, n);
	print_message("both ends on one thread: %.0f MB/s\n", (double)n / (double)ns * 1000);
	free(copy);
	link_down(&l);
}

static void paused_reader_gets_everything_later(void **state)
{
	struct link l;
	(void)state;
	link_up(&l, server_new(false), client_new(NULL, "localhost", &test_pki()->ca));
	stream_read_stop(l.b.s);
	size_t n = 200000;
	struct chunk c = chunk_take(mem_zalloc(n), n);
	stream_write(l.a.s, &c, 1);
	stream_shutdown(l.a.s);
	run_turns(20);
	assert_int_equal(l.b.raw.got.n, 0);
	stream_read_start(l.b.s);
	RUN_UNTIL(l.b.raw.ended);
	assert_int_equal(l.b.raw.got.n, n);
	raw_send(&l.b.raw, "after the server's end");
	RUN_UNTIL(raw_has(&l.a.raw, "after"));
	link_down(&l);
}

static void plain_http_is_told_to_use_tls(void **state)
{
	int fd[2];
	struct end a = { 0 };
	struct raw r;
	struct tls_server *server = server_new(false);
	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fd), 0);
	a.s = tls_accept(server, stream_from_fd(&test_loop, fd[0], NULL), on_ready, &a);
	raw_init(&a.raw, a.s);
	raw_init(&r, stream_from_fd(&test_loop, fd[1], NULL));
	raw_send(&r, "GET / HTTP/1.1\r\n\r\n");
	RUN_UNTIL(r.ended && a.raw.closed);
	assert_true(raw_has(&r, "Client sent an HTTP request to an HTTPS server"));
	assert_int_equal(a.err.reason, ERR_BAD_REQUEST);
	err_clear(&a.err);
	raw_close(&r);
	raw_close(&a.raw);
	tls_server_free(server);
}

static void garbage_ends_the_handshake(void **state)
{
	int fd[2];
	struct end a = { 0 };
	struct raw r;
	struct tls_server *server = server_new(false);
	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fd), 0);
	a.s = tls_accept(server, stream_from_fd(&test_loop, fd[0], NULL), on_ready, &a);
	raw_init(&a.raw, a.s);
	raw_init(&r, stream_from_fd(&test_loop, fd[1], NULL));
	raw_send(&r, "\x16\x03\x01\x05 this is no client hello");
	stream_shutdown(r.s);
	RUN_UNTIL(a.raw.closed);
	assert_true(a.ready);
	assert_int_not_equal(a.err.reason, ERR_NONE);
	err_clear(&a.err);
	raw_close(&r);
	raw_close(&a.raw);
	tls_server_free(server);
}

static void stream_closed_during_handshake_gets_no_ready(void **state)
{
	struct link l;
	(void)state;
	link_start(&l, server_new(false), client_new(NULL, "localhost", &test_pki()->ca));
	stream_close(l.a.s);
	RUN_UNTIL(l.a.raw.closed);
	assert_false(l.a.ready);
	RUN_UNTIL(l.b.raw.closed);
	assert_true(l.b.ready);
	link_down(&l);
}

/* ---- tickets, which our own client does not use: a bare mbedtls one ---- */

static int bare_send(void *ctx, const unsigned char *p, size_t n)
{
	ssize_t r = send(*(int *)ctx, p, n, MSG_NOSIGNAL);
	return r < 0 ? MBEDTLS_ERR_SSL_WANT_WRITE : (int)r;
}

static int bare_recv(void *ctx, unsigned char *p, size_t n)
{
	ssize_t r = recv(*(int *)ctx, p, n, MSG_DONTWAIT);
	return r < 0 ? MBEDTLS_ERR_SSL_WANT_READ : (int)r;
}

/* Connects, resuming *session if it holds one, and leaves the newest ticket's session there. Returns whom the server saw. */
static const char *bare_connect(struct tls_server *server, struct tls_client *client,
				mbedtls_ssl_session *session, bool resume)
{
	static char name[64];
	struct tls_context *c = tls_client_context(client);
	mbedtls_ssl_context ssl;
	struct end a = { 0 };
	unsigned char data[16];
	int fd[2], r;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fd), 0);
	a.s = tls_accept(server, stream_from_fd(&test_loop, fd[0], NULL), on_ready, &a);
	raw_init(&a.raw, a.s);
	mbedtls_ssl_conf_session_tickets(&c->conf, MBEDTLS_SSL_SESSION_TICKETS_ENABLED);
	mbedtls_ssl_conf_tls13_enable_signal_new_session_tickets(
		&c->conf, MBEDTLS_SSL_TLS1_3_SIGNAL_NEW_SESSION_TICKETS_ENABLED);
	mbedtls_ssl_init(&ssl);
	assert_int_equal(mbedtls_ssl_setup(&ssl, &c->conf), 0);
	assert_int_equal(mbedtls_ssl_set_hostname(&ssl, "localhost"), 0);
	mbedtls_ssl_set_bio(&ssl, &fd[1], bare_send, bare_recv, NULL);
	if (resume)
		assert_int_equal(mbedtls_ssl_set_session(&ssl, session), 0);
	while ((r = mbedtls_ssl_handshake(&ssl)) == MBEDTLS_ERR_SSL_WANT_READ)
		run_turns(1);
	assert_int_equal(r, 0);
	RUN_UNTIL(a.ready);
	raw_send(&a.raw, "x");
	while ((r = mbedtls_ssl_read(&ssl, data, sizeof(data))) < 0) {
		if (r == MBEDTLS_ERR_SSL_RECEIVED_NEW_SESSION_TICKET) {
			mbedtls_ssl_session_free(session);
			mbedtls_ssl_session_init(session);
			assert_int_equal(mbedtls_ssl_get_session(&ssl, session), 0);
		}
		run_turns(1);
	}
	const struct tls_peer *peer = tls_stream_peer(a.s);
	snprintf(name, sizeof(name), "%s", peer ? peer->common_name : "nobody");
	close(fd[1]);
	raw_close(&a.raw);
	mbedtls_ssl_free(&ssl);
	tls_context_unref(c);
	return name;
}

static void resumed_session_never_loses_its_certificate(void **state)
{
	struct tls_server *server = server_new(true);
	struct tls_client *client = client_new(&test_pki()->client, "localhost", &test_pki()->ca);
	mbedtls_ssl_session session;
	(void)state;
	mbedtls_ssl_session_init(&session);
	assert_string_equal(bare_connect(server, client, &session, false), "jane");
	for (int i = 0; i < 3; i++)
		assert_string_equal(bare_connect(server, client, &session, true), "jane");
	mbedtls_ssl_session_free(&session);
	tls_client_free(client);
	tls_server_free(server);
}

#define ON_LOOP(f) cmocka_unit_test_setup_teardown(f, loop_setup, loop_teardown)
int main(void)
{
	const struct CMUnitTest tests[] = {
		ON_LOOP(bytes_pass_both_ways_and_alpn_is_agreed),
		ON_LOOP(ip_address_is_a_name_too),
		ON_LOOP(client_certificate_names_the_peer),
		ON_LOOP(verified_certificate_is_remembered),
		ON_LOOP(untrusted_and_expired_certificates_prove_nothing),
		ON_LOOP(client_refuses_a_server_it_does_not_trust),
		ON_LOOP(reload_changes_new_connections_only),
		ON_LOOP(small_writes_of_one_turn_share_a_record),
		ON_LOOP(large_data_passes_with_bounded_ciphertext),
		ON_LOOP(paused_reader_gets_everything_later),
		ON_LOOP(plain_http_is_told_to_use_tls),
		ON_LOOP(resumed_session_never_loses_its_certificate),
		ON_LOOP(garbage_ends_the_handshake),
		ON_LOOP(stream_closed_during_handshake_gets_no_ready),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

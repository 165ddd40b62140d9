/* SPDX-License-Identifier: Apache-2.0 */
/* A server's connection whose peer does as it likes after the handshake: its records are made here, from the secrets that the
 * handshake gave it. */
#include "fixture.h"

#include <mbedtls/hkdf.h>
#include <nettle/gcm.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "net/tls_context.h"
#include "net/tls_record.h"

struct peer {
	struct tls_server *server;
	struct tls_client *client;
	struct tls_context *context;
	mbedtls_ssl_context ssl;
	int fd;
	struct raw raw; /* the server's side */
	bool ready;
	struct tls_secrets secrets;
	struct tls_secret own;
	uint64_t sequence;
	struct tls_records *reads;
	struct buf wire;
	/* the record read last */
	enum tls_content type;
	unsigned char plain[TLS_RECORD_PLAIN + 256];
	int n;
};

static int to_server(void *ctx, const unsigned char *p, size_t n)
{
	ssize_t r = send(*(int *)ctx, p, n, MSG_NOSIGNAL);
	return r < 0 ? MBEDTLS_ERR_SSL_WANT_WRITE : (int)r;
}

static int from_server(void *ctx, unsigned char *p, size_t n)
{
	ssize_t r = recv(*(int *)ctx, p, n, MSG_DONTWAIT);
	return r < 0 ? MBEDTLS_ERR_SSL_WANT_READ : (int)r;
}

static void on_ready(void *ctx, struct stream *s, const struct err *err)
{
	struct peer *p = ctx;
	(void)s;
	assert_null(err);
	p->ready = true;
}

/* The handshake, under what `tune` makes of the client's configuration. */
static void shake_hands(struct peer *p, void (*tune)(struct peer *))
{
	static const char *const alpn[] = { "http/1.1", NULL };
	const struct test_pki *k = test_pki();
	struct tls_server_config sc = { .cert_pem = buf_view(&k->server.cert),
					.key_pem = buf_view(&k->server.key),
					.alpn = alpn };
	struct tls_client_config cc = { .ca_pem = buf_view(&k->ca.cert),
					.server_name = "localhost",
					.alpn = alpn };
	int fd[2], r;
	memset(p, 0, sizeof(*p));
	assert_int_equal(tls_server_new(&sc, &p->server, NULL), 0);
	assert_int_equal(tls_client_new(&cc, &p->client, NULL), 0);
	p->context = tls_client_context(p->client);
	if (tune)
		tune(p);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fd), 0);
	p->fd = fd[1];
	struct stream *s =
		tls_accept(p->server, stream_from_fd(&test_loop, fd[0], NULL), on_ready, p);
	raw_init(&p->raw, s);
	mbedtls_ssl_init(&p->ssl);
	assert_int_equal(mbedtls_ssl_setup(&p->ssl, &p->context->conf), 0);
	assert_int_equal(mbedtls_ssl_set_hostname(&p->ssl, "localhost"), 0);
	mbedtls_ssl_set_bio(&p->ssl, &p->fd, to_server, from_server, NULL);
	tls_secrets_listen(&p->ssl, &p->secrets);
	while ((r = mbedtls_ssl_handshake(&p->ssl)) == MBEDTLS_ERR_SSL_WANT_READ)
		run_turns(1);
	assert_int_equal(r, 0);
	RUN_UNTIL(p->ready);
}

/* From here on the records are ours. */
static void peer_up(struct peer *p)
{
	shake_hands(p, NULL);
	p->own = p->secrets.client;
	struct tls_secrets s = { .client = p->secrets.server, .server = p->secrets.client };
	p->reads = tls_records_new(mbedtls_ssl_get_ciphersuite_id_from_ssl(&p->ssl), &s, 0, 0);
	assert_non_null(p->reads);
}

static void peer_down(struct peer *p)
{
	close(p->fd);
	mbedtls_ssl_free(&p->ssl);
	tls_context_unref(p->context);
	raw_close(&p->raw);
	tls_client_free(p->client);
	tls_server_free(p->server);
	tls_records_free(p->reads);
	buf_free(&p->wire);
}

static void expand(const struct tls_secret *s, const char *label, unsigned char *out, size_t n)
{
	unsigned char info[32] = { 0, (unsigned char)n, (unsigned char)(6 + strlen(label)) };
	memcpy(info + 3, "tls13 ", 6);
	memcpy(info + 9, label, strlen(label));
	assert_int_equal(mbedtls_hkdf_expand(mbedtls_md_info_from_type(MBEDTLS_MD_SHA256), s->p,
					     s->n, info, 10 + strlen(label), out, n),
			 0);
}

static void key_changes(struct peer *p)
{
	struct tls_secret next = { .n = 32 };
	expand(&p->own, "traffic upd", next.p, 32);
	p->own = next;
	p->sequence = 0;
}

/* A record with this inside, type included. */
static size_t record(struct peer *p, const void *inside, size_t n, unsigned char *out)
{
	struct gcm_aes128_ctx c;
	unsigned char key[16], iv[12];
	expand(&p->own, "key", key, 16);
	expand(&p->own, "iv", iv, 12);
	iv[11] ^= (unsigned char)p->sequence++;
	memcpy(out, "\x17\x03\x03", 3);
	out[3] = (unsigned char)((n + 16) >> 8);
	out[4] = (unsigned char)(n + 16);
	gcm_aes128_set_key(&c, key);
	gcm_aes128_set_iv(&c, 12, iv);
	gcm_aes128_update(&c, 5, out);
	gcm_aes128_encrypt(&c, n, out + 5, inside);
	gcm_aes128_digest(&c, 16, out + 5 + n);
	return n + 21;
}

static void say(struct peer *p, const void *inside, size_t n)
{
	unsigned char wire[256];
	size_t size = record(p, inside, n, wire);
	assert_int_equal(send(p->fd, wire, size, MSG_NOSIGNAL), (int)size);
}
#define SAY(p, inside) say(p, inside, sizeof(inside) - 1)

static bool opened(struct peer *p)
{
	struct str in = buf_view(&p->wire);
	enum tls_alert alert;
	p->n = tls_records_open(p->reads, &in, p->plain, &p->type, &alert);
	assert_int_not_equal(p->n, -2);
	if (p->n == -1)
		return false;
	memmove(p->wire.p, in.p, in.n);
	p->wire.n = in.n;
	return true;
}

/* The server's next record that is no ticket. False: it has closed. */
static bool hear(struct peer *p)
{
	char some[4096];
	for (uint64_t end = uv_hrtime() + 10000000000ull; uv_hrtime() < end;) {
		if (opened(p)) {
			if (p->type == TLS_HANDSHAKE && p->plain[0] == 4)
				continue;
			return true;
		}
		ssize_t n = recv(p->fd, some, sizeof(some), MSG_DONTWAIT);
		if (n == 0)
			return false;
		if (n > 0)
			buf_add(&p->wire, some, (size_t)n);
		else
			run_turns(1);
	}
	fail_msg("the server said nothing");
	return false;
}

static void heard_alert_and_end(struct peer *p, enum tls_alert a)
{
	assert_true(hear(p));
	assert_int_equal(p->type, TLS_ALERT);
	assert_int_equal(p->plain[0], 2);
	assert_int_equal(p->plain[1], a);
	assert_false(hear(p));
	RUN_UNTIL(p->raw.closed);
}

static void heard_data(struct peer *p, const char *text)
{
	assert_true(hear(p));
	assert_int_equal(p->type, TLS_DATA);
	assert_int_equal(p->n, (int)strlen(text));
	assert_memory_equal(p->plain, text, strlen(text));
}

static void forged_record_gets_an_alert_and_nothing_of_it_is_read(void **state)
{
	static struct peer p;
	unsigned char wire[64];
	(void)state;
	peer_up(&p);
	SAY(&p, "good\x17");
	size_t n = record(&p, "evil\x17", 5, wire);
	wire[6] ^= 1;
	assert_int_equal(send(p.fd, wire, n, 0), (int)n);
	heard_alert_and_end(&p, TLS_BAD_RECORD_MAC);
	assert_int_equal(p.raw.got.n, 4);
	peer_down(&p);
}

static void unprotected_records_and_other_messages_get_an_alert(void **state)
{
	static struct peer p;
	(void)state;
	peer_up(&p);
	assert_int_equal(send(p.fd, "\x14\x03\x03\0\1\1", 6, 0),
			 6); /* ChangeCipherSpec, too late */
	heard_alert_and_end(&p, TLS_UNEXPECTED_MESSAGE);
	peer_down(&p);
	peer_up(&p);
	SAY(&p, "\x01\0\0\0\x16");
	heard_alert_and_end(&p, TLS_UNEXPECTED_MESSAGE);
	peer_down(&p);
}

static void fatal_alert_ends_the_connection_and_is_not_answered(void **state)
{
	static struct peer p;
	(void)state;
	peer_up(&p);
	SAY(&p, "\2\x28\x15");
	assert_false(hear(&p));
	RUN_UNTIL(p.raw.closed);
	peer_down(&p);
}

static void nothing_counts_after_close_notify_but_answers_still_go_out(void **state)
{
	static struct peer p;
	(void)state;
	peer_up(&p);
	SAY(&p, "last\x17");
	SAY(&p, "\1\0\x15");
	SAY(&p, "more\x17");
	RUN_UNTIL(p.raw.ended);
	SAY(&p, "more\x17");
	raw_send(&p.raw, "answer");
	heard_data(&p, "answer");
	assert_int_equal(p.raw.got.n, 4);
	stream_shutdown(p.raw.s);
	assert_true(hear(&p));
	assert_int_equal(p.type, TLS_ALERT);
	assert_int_equal(p.plain[1], TLS_CLOSE_NOTIFY);
	peer_down(&p);
}

static void torn_record_is_an_end(void **state)
{
	static struct peer p;
	unsigned char wire[64];
	(void)state;
	peer_up(&p);
	SAY(&p, "whole\x17");
	size_t n = record(&p, "torn\x17", 5, wire);
	assert_int_equal(send(p.fd, wire, n - 1, 0), (int)n - 1);
	shutdown(p.fd, SHUT_WR);
	RUN_UNTIL(p.raw.ended);
	assert_int_equal(p.raw.got.n, 5);
	peer_down(&p);
}

static void key_update_is_answered_before_the_next_data(void **state)
{
	static struct peer p;
	bool answer;
	enum tls_alert alert;
	(void)state;
	peer_up(&p);
	for (int i = 0; i < 3; i++) {
		SAY(&p, "\x18\0\0\1\1\x16");
		key_changes(&p);
		SAY(&p, "new key\x17");
		RUN_UNTIL(p.raw.got.n == (size_t)(i + 1) * 7);
		raw_send(&p.raw, "answer");
		assert_true(hear(&p));
		assert_int_equal(p.type, TLS_HANDSHAKE);
		assert_int_equal(tls_records_handshake(p.reads,
						       str_of((char *)p.plain, (size_t)p.n),
						       &answer, &alert),
				 0);
		assert_false(answer);
		heard_data(&p, "answer");
	}
	SAY(&p, "\x18\0\0\1\0\x16"); /* wants no answer */
	key_changes(&p);
	SAY(&p, "x\x17");
	RUN_UNTIL(p.raw.got.n == 22);
	raw_send(&p.raw, "plain");
	heard_data(&p, "plain");
	peer_down(&p);
}

static void one_answer_is_enough_for_many_updates(void **state)
{
	static struct peer p;
	unsigned char wire[20 * 32];
	size_t n = 0;
	(void)state;
	peer_up(&p);
	for (int i = 0; i < 20; i++) {
		n += record(&p, "\x18\0\0\1\1\x16", 6, wire + n);
		key_changes(&p);
	}
	assert_int_equal(send(p.fd, wire, n, 0), (int)n);
	SAY(&p, "x\x17");
	RUN_UNTIL(p.raw.got.n == 1);
	assert_true(hear(&p));
	assert_int_equal(p.type, TLS_HANDSHAKE);
	run_turns(5);
	assert_int_equal(recv(p.fd, wire, sizeof(wire), MSG_DONTWAIT), -1);
	peer_down(&p);
}

/* ---- what stays with mbedtls ---- */

static void old_version(struct peer *p)
{
	mbedtls_ssl_conf_max_tls_version(&p->context->conf, MBEDTLS_SSL_VERSION_TLS1_2);
}

static void small_fragments(struct peer *p)
{
	old_version(p);
	mbedtls_ssl_conf_max_frag_len(&p->context->conf, MBEDTLS_SSL_MAX_FRAG_LEN_512);
}

static void stronger_cipher(struct peer *p)
{
	static const int suites[] = { MBEDTLS_TLS1_3_AES_256_GCM_SHA384, 0 };
	mbedtls_ssl_conf_ciphersuites(&p->context->conf, suites);
}

static void every_kind_of_connection_carries_data(void **state)
{
	static void (*const kinds[])(struct peer *) = { NULL, old_version, small_fragments,
							stronger_cipher };
	static char text[5000], got[5000];
	(void)state;
	memset(text, 'y', sizeof(text));
	for (size_t i = 0; i < COUNT_OF(kinds); i++) {
		static struct peer p;
		size_t n = 0;
		shake_hands(&p, kinds[i]);
		assert_string_equal(tls_stream_alpn(p.raw.s), "http/1.1");
		assert_int_equal(mbedtls_ssl_write(&p.ssl, (unsigned char *)text, 500), 500);
		RUN_UNTIL(p.raw.got.n == 500);
		stream_write_copy(p.raw.s, text, sizeof(text));
		while (n < sizeof(text)) {
			int r = mbedtls_ssl_read(&p.ssl, (unsigned char *)got + n, sizeof(got) - n);
			if (r > 0)
				n += (size_t)r;
			run_turns(1);
		}
		assert_memory_equal(got, text, sizeof(text));
		stream_shutdown(p.raw.s);
		while (mbedtls_ssl_read(&p.ssl, (unsigned char *)got, 1) !=
		       MBEDTLS_ERR_SSL_PEER_CLOSE_NOTIFY)
			run_turns(1);
		peer_down(&p);
	}
}

#define ON_LOOP(f) cmocka_unit_test_setup_teardown(f, loop_setup, loop_teardown)
int main(void)
{
	const struct CMUnitTest tests[] = {
		ON_LOOP(forged_record_gets_an_alert_and_nothing_of_it_is_read),
		ON_LOOP(unprotected_records_and_other_messages_get_an_alert),
		ON_LOOP(fatal_alert_ends_the_connection_and_is_not_answered),
		ON_LOOP(nothing_counts_after_close_notify_but_answers_still_go_out),
		ON_LOOP(torn_record_is_an_end),
		ON_LOOP(key_update_is_answered_before_the_next_data),
		ON_LOOP(one_answer_is_enough_for_many_updates),
		ON_LOOP(every_kind_of_connection_carries_data),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

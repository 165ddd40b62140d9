/* SPDX-License-Identifier: Apache-2.0 */
#include "fixture.h"

#include <arpa/inet.h>
#include <mbedtls/oid.h>
#include <mbedtls/pk.h>
#include <mbedtls/x509_crt.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/encode.h"

struct loop test_loop;

int loop_setup(void **state)
{
	(void)state;
	return loop_init(&test_loop, "test", NULL);
}

static void count_user_handles(uv_handle_t *h, void *ctx)
{
	int *n = ctx;
	if (!uv_is_closing(h) && h != (uv_handle_t *)&test_loop.wake &&
	    h != (uv_handle_t *)&test_loop.before_sleep &&
	    h != (uv_handle_t *)&test_loop.no_sleep && h != (uv_handle_t *)&test_loop.delay_timer)
		(*n)++;
}

int loop_teardown(void **state)
{
	int left = 0;
	(void)state;
	run_turns(10);
	uv_walk(&test_loop.uv, count_user_handles, &left);
	loop_close(&test_loop);
	if (left > 0)
		print_error("%d handles were not closed\n", left);
	return left > 0;
}

static void on_tick(uv_timer_t *t)
{
	(void)t;
}

void run_once(void)
{
	uv_timer_t tick;
	uv_timer_init(&test_loop.uv, &tick);
	uv_timer_start(&tick, on_tick, 100, 0);
	uv_run(&test_loop.uv, UV_RUN_ONCE);
	uv_close((uv_handle_t *)&tick, NULL);
	uv_run(&test_loop.uv, UV_RUN_NOWAIT);
}

void run_turns(int n)
{
	for (int i = 0; i < n; i++)
		uv_run(&test_loop.uv, UV_RUN_NOWAIT);
}

static void on_data(struct stream *s, const char *p, size_t n)
{
	struct raw *r = s->ctx;
	buf_add(&r->got, p, n);
}

static void on_end(struct stream *s)
{
	struct raw *r = s->ctx;
	r->ended = true;
}

static void on_close(struct stream *s)
{
	struct raw *r = s->ctx;
	r->closed = true;
	r->s = NULL;
}

void raw_init(struct raw *r, struct stream *s)
{
	*r = (struct raw){ .s = s };
	s->ctx = r;
	s->on_data = on_data;
	s->on_end = on_end;
	s->on_close = on_close;
	stream_read_start(s);
}

void raw_connect(struct raw *r, int port)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port) };
	a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(connect(fd, (struct sockaddr *)&a, sizeof(a)), 0);
	raw_init(r, stream_from_fd(&test_loop, fd, NULL));
}

void raw_send(struct raw *r, const char *text)
{
	assert_non_null(r->s);
	stream_write_copy(r->s, text, strlen(text));
}

bool raw_has(const struct raw *r, const char *text)
{
	return r->got.n > 0 && str_contains(buf_view(&r->got), str_from(text));
}

size_t raw_count(const struct raw *r, const char *text)
{
	size_t n = 0;
	for (const char *p = r->got.p; p && (p = strstr(p, text)); p++)
		n++;
	return n;
}

void raw_close(struct raw *r)
{
	if (r->s)
		stream_close(r->s);
	RUN_UNTIL(r->closed);
	buf_free(&r->got);
}

static int rng(void *ctx, unsigned char *out, size_t n)
{
	(void)ctx;
	rand_bytes(out, n);
	return 0;
}

static void key_make(mbedtls_pk_context *key)
{
	mbedtls_pk_init(key);
	assert_int_equal(mbedtls_pk_setup(key, mbedtls_pk_info_from_type(MBEDTLS_PK_ECKEY)), 0);
	assert_int_equal(mbedtls_ecp_gen_key(MBEDTLS_ECP_DP_SECP256R1, mbedtls_pk_ec(*key), rng,
					     NULL),
			 0);
}

static void set_names(mbedtls_x509write_cert *w, const struct identity_spec *spec)
{
	static unsigned char ip[4];
	mbedtls_x509_san_list dns = { 0 }, addr = { 0 };
	mbedtls_x509_san_list *list = NULL;
	if (spec->ip) {
		inet_pton(AF_INET, spec->ip, ip);
		addr.node.type = MBEDTLS_X509_SAN_IP_ADDRESS;
		addr.node.san.unstructured_name.p = ip;
		addr.node.san.unstructured_name.len = 4;
		addr.next = list;
		list = &addr;
	}
	if (spec->dns) {
		dns.node.type = MBEDTLS_X509_SAN_DNS_NAME;
		dns.node.san.unstructured_name.p = (unsigned char *)(uintptr_t)spec->dns;
		dns.node.san.unstructured_name.len = strlen(spec->dns);
		dns.next = list;
		list = &dns;
	}
	if (list)
		assert_int_equal(mbedtls_x509write_crt_set_subject_alternative_name(w, list), 0);
}

static void set_usage(mbedtls_x509write_cert *w, const struct identity_spec *spec)
{
	mbedtls_asn1_sequence usage = { 0 };
	usage.buf.tag = MBEDTLS_ASN1_OID;
	if (spec->client) {
		usage.buf.p = (unsigned char *)(uintptr_t)MBEDTLS_OID_CLIENT_AUTH;
		usage.buf.len = MBEDTLS_OID_SIZE(MBEDTLS_OID_CLIENT_AUTH);
	} else {
		usage.buf.p = (unsigned char *)(uintptr_t)MBEDTLS_OID_SERVER_AUTH;
		usage.buf.len = MBEDTLS_OID_SIZE(MBEDTLS_OID_SERVER_AUTH);
	}
	if (!spec->ca)
		assert_int_equal(mbedtls_x509write_crt_set_ext_key_usage(w, &usage), 0);
}

void identity_make(struct identity *out, const struct identity_spec *spec)
{
	mbedtls_pk_context key, issuer_key;
	mbedtls_x509write_cert w;
	unsigned char serial[8], pem[4096];
	key_make(&key);
	mbedtls_pk_init(&issuer_key);
	if (spec->issuer)
		assert_int_equal(mbedtls_pk_parse_key(&issuer_key,
						      (unsigned char *)spec->issuer->key.p,
						      spec->issuer->key.n + 1, NULL, 0, rng, NULL),
				 0);
	rand_bytes(serial, sizeof(serial));
	serial[0] &= 0x7f;
	serial[0] |= 1;
	mbedtls_x509write_crt_init(&w);
	mbedtls_x509write_crt_set_version(&w, MBEDTLS_X509_CRT_VERSION_3);
	mbedtls_x509write_crt_set_md_alg(&w, MBEDTLS_MD_SHA256);
	mbedtls_x509write_crt_set_subject_key(&w, &key);
	mbedtls_x509write_crt_set_issuer_key(&w, spec->issuer ? &issuer_key : &key);
	assert_int_equal(mbedtls_x509write_crt_set_subject_name(&w, spec->subject), 0);
	assert_int_equal(mbedtls_x509write_crt_set_issuer_name(&w, spec->issuer
									   ? spec->issuer_subject
									   : spec->subject),
			 0);
	mbedtls_x509write_crt_set_serial_raw(&w, serial, sizeof(serial));
	mbedtls_x509write_crt_set_validity(&w, "20200101000000",
					   spec->expired ? "20210101000000" : "20991231235959");
	mbedtls_x509write_crt_set_basic_constraints(&w, spec->ca, -1);
	set_names(&w, spec);
	set_usage(&w, spec);
	assert_int_equal(mbedtls_x509write_crt_pem(&w, pem, sizeof(pem), rng, NULL), 0);
	*out = (struct identity){ 0 };
	buf_puts(&out->cert, (char *)pem);
	assert_int_equal(mbedtls_pk_write_key_pem(&key, pem, sizeof(pem)), 0);
	buf_puts(&out->key, (char *)pem);
	mbedtls_x509write_crt_free(&w);
	mbedtls_pk_free(&issuer_key);
	mbedtls_pk_free(&key);
}

void identity_free(struct identity *i)
{
	buf_free(&i->cert);
	buf_free(&i->key);
}

static struct test_pki pki;

static void pki_free(void)
{
	struct identity *all[] = { &pki.ca,          &pki.server,   &pki.client,
				   &pki.stranger_ca, &pki.stranger, &pki.expired };
	for (size_t i = 0; i < COUNT_OF(all); i++)
		identity_free(all[i]);
}

const struct test_pki *test_pki(void)
{
	if (pki.ca.cert.n > 0)
		return &pki;
	identity_make(&pki.ca, &(struct identity_spec){ .subject = "CN=test-ca", .ca = true });
	identity_make(&pki.server, &(struct identity_spec){ .subject = "CN=server",
							    .issuer = &pki.ca,
							    .issuer_subject = "CN=test-ca",
							    .dns = "localhost",
							    .ip = "127.0.0.1" });
	identity_make(&pki.client, &(struct identity_spec){ .subject = "CN=jane,O=system:masters",
							    .issuer = &pki.ca,
							    .issuer_subject = "CN=test-ca",
							    .client = true });
	identity_make(&pki.stranger_ca,
		      &(struct identity_spec){ .subject = "CN=test-ca", .ca = true });
	identity_make(&pki.stranger, &(struct identity_spec){ .subject = "CN=jane,O=system:masters",
							      .issuer = &pki.stranger_ca,
							      .issuer_subject = "CN=test-ca",
							      .client = true });
	identity_make(&pki.expired, &(struct identity_spec){ .subject = "CN=jane",
							     .issuer = &pki.ca,
							     .issuer_subject = "CN=test-ca",
							     .client = true,
							     .expired = true });
	atexit(pki_free);
	return &pki;
}

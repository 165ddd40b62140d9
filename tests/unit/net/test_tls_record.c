/* SPDX-License-Identifier: Apache-2.0 */
/* Records against the trace of RFC 8448 (section 3) and against each other: `peer` is the same code with the secrets changed over. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <nettle/gcm.h>

#include "base/encode.h"
#include "net/tls_record.h"

#define SUITE_128 MBEDTLS_TLS1_3_AES_128_GCM_SHA256
#define SUITE_256 MBEDTLS_TLS1_3_AES_256_GCM_SHA384

static struct tls_secret secret(const char *hex)
{
	struct tls_secret s = { .n = strlen(hex) / 2 };
	assert_true(hex_decode(s.p, s.n, str_from(hex)));
	return s;
}

static struct tls_secrets rfc_secrets(void)
{
	return (struct tls_secrets){
		.client =
			secret("9e40646ce79a7f9dc05af8889bce6552875afa0b06df0087f792ebb7c17504a5"),
		.server =
			secret("a11af9f05531f856ad47116b45a950328204b4f44bfb6b3a4b4f1f3fcb631643"),
	};
}

struct pair {
	struct tls_records *server, *peer;
	unsigned char wire[TLS_RECORD_MAX], plain[TLS_RECORD_PLAIN + 256];
	enum tls_content type;
	enum tls_alert alert;
};

static void pair_up(struct pair *p, int suite)
{
	struct tls_secrets a = rfc_secrets();
	a.client.n = a.server.n = suite == SUITE_256 ? 48 : 32;
	struct tls_secrets b = { .client = a.server, .server = a.client };
	p->server = tls_records_new(suite, &a, 0, 0);
	p->peer = tls_records_new(suite, &b, 0, 0);
	assert_non_null(p->server);
	assert_non_null(p->peer);
	assert_int_equal(a.client.n, 0); /* wiped */
}

static void pair_down(struct pair *p)
{
	tls_records_free(p->server);
	tls_records_free(p->peer);
}

static size_t seal(struct tls_records *r, const char *text, size_t n, unsigned char *out)
{
	struct chunk_queue q = { 0 };
	struct chunk c[2] = { { .p = text, .n = n / 3 }, { .p = text + n / 3, .n = n - n / 3 } };
	chunk_queue_add(&q, c, 2);
	size_t size = tls_records_seal(r, &q, n, out);
	assert_int_equal(q.bytes, 0);
	chunk_queue_free(&q);
	return size;
}

static int open_with(struct tls_records *r, struct pair *p, size_t n)
{
	struct str in = str_of((const char *)p->wire, n);
	return tls_records_open(r, &in, p->plain, &p->type, &p->alert);
}

static void record_of_the_rfc_is_written(void **state)
{
	static const char server[] =
		"17030300432e937e11ef4ac740e538ad36005fc4a46932fc3225d05f82aa1b36e30efaf97d90e6dffc"
		"602dcb501a59a8fcc49c4bf2e5f0a21c0047c2abf332540dd032e167c2955d";
	struct tls_secrets s = rfc_secrets();
	struct tls_records *r = tls_records_new(SUITE_128, &s, 0, 1); /* one ticket went out */
	unsigned char wire[72];
	char text[50], hex[2 * sizeof(wire) + 1];
	(void)state;
	for (size_t i = 0; i < sizeof(text); i++)
		text[i] = (char)i;
	assert_int_equal(seal(r, text, sizeof(text), wire), sizeof(wire));
	hex_encode(hex, wire, sizeof(wire));
	assert_string_equal(hex, server);
	tls_records_free(r);
}

static void records_of_every_size_come_back(void **state)
{
	static const size_t sizes[] = { 0, 1, 15, 16, 17, 31, 1000, 16383, TLS_RECORD_PLAIN };
	static char text[TLS_RECORD_PLAIN];
	(void)state;
	for (size_t i = 0; i < sizeof(text); i++)
		text[i] = (char)(i * 31);
	for (int k = 0; k < 2; k++) {
		struct pair p;
		pair_up(&p, k ? SUITE_256 : SUITE_128);
		for (size_t i = 0; i < COUNT_OF(sizes); i++) {
			size_t n = seal(p.server, text, sizes[i], p.wire);
			assert_int_equal(n, sizes[i] + TLS_RECORD_OVERHEAD);
			assert_int_equal(open_with(p.peer, &p, n), (int)sizes[i]);
			assert_int_equal(p.type, TLS_DATA);
			assert_memory_equal(p.plain, text, sizes[i]);
		}
		pair_down(&p);
	}
}

static void part_of_a_record_waits_for_the_rest(void **state)
{
	struct pair p;
	(void)state;
	pair_up(&p, SUITE_128);
	size_t n = seal(p.server, "hello", 5, p.wire);
	for (size_t i = 0; i < n; i++)
		assert_int_equal(open_with(p.peer, &p, i), -1);
	assert_int_equal(open_with(p.peer, &p, n), 5);
	pair_down(&p);
}

static void changed_bit_repeated_or_plain_record_ends_the_connection(void **state)
{
	struct pair p;
	(void)state;
	pair_up(&p, SUITE_128);
	size_t n = seal(p.server, "hello", 5, p.wire);
	assert_int_equal(open_with(p.peer, &p, n), 5);
	assert_int_equal(open_with(p.peer, &p, n), -2);
	assert_int_equal(p.alert, TLS_BAD_RECORD_MAC);
	pair_down(&p);

	for (size_t i = 5; i < n; i++) {
		pair_up(&p, SUITE_128);
		n = seal(p.server, "hello", 5, p.wire);
		p.wire[i] ^= 1;
		assert_int_equal(open_with(p.peer, &p, n), -2);
		assert_int_equal(p.alert, TLS_BAD_RECORD_MAC);
		pair_down(&p);
	}
	pair_up(&p, SUITE_128);
	memcpy(p.wire, "\x16\x03\x03\x00\x20", 5);
	assert_int_equal(open_with(p.peer, &p, 37), -2);
	assert_int_equal(p.alert, TLS_UNEXPECTED_MESSAGE);
	memcpy(p.wire, "\x17\x03\x03\x00\x0f", 5); /* shorter than a tag */
	assert_int_equal(open_with(p.peer, &p, 20), -2);
	assert_int_equal(p.alert, TLS_BAD_RECORD_MAC);
	memcpy(p.wire, "\x17\x03\x03\x41\x01", 5);
	assert_int_equal(open_with(p.peer, &p, 5), -2);
	assert_int_equal(p.alert, TLS_RECORD_OVERFLOW);
	pair_down(&p);
}

/* A client's record with this inside (text, type, padding), made by the cipher alone with the keys that the RFC prints. */
static size_t client_record(struct pair *p, const void *inside, size_t n, uint64_t sequence)
{
	struct gcm_aes128_ctx c;
	unsigned char key[16], iv[12];
	assert_true(hex_decode(key, 16, STR("17422dda596ed5d9acd890e3c63f5051")));
	assert_true(hex_decode(iv, 12, STR("5b78923dee08579033e523d9")));
	iv[11] ^= (unsigned char)sequence;
	memcpy(p->wire, "\x17\x03\x03", 3);
	p->wire[3] = (unsigned char)((n + 16) >> 8);
	p->wire[4] = (unsigned char)(n + 16);
	gcm_aes128_set_key(&c, key);
	gcm_aes128_set_iv(&c, 12, iv);
	gcm_aes128_update(&c, 5, p->wire);
	gcm_aes128_encrypt(&c, n, p->wire + 5, inside);
	gcm_aes128_digest(&c, 16, p->wire + 5 + n);
	return n + 21;
}

static void record_of_the_rfc_is_read_padded_too(void **state)
{
	static char padded[TLS_RECORD_PLAIN + 1] = "hello\x17";
	struct pair p;
	(void)state;
	pair_up(&p, SUITE_128);
	assert_int_equal(open_with(p.server, &p, client_record(&p, "ping\x17", 5, 0)), 4);
	assert_int_equal(p.type, TLS_DATA);
	assert_memory_equal(p.plain, "ping", 4);
	assert_int_equal(open_with(p.server, &p, client_record(&p, padded, sizeof(padded), 1)), 5);
	assert_int_equal(open_with(p.server, &p, client_record(&p, "\1\0\x15\0\0", 5, 2)), 2);
	assert_int_equal(p.type, TLS_ALERT);
	pair_down(&p);
}

static void insides_that_the_rfc_forbids_end_the_connection(void **state)
{
	static char big[TLS_RECORD_PLAIN + 240];
	static const struct {
		const char *inside;
		size_t n;
		enum tls_alert alert;
	} rows[] = { { "", 0, TLS_UNEXPECTED_MESSAGE },
		     { "\0\0\0\0", 4, TLS_UNEXPECTED_MESSAGE },
		     { big, sizeof(big), TLS_RECORD_OVERFLOW } };
	(void)state;
	memset(big, 'x', sizeof(big));
	big[sizeof(big) - 1] = TLS_DATA;
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct pair p;
		pair_up(&p, SUITE_128);
		size_t n = client_record(&p, rows[i].inside, rows[i].n, 0);
		assert_int_equal(open_with(p.server, &p, n), -2);
		assert_int_equal(p.alert, rows[i].alert);
		pair_down(&p);
	}
}

static void records_without_data_are_not_taken_for_ever(void **state)
{
	struct pair p;
	int taken = 0;
	(void)state;
	pair_up(&p, SUITE_128);
	for (int i = 0; i < 20; i++)
		assert_int_equal(open_with(p.server, &p, seal(p.peer, "", 0, p.wire)), 0);
	assert_int_equal(open_with(p.server, &p, seal(p.peer, "x", 1, p.wire)), 1);
	while (open_with(p.server, &p, seal(p.peer, "", 0, p.wire)) == 0)
		taken++;
	assert_int_equal(taken, 32);
	assert_int_equal(p.alert, TLS_UNEXPECTED_MESSAGE);
	pair_down(&p);
}

static int handshake(struct pair *p, const char *text, size_t n, bool *answer)
{
	return tls_records_handshake(p->server, str_of(text, n), answer, &p->alert);
}

static void keys_change_when_the_peer_changes_them(void **state)
{
	struct pair p;
	bool answer = true;
	(void)state;
	pair_up(&p, SUITE_256);
	for (int i = 0; i < 3; i++) {
		size_t n = tls_records_seal_key_update(p.peer, p.wire);
		assert_int_equal(n, TLS_KEY_UPDATE_BYTES);
		int got = open_with(p.server, &p, n);
		assert_int_equal(p.type, TLS_HANDSHAKE);
		assert_int_equal(handshake(&p, (char *)p.plain, (size_t)got, &answer), 0);
		assert_false(answer);
		n = seal(p.peer, "new key", 7, p.wire);
		assert_int_equal(open_with(p.server, &p, n), 7);
	}
	assert_int_equal(handshake(&p, "\x18\0\0\1\1", 5, &answer), 0);
	assert_true(answer);
	pair_down(&p);
}

static void key_update_comes_in_pieces_but_nothing_between_them(void **state)
{
	struct pair p;
	bool answer = true;
	(void)state;
	pair_up(&p, SUITE_128);
	assert_int_equal(handshake(&p, "\x18\0", 2, &answer), 0);
	assert_false(answer);
	assert_int_equal(handshake(&p, "\0\1", 2, &answer), 0);
	assert_int_equal(handshake(&p, "\1", 1, &answer), 0);
	assert_true(answer);
	tls_records_seal_key_update(p.peer, p.wire); /* the peer goes along */
	assert_int_equal(open_with(p.server, &p, seal(p.peer, "x", 1, p.wire)), 1);
	assert_int_equal(handshake(&p, "\x18\0", 2, &answer), 0);
	assert_int_equal(open_with(p.server, &p, seal(p.peer, "x", 1, p.wire)), -2);
	assert_int_equal(p.alert, TLS_UNEXPECTED_MESSAGE);
	pair_down(&p);
}

static void other_messages_after_the_handshake_end_the_connection(void **state)
{
	static const struct {
		const char *text;
		size_t n;
		enum tls_alert alert;
	} rows[] = { { "", 0, TLS_UNEXPECTED_MESSAGE },
		     { "\x01\0\0\0", 4,
		       TLS_UNEXPECTED_MESSAGE }, /* ClientHello: no renegotiation */
		     { "\x0b\0\0\0", 4, TLS_UNEXPECTED_MESSAGE }, /* Certificate nobody asked for */
		     { "\x18\0\0\2\0\0", 6, TLS_UNEXPECTED_MESSAGE },
		     { "\x18\0\0\1\0\x18\0\0\1\0", 10, TLS_UNEXPECTED_MESSAGE },
		     { "\x18\0\0\2\0", 5, TLS_DECODE_ERROR },
		     { "\x18\0\0\1\2", 5, TLS_ILLEGAL_PARAMETER } };
	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct pair p;
		bool answer;
		pair_up(&p, SUITE_128);
		assert_int_equal(handshake(&p, rows[i].text, rows[i].n, &answer), -2);
		assert_int_equal(p.alert, rows[i].alert);
		pair_down(&p);
	}
}

static void key_is_worn_after_as_much_as_the_rfc_allows(void **state)
{
	struct pair p;
	struct tls_secrets s = rfc_secrets();
	(void)state;
	pair_up(&p, SUITE_128);
	seal(p.server, "x", 1, p.wire);
	assert_false(tls_records_key_is_worn(p.server));
	pair_down(&p);
	p.server = tls_records_new(SUITE_128, &s, 0, 1 << 24);
	assert_true(tls_records_key_is_worn(p.server));
	tls_records_seal_key_update(p.server, p.wire);
	assert_false(tls_records_key_is_worn(p.server));
	tls_records_free(p.server);
}

static void other_suites_are_left_to_the_library(void **state)
{
	struct tls_secrets s = rfc_secrets();
	(void)state;
	assert_null(tls_records_new(MBEDTLS_TLS1_3_CHACHA20_POLY1305_SHA256, &s, 0, 0));
	s = (struct tls_secrets){ 0 }; /* TLS 1.2 exports none of these */
	assert_null(tls_records_new(SUITE_128, &s, 0, 0));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(record_of_the_rfc_is_written),
		cmocka_unit_test(records_of_every_size_come_back),
		cmocka_unit_test(part_of_a_record_waits_for_the_rest),
		cmocka_unit_test(changed_bit_repeated_or_plain_record_ends_the_connection),
		cmocka_unit_test(record_of_the_rfc_is_read_padded_too),
		cmocka_unit_test(insides_that_the_rfc_forbids_end_the_connection),
		cmocka_unit_test(records_without_data_are_not_taken_for_ever),
		cmocka_unit_test(keys_change_when_the_peer_changes_them),
		cmocka_unit_test(key_update_comes_in_pieces_but_nothing_between_them),
		cmocka_unit_test(other_messages_after_the_handshake_end_the_connection),
		cmocka_unit_test(key_is_worn_after_as_much_as_the_rfc_allows),
		cmocka_unit_test(other_suites_are_left_to_the_library),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "claim.h"

#include <mbedtls/pk.h>

#include "agent/kubelet/pod/ed25519.h"
#include "agent/kubelet/pod/pod_key.h"
#include "api/validation/pem.h"
#include "base/encode.h"

static int random_bytes(void *ctx, unsigned char *out, size_t n)
{
	(void)ctx;
	rand_bytes(out, n);
	return 0;
}

/* The key reads as what it is, and the request carries its public half. */
static void check(const char *type, size_t bits)
{
	auto_buf key = { 0 }, request = { 0 };
	auto_err err = { 0 };
	mbedtls_pk_context pk;
	unsigned char public[1024];
	assert_int_equal(pod_key_new(str_from(type), &key, &request, &err), 0);
	assert_true(str_starts(buf_view(&key), STR("-----BEGIN PRIVATE KEY-----\n")));
	mbedtls_pk_init(&pk);
	assert_int_equal(mbedtls_pk_parse_key(&pk, (unsigned char *)key.p, key.n + 1, NULL, 0,
					      random_bytes, NULL),
			 0);
	assert_int_equal(mbedtls_pk_get_bitlen(&pk), bits);
	int n = mbedtls_pk_write_pubkey_der(&pk, public, sizeof(public)); /* at the end */
	assert_true(n > 0);
	assert_true(
		str_contains(buf_view(&request), str_of(public + sizeof(public) - n, (size_t)n)));
	mbedtls_pk_free(&pk);
}

static void a_key_of_each_curve_comes_with_its_request(void **state)
{
	(void)state;
	check("ECDSAP256", 256);
	check("ECDSAP384", 384);
	check("ECDSAP521", 521);
}

static void an_rsa_key_comes_with_its_request(void **state)
{
	(void)state;
	check("RSA3072", 3072);
}

/* The frames are of fixed length: RFC 8410, 7 and RFC 2986. */
static void an_ed25519_key_comes_with_its_request(void **state)
{
	static const char head[] = "\x30\x7f\x30\x33\x02\x01\x00\x30\x00"
				   "\x30\x2a\x30\x05\x06\x03\x2b\x65\x70\x03\x21\x00",
			  mid[] = "\xa0\x00\x30\x05\x06\x03\x2b\x65\x70\x03\x41\x00",
			  pkcs8[] = "\x30\x2e\x02\x01\x00\x30\x05\x06\x03\x2b\x65\x70"
				    "\x04\x22\x04\x20";
	enum {
		INFO = 2,
		INFO_N = 53,
		KEY = sizeof(head) - 1,
		SIGNATURE = KEY + 32 + sizeof(mid) - 1
	};
	auto_buf key = { 0 }, request = { 0 };
	auto_err err = { 0 };
	struct str rest;
	struct pem_block block;
	uint8_t public[ED25519_KEY_BYTES], signature[ED25519_SIGNATURE_BYTES];
	(void)state;
	assert_int_equal(pod_key_new(STR("ED25519"), &key, &request, &err), 0);
	rest = buf_view(&key);
	assert_true(pem_next(&rest, &block));
	assert_int_equal(block.der.n, sizeof(pkcs8) - 1 + ED25519_KEY_BYTES);
	assert_memory_equal(block.der.p, pkcs8, sizeof(pkcs8) - 1);
	const uint8_t *secret = (const uint8_t *)block.der.p + sizeof(pkcs8) - 1;
	assert_int_equal(ed25519_public(secret, public), 0);
	assert_int_equal(ed25519_sign(secret, public, str_of(request.p + INFO, INFO_N), signature),
			 0);
	assert_int_equal(request.n, SIGNATURE + ED25519_SIGNATURE_BYTES);
	assert_memory_equal(request.p, head, sizeof(head) - 1);
	assert_memory_equal(request.p + KEY, public, sizeof(public));
	assert_memory_equal(request.p + KEY + 32, mid, sizeof(mid) - 1);
	assert_memory_equal(request.p + SIGNATURE, signature, sizeof(signature));
	buf_free(&block.der);
}

static void an_unknown_type_is_refused(void **state)
{
	(void)state;
	auto_buf key = { 0 }, request = { 0 };
	auto_err err = { 0 };
	assert_int_equal(pod_key_new(STR("DSA"), &key, &request, &err), -ERR_INVALID);
	assert_string_equal(err_text(&err), "unknown key type \"DSA\"");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_key_of_each_curve_comes_with_its_request),
		cmocka_unit_test(an_rsa_key_comes_with_its_request),
		cmocka_unit_test(an_ed25519_key_comes_with_its_request),
		cmocka_unit_test(an_unknown_type_is_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

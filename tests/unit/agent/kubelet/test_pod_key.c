/* SPDX-License-Identifier: Apache-2.0 */
#include "claim.h"

#include <mbedtls/pk.h>

#include "agent/kubelet/pod/pod_key.h"
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
		cmocka_unit_test(an_unknown_type_is_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/unit.h"

#include "base/encode.h"
#include "base/mem.h"
#include "server/apiserver/authn/jwt.h"
#include "server/apiserver/pki/key.h"

static mbedtls_pk_context key, other;

static int make_keys(void **state)
{
	(void)state;
	return key_generate(&key, NULL) || key_generate(&other, NULL);
}

static int free_keys(void **state)
{
	(void)state;
	mbedtls_pk_free(&key);
	mbedtls_pk_free(&other);
	return 0;
}

static void sign(struct buf *out)
{
	json_t *claims = json_pack("{s:s,s:i}", "sub", "a", "exp", 7);
	assert_int_equal(jwt_sign(&key, "k", claims, out, NULL), 0);
	json_decref(claims);
}

static void assert_refused(mbedtls_pk_context *by, struct str token)
{
	json_t *claims = NULL;
	assert_int_equal(jwt_verify(by, "k", token, &claims, NULL), -ERR_UNAUTHORIZED);
	assert_null(claims);
}

static void what_was_signed_is_read_again(void **state)
{
	(void)state;
	auto_buf token = { 0 };
	json_t *claims = NULL;
	sign(&token);
	assert_int_equal(jwt_verify(&key, "k", buf_view(&token), &claims, NULL), 0);
	assert_string_equal(json_string_value(json_object_get(claims, "sub")), "a");
	json_decref(claims);
}

static void each_changed_byte_breaks_the_token(void **state)
{
	(void)state;
	auto_buf token = { 0 };
	sign(&token);
	for (size_t i = 0; i < token.n - 1; i += 7) {
		char was = token.p[i];
		token.p[i] = was == 'A' ? 'B' : 'A';
		assert_refused(&key, buf_view(&token));
		token.p[i] = was;
	}
}

static void another_key_does_not_verify(void **state)
{
	(void)state;
	auto_buf token = { 0 };
	sign(&token);
	assert_refused(&other, buf_view(&token));
}

/* The classic holes: no algorithm, and an algorithm of the attacker's choice. */
static void only_es256_is_accepted(void **state)
{
	(void)state;
	static const char *const headers[] = { "{\"alg\":\"none\"}", "{\"alg\":\"HS256\"}",
					       "{\"alg\":\"ES384\"}", "{}" };
	auto_buf token = { 0 };
	sign(&token);
	const char *rest = strchr(token.p, '.');
	for (size_t i = 0; i < COUNT_OF(headers); i++) {
		auto_buf forged = { 0 };
		base64url_encode(&forged, headers[i], strlen(headers[i]));
		buf_puts(&forged, rest);
		assert_refused(&key, buf_view(&forged));
		forged.n -= strlen(strrchr(forged.p, '.')) - 1; /* and without a signature */
		assert_refused(&key, buf_view(&forged));
	}
}

static void malformed_texts_are_refused(void **state)
{
	(void)state;
	static const char *const texts[] = { "",      ".",    "..",       "a",       "a.b",
					     "a.b.c", "....", "e30.e30.", "e30..e30" };
	for (size_t i = 0; i < COUNT_OF(texts); i++)
		assert_refused(&key, str_from(texts[i]));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_was_signed_is_read_again),
		cmocka_unit_test(each_changed_byte_breaks_the_token),
		cmocka_unit_test(another_key_does_not_verify),
		cmocka_unit_test(only_es256_is_accepted),
		cmocka_unit_test(malformed_texts_are_refused),
	};
	return cmocka_run_group_tests(tests, make_keys, free_keys);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* AES-GCM through nettle (deps/mbedtls/gcm_alt.c) is AES-GCM. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <mbedtls/gcm.h>

static const unsigned char key[32] = { 1, 2, 3, 4 }, iv[12] = { 9, 8, 7 };

static void passes_the_vectors_of_mbedtls(void **state)
{
	(void)state;
	assert_int_equal(mbedtls_gcm_self_test(0), 0);
}

static void any_split_of_data_and_ad_gives_the_same_result(void **state)
{
	unsigned char in[77], whole[77], parts[77], tag[16], parts_tag[16], ad[37];
	size_t n;
	mbedtls_gcm_context gcm;

	(void)state;
	for (size_t i = 0; i < sizeof(in); i++)
		in[i] = (unsigned char)(i * 7);
	memset(ad, 5, sizeof(ad));
	mbedtls_gcm_init(&gcm);
	assert_int_equal(mbedtls_gcm_setkey(&gcm, MBEDTLS_CIPHER_ID_AES, key, 256), 0);
	assert_int_equal(mbedtls_gcm_crypt_and_tag(&gcm, MBEDTLS_GCM_ENCRYPT, sizeof(in), iv,
						   sizeof(iv), ad, sizeof(ad), in, whole,
						   sizeof(tag), tag),
			 0);
	for (size_t step = 1; step < 40; step++) {
		assert_int_equal(mbedtls_gcm_starts(&gcm, MBEDTLS_GCM_ENCRYPT, iv, sizeof(iv)), 0);
		for (size_t i = 0; i < sizeof(ad); i += step)
			assert_int_equal(mbedtls_gcm_update_ad(&gcm, ad + i,
							       i + step < sizeof(ad)
								       ? step
								       : sizeof(ad) - i),
					 0);
		for (size_t i = 0; i < sizeof(in); i += n)
			assert_int_equal(mbedtls_gcm_update(&gcm, in + i,
							    i + step < sizeof(in) ? step
										  : sizeof(in) - i,
							    parts + i, sizeof(parts) - i, &n),
					 0);
		assert_int_equal(mbedtls_gcm_finish(&gcm, NULL, 0, &n, parts_tag,
						    sizeof(parts_tag)),
				 0);
		assert_memory_equal(parts, whole, sizeof(whole));
		assert_memory_equal(parts_tag, tag, sizeof(tag));
	}
	mbedtls_gcm_free(&gcm);
}

static void forged_tag_is_refused_and_leaves_no_plaintext(void **state)
{
	unsigned char text[32] = "secret", out[32], tag[16];
	static const unsigned char zero[32];
	mbedtls_gcm_context gcm;

	(void)state;
	mbedtls_gcm_init(&gcm);
	assert_int_equal(mbedtls_gcm_setkey(&gcm, MBEDTLS_CIPHER_ID_AES, key, 128), 0);
	assert_int_equal(mbedtls_gcm_crypt_and_tag(&gcm, MBEDTLS_GCM_ENCRYPT, sizeof(text), iv,
						   sizeof(iv), NULL, 0, text, text, sizeof(tag),
						   tag),
			 0);
	assert_int_equal(mbedtls_gcm_auth_decrypt(&gcm, sizeof(text), iv, sizeof(iv), NULL, 0, tag,
						  sizeof(tag), text, out),
			 0);
	assert_string_equal(out, "secret");
	tag[3] ^= 1;
	assert_int_equal(mbedtls_gcm_auth_decrypt(&gcm, sizeof(text), iv, sizeof(iv), NULL, 0, tag,
						  sizeof(tag), text, out),
			 MBEDTLS_ERR_GCM_AUTH_FAILED);
	assert_memory_equal(out, zero, sizeof(out));
	mbedtls_gcm_free(&gcm);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(passes_the_vectors_of_mbedtls),
		cmocka_unit_test(any_split_of_data_and_ad_gives_the_same_result),
		cmocka_unit_test(forged_tag_is_refused_and_leaves_no_plaintext),
	};
	return cmocka_run_group_tests_name("gcm", tests, NULL, NULL);
}

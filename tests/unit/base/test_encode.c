/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/unit.h"

#include "base/encode.h"

/* RFC 4648, section 10. */
static const char *const vectors[][2] = {
	{ "", "" },
	{ "f", "Zg==" },
	{ "fo", "Zm8=" },
	{ "foo", "Zm9v" },
	{ "foob", "Zm9vYg==" },
	{ "fooba", "Zm9vYmE=" },
	{ "foobar", "Zm9vYmFy" },
};

static void base64_follows_the_rfc_vectors_both_ways(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++) {
		auto_buf text = { 0 }, back = { 0 };
		base64_encode(&text, vectors[i][0], strlen(vectors[i][0]));
		assert_true(str_eqz(buf_view(&text), vectors[i][1]));
		assert_true(base64_decode(&back, str_from(vectors[i][1])));
		assert_true(str_eqz(buf_view(&back), vectors[i][0]));
	}
}

static void base64_refuses_what_go_refuses(void **state)
{
	(void)state;
	const char *bad[] = { "Z", "Zg", "Zg=", "Zg===", "Zm9v=", "Z*==", "Zg==Zg==", "Zm-_" };
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		auto_buf out = { 0 };
		if (base64_decode(&out, str_from(bad[i])))
			fail_msg("%s was accepted", bad[i]);
	}
}

static void base64url_needs_no_padding(void **state)
{
	(void)state;
	auto_buf text = { 0 }, back = { 0 };
	base64url_encode(&text, "\xfb\xff\xfe", 3);
	base64url_encode(&text, "f", 1);
	assert_true(str_eqz(buf_view(&text), "-__-Zg"));
	assert_true(base64url_decode(&back, STR("-__-Zg")));
	assert_int_equal(back.n, 4);
}

static void sha256_of_the_known_text(void **state)
{
	(void)state;
	char hex[65];
	sha256_hex("abc", 3, hex);
	assert_string_equal(hex,
			    "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

static void hex_round_trips_and_is_strict(void **state)
{
	(void)state;
	unsigned char out[2];
	char text[5];
	assert_true(hex_decode(out, 2, STR("0aFf")));
	hex_encode(text, out, 2);
	assert_string_equal(text, "0aff");
	assert_false(hex_decode(out, 2, STR("0aFfx")));
	assert_false(hex_decode(out, 2, STR("0agf")));
}

static void uuids_are_version_4_and_differ(void **state)
{
	(void)state;
	char a[37], b[37];
	uuid_new(a);
	uuid_new(b);
	assert_int_equal(strlen(a), 36);
	assert_int_equal(a[14], '4');
	assert_non_null(strchr("89ab", a[19]));
	assert_string_not_equal(a, b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(base64_follows_the_rfc_vectors_both_ways),
		cmocka_unit_test(base64_refuses_what_go_refuses),
		cmocka_unit_test(base64url_needs_no_padding),
		cmocka_unit_test(sha256_of_the_known_text),
		cmocka_unit_test(hex_round_trips_and_is_strict),
		cmocka_unit_test(uuids_are_version_4_and_differ),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

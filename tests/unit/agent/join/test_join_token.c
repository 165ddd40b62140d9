/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/unit.h"

#include "agent/join/pair.h"
#include "agent/join/token.h"

#define BEARER "abcdef.0123456789abcdef"

static void a_token_trusts_the_authority_it_was_made_with_alone(void **state)
{
	(void)state;
	auto_buf text = { 0 };
	struct join_token t;
	join_token_write(STR("the authority"), STR(BEARER), &text);
	buf_puts(&text, "\n");
	assert_int_equal(0, join_token_parse(buf_view(&text), &t, NULL));
	assert_string_equal(BEARER, t.bearer);
	assert_true(join_token_trusts(&t, STR("the authority")));
	assert_false(join_token_trusts(&t, STR("the authority ")));
}

static void what_is_no_token_is_refused_without_showing_it(void **state)
{
	static const char *const wrong[] = { "",           "K10",
					     BEARER,       "K10::" BEARER,
					     "K10" BEARER, "K10deadbeef::" BEARER };
	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
		struct join_token t;
		auto_err err = { 0 };
		assert_int_equal(-ERR_BAD_REQUEST, join_token_parse(str_from(wrong[i]), &t, &err));
		assert_null(strstr(err_text(&err), "0123456789abcdef"));
	}
}

static void a_token_with_a_hash_of_other_letters_is_refused(void **state)
{
	(void)state;
	auto_buf text = { 0 };
	struct join_token t;
	join_token_write(STR("x"), STR(BEARER), &text);
	text.p[10] = 'G';
	assert_int_equal(-ERR_BAD_REQUEST, join_token_parse(buf_view(&text), &t, NULL));
}

static void a_certificate_is_renewed_in_the_last_third_of_its_life(void **state)
{
	const struct pair_life life = { 1000, 2000 };
	(void)state;
	for (uint64_t spread = 0; spread < 5000; spread += 7) {
		int64_t due = pair_due_s(&life, spread);
		assert_true(due >= 1700 && due < 1900);
	}
}

static void a_request_is_made_with_a_key_of_its_own(void **state)
{
	const struct pair_subject s = { "system:node:n1", "system:nodes", "n1" };
	auto_buf key = { 0 }, request = { 0 }, other = { 0 };
	(void)state;
	assert_int_equal(0, pair_request(&s, &key, &request, NULL));
	buf_reset(&request);
	assert_int_equal(0, pair_request(&s, &other, &request, NULL));
	assert_true(str_contains(buf_view(&request), STR("BEGIN CERTIFICATE REQUEST")));
	assert_true(str_contains(buf_view(&key), STR("PRIVATE KEY")));
	assert_false(str_eq(buf_view(&key), buf_view(&other)));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_token_trusts_the_authority_it_was_made_with_alone),
		cmocka_unit_test(what_is_no_token_is_refused_without_showing_it),
		cmocka_unit_test(a_token_with_a_hash_of_other_letters_is_refused),
		cmocka_unit_test(a_certificate_is_renewed_in_the_last_third_of_its_life),
		cmocka_unit_test(a_request_is_made_with_a_key_of_its_own),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

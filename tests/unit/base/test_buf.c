/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/unit.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/mem.h"

static void json_strings_are_escaped(void **state)
{
	(void)state;
	auto_buf b = { 0 };
	buf_json_string(&b, STR("a\"b\\c\n\x01/é<"));
	assert_string_equal(b.p, "\"a\\\"b\\\\c\\n\\u0001/é<\"");
}

static void an_absent_string_is_an_empty_one_in_json(void **state)
{
	(void)state;
	auto_buf b = { 0 };
	buf_json_string(&b, (struct str){ 0 });
	assert_string_equal(b.p, "\"\"");
}

static void integers_of_every_size(void **state)
{
	(void)state;
	auto_buf b = { 0 };
	buf_i64(&b, INT64_MIN);
	buf_putc(&b, ' ');
	buf_i64(&b, 0);
	assert_string_equal(b.p, "-9223372036854775808 0");
}

static void printf_grows_beyond_the_first_guess(void **state)
{
	(void)state;
	auto_buf b = { 0 };
	buf_printf(&b, "%0500d|%s", 7, "end");
	assert_int_equal(b.n, 504);
	assert_string_equal(b.p + 499, "7|end");
}

static void taking_an_empty_buffer_gives_an_empty_string(void **state)
{
	(void)state;
	struct buf b = { 0 };
	auto_free char *p = buf_take(&b);
	assert_string_equal(p, "");
}

static void arena_memory_is_clear_aligned_and_survives_growth(void **state)
{
	(void)state;
	auto_arena a = { 0 };
	char *first = arena_strdup(&a, STR("first"));
	for (size_t i = 1; i < 3000; i++) {
		unsigned char *p = arena_alloc(&a, i);
		assert_int_equal((uintptr_t)p % 16, 0);
		assert_int_equal(p[0] | p[i - 1], 0);
		memset(p, 0xff, i);
	}
	assert_string_equal(first, "first");
	arena_reset(&a);
	assert_int_equal(*(char *)arena_alloc(&a, 1), 0);
}

/* Looked at by 16 bytes where that goes: each escape at each place, with and without others near. */
static void escapes_are_found_wherever_they_stand(void **state)
{
	static const char *const odd[][2] = { { "\"", "\\\"" },
					      { "\\", "\\\\" },
					      { "\n", "\\n" },
					      { "\x1f", "\\u001f" },
					      { "\x01", "\\u0001" } };
	(void)state;
	for (size_t k = 0; k < COUNT_OF(odd); k++)
		for (size_t n = 0; n < 70; n++)
			for (size_t at = 0; at <= n; at++) {
				auto_buf text = { 0 }, want = { 0 }, have = { 0 };
				buf_putc(&want, '"');
				for (size_t i = 0; i <= n; i++) {
					buf_puts(&text, i == at ? odd[k][0]
							: i % 3 ? "x"
								: "\xc3\xa4");
					buf_puts(&want, i == at ? odd[k][1]
							: i % 3 ? "x"
								: "\xc3\xa4");
				}
				buf_puts(&text, at % 2 ? "\"\x7f" : "");
				buf_puts(&want, at % 2 ? "\\\"\x7f\"" : "\"");
				buf_json_string(&have, buf_view(&text));
				assert_string_equal(have.p, want.p);
			}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(json_strings_are_escaped),
		cmocka_unit_test(an_absent_string_is_an_empty_one_in_json),
		cmocka_unit_test(integers_of_every_size),
		cmocka_unit_test(printf_grows_beyond_the_first_guess),
		cmocka_unit_test(taking_an_empty_buffer_gives_an_empty_string),
		cmocka_unit_test(arena_memory_is_clear_aligned_and_survives_growth),
		cmocka_unit_test(escapes_are_found_wherever_they_stand),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

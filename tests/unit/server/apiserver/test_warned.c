/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/unit.h"

#include "base/mem.h"
#include "server/apiserver/warned.h"

static bool says(struct warned *w, size_t i, struct buf *out)
{
	buf_reset(out);
	return warned_header(w, i, out);
}

static void each_text_is_said_once(void **state)
{
	(void)state;
	struct warned w = { 0 };
	auto_buf text = { 0 };
	assert_true(warned_add(&w, STR("a \"b\" \\ \xc3\xa4")));
	assert_true(warned_add(&w, STR("c")));
	assert_true(warned_add(&w, STR("a \"b\" \\ \xc3\xa4")));
	assert_true(warned_add(&w, STR("")));
	assert_int_equal(w.n, 2);
	assert_true(says(&w, 0, &text));
	assert_string_equal(text.p, "299 - \"a \\\"b\\\" \\\\ \xc3\xa4\"");
	warned_free(&w);
}

static void a_text_with_control_characters_is_not_sent(void **state)
{
	(void)state;
	struct warned w = { 0 };
	auto_buf text = { 0 };
	warned_add(&w, STR("a\nb"));
	warned_add(&w, STR("a\xc2\x85"));
	assert_false(says(&w, 0, &text));
	assert_false(says(&w, 1, &text));
	warned_free(&w);
}

static void too_many_are_cut_and_then_dropped(void **state)
{
	(void)state;
	struct warned w = { 0 };
	auto_buf text = { 0 }, shown = { 0 };
	size_t heard = 0;
	bool more = true;
	while (more && heard < 1000) {
		buf_reset(&text);
		buf_printf(&text, "%zu", heard++);
		for (int k = 0; k < 400; k++)
			buf_puts(&text, "\xc3\xa4");
		more = warned_add(&w, buf_view(&text));
	}
	assert_int_equal(heard, 17); /* sixteen of 256 are 4,096 */
	assert_true(says(&w, 0, &shown));
	assert_int_equal(shown.n, strlen("299 - \"\"") + 1 + 255 * 2);
	warned_free(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_text_is_said_once),
		cmocka_unit_test(a_text_with_control_characters_is_not_sent),
		cmocka_unit_test(too_many_are_cut_and_then_dropped),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

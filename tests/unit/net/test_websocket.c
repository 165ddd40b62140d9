/* SPDX-License-Identifier: Apache-2.0 */
#include "fixture.h"

#include <string.h>

#include "net/websocket.h"

static struct buf log_text;

static void on_data(struct websocket_parser *w, const char *p, size_t n, bool first, bool last)
{
	(void)w;
	buf_printf(&log_text, "%s%.*s%s", first ? "(" : "", (int)n, p, last ? ")" : "");
}

static void on_control(struct websocket_parser *w, int opcode, const char *p, size_t n)
{
	(void)w;
	buf_printf(&log_text, "[%d %.*s]", opcode, (int)n, p);
}

static const struct websocket_parser fresh = { .data = on_data, .control = on_control };

static int setup(void **state)
{
	(void)state;
	buf_reset(&log_text);
	return 0;
}

static const char *seen(void)
{
	return log_text.n ? log_text.p : "";
}

/* RFC 6455 5.7 */
static const char masked_hello[] = "\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58";

static void masked_text_of_the_rfc_is_read(void **state)
{
	struct websocket_parser w = fresh;
	(void)state;
	assert_int_equal(websocket_parse(&w, masked_hello, sizeof(masked_hello) - 1), 0);
	assert_string_equal(seen(), "(Hello)");
}

static void frames_may_be_cut_anywhere(void **state)
{
	/* "Hel" + ping "?" + "lo" + empty message; mask 0 */
	static const char stream[] =
		"\x02\x83\0\0\0\0Hel\x89\x81\0\0\0\0?\x80\x82\0\0\0\0lo\x82\x80\0\0\0\0";
	(void)state;
	for (size_t cut = 1; cut < sizeof(stream) - 1; cut++) {
		struct websocket_parser w = fresh;
		buf_reset(&log_text);
		assert_int_equal(websocket_parse(&w, stream, cut), 0);
		assert_int_equal(websocket_parse(&w, stream + cut, sizeof(stream) - 1 - cut), 0);
		assert_non_null(strstr(seen(), "[9 ?]"));
		/* without the pieces' borders */
		char text[64];
		size_t n = 0;
		for (const char *p = seen(); *p; p++) {
			if (!strchr("[]9? ", *p))
				text[n++] = *p;
		}
		text[n] = '\0';
		assert_string_equal(text, "(Hello)()");
	}
}

static void extended_lengths_are_read(void **state)
{
	struct websocket_parser w = fresh;
	size_t n = 70000;
	char *frame = mem_zalloc(n + 14);
	(void)state;
	memcpy(frame, "\x82\xff\0\0\0\0\0\x01\x11\x70\0\0\0\0", 14);
	memset(frame + 14, 'a', n);
	assert_int_equal(websocket_parse(&w, frame, n + 14), 0);
	assert_int_equal(log_text.n, n + 2);
	memcpy(frame, "\x82\xfe\x01\x00\0\0\0\0", 8);
	buf_reset(&log_text);
	assert_int_equal(websocket_parse(&w, frame, 8), 0);
	assert_int_equal(websocket_parse(&w, frame + 14, 256), 0);
	assert_int_equal(log_text.n, 258);
	free(frame);
}

static void mistakes_are_protocol_errors(void **state)
{
	static const struct {
		const char *p;
		size_t n;
	} bad[] = {
		{ "\x81\x05Hello", 7 },                       /* not masked */
		{ "\xc1\x80", 2 },                            /* reserved bit */
		{ "\x83\x80", 2 },                            /* unknown data frame */
		{ "\x8b\x80", 2 },                            /* unknown control frame */
		{ "\x09\x80", 2 },                            /* fragmented ping */
		{ "\x89\xfe\x00\x7e", 4 },                    /* long ping */
		{ "\x80\x80", 2 },                            /* continues nothing */
		{ "\x01\x80\0\0\0\0\x81\x80", 8 },            /* message within a message */
		{ "\x82\xff\x80\0\0\0\0\0\0\0\0\0\0\0", 14 }, /* length beyond 63 bits */
	};
	(void)state;
	for (size_t i = 0; i < COUNT_OF(bad); i++) {
		struct websocket_parser w = fresh;
		assert_int_equal(websocket_parse(&w, bad[i].p, bad[i].n), 1002);
	}
}

static void heads_have_the_shortest_length(void **state)
{
	unsigned char head[10];
	(void)state;
	assert_int_equal(websocket_head(head, WEBSOCKET_BINARY, 125), 2);
	assert_memory_equal(head, "\x82\x7d", 2);
	assert_int_equal(websocket_head(head, WEBSOCKET_TEXT, 126), 4);
	assert_memory_equal(head, "\x81\x7e\x00\x7e", 4);
	assert_int_equal(websocket_head(head, WEBSOCKET_BINARY, 65536), 10);
	assert_memory_equal(head, "\x82\x7f\0\0\0\0\0\x01\0\0", 10);
}

static void accept_key_is_the_rfc_s(void **state)
{
	char accept[29];
	(void)state;
	websocket_accept_key(STR("dGhlIHNhbXBsZSBub25jZQ=="), accept);
	assert_string_equal(accept, "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
}

static int free_log(void **state)
{
	(void)state;
	buf_free(&log_text);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(masked_text_of_the_rfc_is_read, setup),
		cmocka_unit_test_setup(frames_may_be_cut_anywhere, setup),
		cmocka_unit_test_setup(extended_lengths_are_read, setup),
		cmocka_unit_test_setup(mistakes_are_protocol_errors, setup),
		cmocka_unit_test(heads_have_the_shortest_length),
		cmocka_unit_test(accept_key_is_the_rfc_s),
	};
	return cmocka_run_group_tests(tests, NULL, free_log);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* The vectors were written by Go's spdystream framer, which is what the clients use. */
#include "fixture.h"

#include <stdio.h>
#include <string.h>
#include <zlib.h>

#include "base/encode.h"
#include "net/spdy.h"

struct peer {
	struct spdy *s;
	struct buf sent, log;
	bool refuse;
};

static void on_send(void *ctx, struct str head, struct str body)
{
	struct peer *p = ctx;
	buf_str(&p->sent, head);
	if (body.n)
		buf_str(&p->sent, body);
}

static bool on_opened(void *ctx, uint32_t id, const struct spdy_header *h, size_t n)
{
	struct peer *p = ctx;
	buf_printf(&p->log, "open %u", id);
	for (size_t i = 0; i < n; i++)
		buf_printf(&p->log, " %.*s=%.*s", STR_ARG(h[i].name), STR_ARG(h[i].value));
	buf_puts(&p->log, ";");
	if (p->refuse)
		return false;
	spdy_reply(p->s, id);
	return true;
}

static void on_data(void *ctx, uint32_t id, const char *data, size_t n)
{
	struct peer *p = ctx;
	buf_printf(&p->log, "data %u %.*s;", id, (int)n, data);
}

static void on_ended(void *ctx, uint32_t id)
{
	buf_printf(&((struct peer *)ctx)->log, "end %u;", id);
}

static void on_reset(void *ctx, uint32_t id)
{
	buf_printf(&((struct peer *)ctx)->log, "reset %u;", id);
}

static const struct spdy_ops ops = {
	.send = on_send, .opened = on_opened, .data = on_data, .ended = on_ended, .reset = on_reset
};

static void peer_init(struct peer *p)
{
	*p = (struct peer){ 0 };
	p->s = spdy_new(&ops, p);
}

static void peer_free(struct peer *p)
{
	spdy_free(p->s);
	buf_free(&p->sent);
	buf_free(&p->log);
}

static bool feed(struct peer *p, const char *hex)
{
	unsigned char bytes[512];
	size_t n = strlen(hex) / 2;
	assert_true(hex_decode(bytes, n, str_from(hex)));
	return spdy_input(p->s, (char *)bytes, n);
}

static const char syn1_error[] = "80030001000000290000000100000000000078f9e3c6a7c26260606004a7b392a"
				 "2d4c45c6851c29a0a0a6800000000ffff";
static const char syn3_stdin[] = "800300010000001700000003000000000000c22e555c92929907000000ffff";
static const char syn5_stdout[] =
	"800300010000001900000005000000000000c22ac5565c92925f5a02000000ffff";
static const char data3[] = "000000030000000668656c6c6f0a";
static const char fin3[] = "0000000301000000";
static const char ping1[] = "800300060000000400000001";
static const char rst5[] = "80030003000000080000000500000005";
static const char syn7[] = "800300010000002c0000000700000000000002256348895e04ce3c160616060c0c0c9c4"
			   "590149009ca198c0638ec04000000ffff";

static void session_of_a_go_client_is_read(void **state)
{
	struct peer p;
	(void)state;
	peer_init(&p);
	assert_true(feed(&p, syn1_error) && feed(&p, syn3_stdin) && feed(&p, syn5_stdout) &&
		    feed(&p, data3) && feed(&p, fin3));
	assert_true(feed(&p, rst5));
	assert_string_equal(p.log.p, "open 1 streamtype=error;open 3 streamtype=stdin;open 5 "
				     "streamtype=stdout;data 3 hello\n;end 3;reset 5;");
	buf_reset(&p.log);
	assert_true(feed(&p, syn7));
	assert_non_null(strstr(p.log.p, "streamtype=error"));
	assert_non_null(strstr(p.log.p, "port=8080"));
	assert_non_null(strstr(p.log.p, "requestid=0"));
	peer_free(&p);
}

static void input_may_be_cut_anywhere(void **state)
{
	unsigned char all[256];
	struct buf hex = { 0 };
	(void)state;
	buf_printf(&hex, "%s%s%s%s", syn1_error, syn3_stdin, data3, fin3);
	size_t n = hex.n / 2;
	assert_true(hex_decode(all, n, buf_view(&hex)));
	struct peer p;
	peer_init(&p);
	for (size_t i = 0; i < n; i++)
		assert_true(spdy_input(p.s, (char *)all + i, 1));
	assert_string_equal(p.log.p, "open 1 streamtype=error;open 3 streamtype=stdin;data 3 "
				     "h;data 3 e;data 3 l;data 3 l;data 3 o;"
				     "data 3 \n;end 3;");
	peer_free(&p);
	buf_free(&hex);
}

static uint32_t word(const struct peer *p, size_t at)
{
	const unsigned char *b = (unsigned char *)p->sent.p + at;
	assert_true(at + 4 <= p->sent.n);
	return (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 | b[3];
}

/* Replies have to be readable by one inflate stream, as the client has one. */
static void replies_share_a_zlib_stream(void **state)
{
	struct peer p;
	z_stream z = { 0 };
	unsigned char dictionary[SPDY_DICTIONARY_BYTES], plain[64];
	size_t at = 0;
	(void)state;
	peer_init(&p);
	feed(&p, syn1_error);
	feed(&p, syn3_stdin);
	feed(&p, syn5_stdout);
	spdy_dictionary(dictionary);
	inflateInit(&z);
	for (uint32_t id = 1; id <= 5; id += 2) {
		assert_int_equal(word(&p, at), 0x80030002);
		uint32_t n = word(&p, at + 4);
		assert_int_equal(word(&p, at + 8), id);
		z.next_in = (unsigned char *)p.sent.p + at + 12;
		z.avail_in = n - 4;
		z.next_out = plain;
		z.avail_out = sizeof(plain);
		int r = inflate(&z, Z_SYNC_FLUSH);
		if (r == Z_NEED_DICT) {
			assert_int_equal(inflateSetDictionary(&z, dictionary, sizeof(dictionary)),
					 Z_OK);
			r = inflate(&z, Z_SYNC_FLUSH);
		}
		assert_int_equal(r, Z_OK);
		assert_int_equal(sizeof(plain) - z.avail_out, 4); /* no headers */
		at += 8 + n;
	}
	assert_int_equal(at, p.sent.n);
	inflateEnd(&z);
	peer_free(&p);
}

static void dictionary_is_the_draft_s(void **state)
{
	unsigned char d[SPDY_DICTIONARY_BYTES];
	(void)state;
	spdy_dictionary(d);
	assert_int_equal(adler32(adler32(0, NULL, 0), d, sizeof(d)), 0xe3c6a7c2);
}

static void pings_of_the_client_are_echoed(void **state)
{
	struct peer p;
	(void)state;
	peer_init(&p);
	feed(&p, ping1);
	assert_int_equal(p.sent.n, 12);
	assert_int_equal(word(&p, 0), 0x80030006);
	assert_int_equal(word(&p, 8), 1);
	feed(&p, "800300060000000400000002"); /* one of ours: not echoed */
	assert_int_equal(p.sent.n, 12);
	peer_free(&p);
}

static void data_is_cut_into_frames_and_ends(void **state)
{
	struct peer p;
	static char big[70000];
	(void)state;
	peer_init(&p);
	spdy_data(p.s, 3, str_of(big, sizeof(big)), true);
	assert_int_equal(p.sent.n, sizeof(big) + 3 * 8);
	assert_int_equal(word(&p, 0), 3);
	assert_int_equal(word(&p, 4), 32768);
	assert_int_equal(word(&p, 2 * (8 + 32768) + 4), 0x01000000 + 70000 - 2 * 32768);
	buf_reset(&p.sent);
	spdy_data(p.s, 3, STR(""), true);
	assert_int_equal(p.sent.n, 8);
	assert_int_equal(word(&p, 4), 0x01000000);
	peer_free(&p);
}

static void refused_and_misnumbered_streams_are_reset(void **state)
{
	struct peer p;
	(void)state;
	peer_init(&p);
	p.refuse = true;
	feed(&p, syn1_error);
	assert_int_equal(word(&p, 0), 0x80030003);
	assert_int_equal(word(&p, 8), 1);
	assert_int_equal(word(&p, 12), SPDY_CANCEL);
	buf_reset(&p.sent);
	feed(&p, syn5_stdout);
	buf_reset(&p.sent);
	peer_free(&p);
	/* the same id again: 3 after 5; the blocks are from one zlib stream, so 1, 3 and 5 come first */
	peer_init(&p);
	feed(&p, syn1_error);
	feed(&p, syn3_stdin);
	char again[sizeof(syn5_stdout)];
	memcpy(again, syn5_stdout, sizeof(again));
	again[23] = '3';
	buf_reset(&p.sent);
	assert_true(feed(&p, again));
	assert_int_equal(word(&p, 0), 0x80030003);
	assert_int_equal(word(&p, 12), SPDY_PROTOCOL_ERROR);
	peer_free(&p);
}

static void broken_input_ends_with_goaway(void **state)
{
	static const char *const bad[] = {
		"80020001000000290000000100000000000078f9", /* version 2 */
		/* longer than any control frame may be */
		"80030001001000010000000100000000000078f9",
		"800300010000000c0000000100000000000078f9",     /* no headers in the block */
		"80030001000000040000000100",                   /* too short for a SYN_STREAM */
		"800300010000000e0000000100000000000012345678", /* not zlib */
		"80030003000000040000000500000005",             /* short RST_STREAM */
	};
	(void)state;
	for (size_t i = 0; i < COUNT_OF(bad); i++) {
		struct peer p;
		peer_init(&p);
		assert_false(feed(&p, bad[i]));
		assert_int_equal(word(&p, 0), 0x80030007);
		assert_false(feed(&p, ping1));
		peer_free(&p);
	}
}

static void unknown_frames_are_skipped(void **state)
{
	struct peer p;
	(void)state;
	peer_init(&p);
	assert_true(feed(&p, "80030009000000080000000300001000"));         /* WINDOW_UPDATE */
	assert_true(feed(&p, "800300040000000c000000010000000400000064")); /* SETTINGS */
	assert_true(feed(&p, "800300ff00000000"));
	assert_true(feed(&p, syn1_error));
	assert_string_equal(p.log.p, "open 1 streamtype=error;");
	peer_free(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(session_of_a_go_client_is_read),
		cmocka_unit_test(input_may_be_cut_anywhere),
		cmocka_unit_test(replies_share_a_zlib_stream),
		cmocka_unit_test(dictionary_is_the_draft_s),
		cmocka_unit_test(pings_of_the_client_are_echoed),
		cmocka_unit_test(data_is_cut_into_frames_and_ends),
		cmocka_unit_test(refused_and_misnumbered_streams_are_reset),
		cmocka_unit_test(broken_input_ends_with_goaway),
		cmocka_unit_test(unknown_frames_are_skipped),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

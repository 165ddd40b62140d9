/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/unit.h"

#include <zlib.h>

#include "server/apiserver/gzip.h"

static void the_chunks_come_out_as_one(void **state)
{
	(void)state;
	static char big[300000];
	for (size_t i = 0; i < sizeof(big); i++)
		big[i] = (char)('a' + i % 17);
	struct chunk in[] = { CHUNK_STATIC("head"),
			      { .p = big, .n = sizeof(big) },
			      CHUNK_STATIC(""),
			      CHUNK_STATIC("tail") },
		     out;
	assert_true(gzip_chunks(in, 4, &out));
	assert_true(out.n < sizeof(big) / 20);
	char *back = mem_alloc(sizeof(big) + 100);
	z_stream z = { .next_in = (Bytef *)out.p,
		       .avail_in = (uInt)out.n,
		       .next_out = (Bytef *)back,
		       .avail_out = sizeof(big) + 100 };
	assert_int_equal(inflateInit2(&z, 15 + 16), Z_OK);
	assert_int_equal(inflate(&z, Z_FINISH), Z_STREAM_END);
	assert_int_equal(z.total_out, sizeof(big) + 8);
	assert_memory_equal(back, "head", 4);
	assert_memory_equal(back + 4, big, sizeof(big));
	assert_memory_equal(back + 4 + sizeof(big), "tail", 4);
	inflateEnd(&z);
	free(back);
	chunk_release(&out);
}

static void it_pays_only_over_a_wire_and_when_asked_for(void **state)
{
	(void)state;
	struct http_request http = { .remote = "192.0.2.7" };
	struct api_request r = { .http = &http, .accept_encoding = STR("gzip") };
	assert_true(gzip_pays(&r, GZIP_MIN_BYTES));
	assert_false(gzip_pays(&r, GZIP_MIN_BYTES - 1));
	assert_false(gzip_pays(&r, GZIP_MAX_BYTES + 1));
	r.accept_encoding = STR("br");
	assert_false(gzip_pays(&r, GZIP_MIN_BYTES));
	r.accept_encoding = STR("gzip");
	static const char *const here[] = { "127.0.0.1", "127.8.8.8", "::1", "::ffff:127.0.0.1" };
	for (size_t i = 0; i < 4; i++) {
		memcpy(http.remote, here[i], strlen(here[i]) + 1);
		assert_false(gzip_pays(&r, GZIP_MIN_BYTES));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_chunks_come_out_as_one),
		cmocka_unit_test(it_pays_only_over_a_wire_and_when_asked_for),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "fixture.h"

#include <string.h>

#include "net/chunk_queue.h"

static int releases;
static void count_release(void *owner)
{
	(void)owner;
	releases++;
}

static struct chunk piece(const char *text)
{
	return (struct chunk){ .p = text, .n = strlen(text), .release = count_release };
}

static void chunk_is_released_once_when_its_last_byte_is_gone(void **state)
{
	struct chunk_queue q = { 0 };
	struct chunk c[] = { piece("hello"), piece(""), piece("world") };
	(void)state;
	releases = 0;
	chunk_queue_add(&q, c, 3);
	assert_int_equal(q.bytes, 10);
	chunk_queue_consume(&q, 4);
	assert_int_equal(releases, 0);
	chunk_queue_consume(&q, 1);
	assert_int_equal(releases, 2);
	assert_int_equal(q.count, 1);
	chunk_queue_free(&q);
	assert_int_equal(releases, 3);
}

static void moved_pieces_keep_order_and_the_last_carries_the_release(void **state)
{
	struct chunk_queue a = { 0 }, b = { 0 };
	struct chunk c[] = { piece("abcdef"), piece("ghi") };
	char out[9];
	(void)state;
	releases = 0;
	chunk_queue_add(&a, c, 2);
	chunk_queue_move(&a, &b, 4);
	chunk_queue_move(&a, &b, 4);
	assert_int_equal(a.bytes, 1);
	assert_int_equal(b.bytes, 8);
	assert_int_equal(releases, 0);
	chunk_queue_copy(&b, out, 8);
	assert_memory_equal(out, "abcdefgh", 8);
	assert_int_equal(releases, 1);
	/* the rest of the second is given up, but its bytes are still out in b's owner */
	chunk_queue_drop(&a, &b);
	assert_int_equal(releases, 1);
	chunk_queue_free(&b);
	assert_int_equal(releases, 2);
	chunk_queue_free(&a);
}

static void ring_grows_while_it_wraps(void **state)
{
	struct chunk_queue q = { 0 };
	(void)state;
	releases = 0;
	for (int i = 0; i < 100; i++) {
		struct chunk c[] = { piece("xy"), piece("z") };
		chunk_queue_add(&q, c, 2);
		chunk_queue_consume(&q, 1);
	}
	assert_int_equal(q.bytes, 200);
	char out[200];
	chunk_queue_copy(&q, out, 200);
	assert_int_equal(releases, 200);
	assert_int_equal(out[199], 'z');
	chunk_queue_free(&q);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(chunk_is_released_once_when_its_last_byte_is_gone),
		cmocka_unit_test(moved_pieces_keep_order_and_the_last_carries_the_release),
		cmocka_unit_test(ring_grows_while_it_wraps),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

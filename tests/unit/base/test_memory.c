/* SPDX-License-Identifier: Apache-2.0 */
/* Whatever memcpy(), memmove(), memcmp() and strlen() the program was linked with, against loops, for every size around the borders. */
#include "tests/unit/unit.h"

#include <stdint.h>
#include <string.h>
#include <sys/mman.h>

#include "base/mem.h"
#include "base/str.h"

#define SPACE 4096

static unsigned char from[SPACE], to[SPACE], want[SPACE];

static const size_t sizes[] = { 0,   1,   2,   3,    4,    5,    7,    8,    9,   15,  16,
				17,  31,  32,  33,   47,   48,   49,   63,   64,  65,  95,
				96,  97,  127, 128,  129,  130,  191,  192,  193, 255, 256,
				257, 511, 512, 1000, 1023, 1024, 1025, 1500, 2048 };

static void fill(void)
{
	for (size_t i = 0; i < SPACE; i++) {
		from[i] = (unsigned char)(i * 131 + (i >> 8));
		to[i] = want[i] = (unsigned char)~i;
	}
}

/* The sizes and places are no constants, so that the calls stay calls. */
static void *(*volatile copy)(void *, const void *, size_t) = memcpy;
static void *(*volatile move)(void *, const void *, size_t) = memmove;
static int (*volatile compare)(const void *, const void *, size_t) = memcmp;
static size_t (*volatile length)(const char *) = strlen;

static void copies_are_exact_and_touch_nothing_else(void **state)
{
	(void)state;
	for (size_t k = 0; k < COUNT_OF(sizes); k++)
		for (size_t at = 0; at < 20; at += 3) {
			fill();
			for (size_t i = 0; i < sizes[k]; i++)
				want[64 + at + i] = from[7 + i];
			assert_ptr_equal(copy(to + 64 + at, from + 7, sizes[k]), to + 64 + at);
			assert_memory_equal(to, want, SPACE);
		}
}

static void moves_may_overlap_either_way(void **state)
{
	static const int by[] = { -700, -129, -64, -17, -8, -1, 0, 1, 8, 17, 64, 129, 700 };
	(void)state;
	for (size_t k = 0; k < COUNT_OF(sizes); k++)
		for (size_t j = 0; j < COUNT_OF(by); j++) {
			size_t source = 1000, target = (size_t)(1000 + by[j]);
			fill();
			memcpy(to, from, SPACE);
			memcpy(want, from, SPACE);
			for (size_t i = 0; i < sizes[k]; i++)
				want[target + i] = from[source + i];
			assert_ptr_equal(move(to + target, to + source, sizes[k]), to + target);
			assert_memory_equal(to, want, SPACE);
		}
}

static void order_is_that_of_the_first_difference(void **state)
{
	(void)state;
	for (size_t k = 0; k < COUNT_OF(sizes); k++) {
		size_t n = sizes[k];
		fill();
		memcpy(to + 5, from + 9, n);
		assert_int_equal(compare(to + 5, from + 9, n), 0);
		for (size_t i = 0; i < n; i += 1 + i / 8) {
			to[5 + i] = (unsigned char)(from[9 + i] + 1);
			to[5 + n] = (unsigned char)(from[9 + n] - 1); /* behind the end */
			bool more = to[5 + i] > from[9 + i];
			assert_true(more ? compare(to + 5, from + 9, n) > 0
					 : compare(to + 5, from + 9, n) < 0);
			assert_true(more ? compare(from + 9, to + 5, n) < 0
					 : compare(from + 9, to + 5, n) > 0);
			to[5 + i] = from[9 + i];
		}
	}
}

/* Nothing may be read behind a text that ends where the memory does. */
static void a_text_is_as_long_as_to_its_first_zero(void **state)
{
	char *pages =
		mmap(NULL, 2 * SPACE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	(void)state;
	assert_true(pages != MAP_FAILED);
	assert_int_equal(mprotect(pages + SPACE, SPACE, PROT_NONE), 0);
	memset(pages, 'x', SPACE);
	pages[SPACE - 1] = '\0';
	for (size_t n = 0; n < 200; n++)
		assert_int_equal(length(pages + SPACE - 1 - n), n);
	for (size_t at = 0; at < 20; at++)
		for (size_t n = 0; n < 70; n++) {
			memset(pages, 0, 20); /* before it */
			memset(pages + at, 'x', n);
			memset(pages + at + n, 0, 3);
			assert_int_equal(length(pages + at), n);
		}
	munmap(pages, 2 * SPACE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(copies_are_exact_and_touch_nothing_else),
		cmocka_unit_test(moves_may_overlap_either_way),
		cmocka_unit_test(order_is_that_of_the_first_difference),
		cmocka_unit_test(a_text_is_as_long_as_to_its_first_zero),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

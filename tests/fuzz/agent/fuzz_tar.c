/* SPDX-License-Identifier: Apache-2.0 */
/* Entries never have names that can't be used, nor more content than the archive. */
#include <stdlib.h>

#include "agent/runtime/tar.h"
#include "base/str.h"

static ssize_t from_memory(void *ctx, void *p, size_t n, struct err *err)
{
	struct str *rest = ctx;
	(void)err;
	n = n < rest->n ? n : rest->n;
	if (n)
		memcpy(p, rest->p, n);
	*rest = str_of(rest->p + n, rest->n - n);
	return (ssize_t)n;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct str rest = str_of(data, n);
	struct tar t = { .read = from_memory, .ctx = &rest };
	auto_err err = { 0 };
	char piece[4096];
	size_t content = 0;
	while (tar_next(&t, &err) > 0) {
		if (!t.entry.path[0] || strlen(t.entry.path) > TAR_PATH_MAX || t.entry.size < 0)
			abort();
		for (ssize_t r; (r = tar_read(&t, piece, sizeof(piece), &err)) > 0;)
			content += (size_t)r;
	}
	if (content > n)
		abort();
	tar_close(&t);
	return 0;
}

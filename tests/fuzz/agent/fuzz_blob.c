/* SPDX-License-Identifier: Apache-2.0 */
/* Packed data, right or wrong, never gives more than was allowed. */
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "agent/runtime/blob_reader.h"
#include "base/file.h"

#define ALLOWED (1 << 20)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct blob_reader *r;
	auto_err err = { 0 };
	char piece[4096];
	ssize_t got;
	size_t all = 0;
	auto_fd int fd = memfd_create("fuzz", MFD_CLOEXEC);
	if (fd < 0 || fd_write_all(fd, data, n, &err) < 0)
		return 0;
	if (blob_reader_new((struct blob_range){ fd, 0, -1 }, ALLOWED, &r, &err) < 0)
		return 0;
	while ((got = blob_read(r, piece, sizeof(piece), &err)) > 0)
		all += (size_t)got;
	if (all > ALLOWED)
		abort();
	blob_reader_free(r);
	return 0;
}

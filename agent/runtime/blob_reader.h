/* SPDX-License-Identifier: Apache-2.0 */
/* A stored blob as a stream of plain bytes: a range of a file, unpacked if it is gzip or zstd (told by its first bytes), both
 * sides hashed on the way. Blocking; one thread. */
#ifndef AGENT_RUNTIME_BLOB_READER_H
#define AGENT_RUNTIME_BLOB_READER_H

#include <sys/types.h>

#include "agent/runtime/manifest.h"

struct blob_reader;
struct blob_range {
	int fd;               /* borrowed */
	int64_t offset, size; /* size < 0: to the end of the file */
};
/* max_bytes: of plain output; more is ERR_TOO_LARGE. */
int blob_reader_new(struct blob_range range, int64_t max_bytes, struct blob_reader **out,
		    struct err *err);
void blob_reader_free(struct blob_reader *r);
/* Like read(2): 0 at the end; a negative code and err on failure. */
ssize_t blob_read(struct blob_reader *r, void *p, size_t n, struct err *err);
/* Reads what is left, then gives the digests of the stored and of the plain bytes. */
int blob_reader_finish(struct blob_reader *r, char out_stored[DIGEST_TEXT],
		       char out_plain[DIGEST_TEXT], struct err *err);
void blob_reader_watch(struct blob_reader *r, void (*taken)(void *ctx, int64_t stored_bytes),
		       void *ctx); /* per piece */

#endif

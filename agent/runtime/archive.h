/* SPDX-License-Identifier: Apache-2.0 */
/* The files of an image archive: a tar (plain, gzip or zstd) or a directory, by name. Nothing is unpacked: content is read where
 * it lies (a compressed archive is first unpacked into a nameless file). Blocking; one thread. */
#ifndef AGENT_RUNTIME_ARCHIVE_H
#define AGENT_RUNTIME_ARCHIVE_H

#include "agent/runtime/blob_reader.h"
#include "base/buf.h"

#define ARCHIVE_FILES_MAX 100000
#define ARCHIVE_BYTES_MAX ((int64_t)256 << 30)

struct archive;
int archive_open(const char *path, const char *tmp_dir, struct archive **out, struct err *err);
void archive_free(struct archive *a);
bool archive_has(const struct archive *a, const char *name);
/* The descriptor in out is the archive's (a tar) or the caller's to close (a directory): archive_release(). ERR_NOT_FOUND. */
int archive_file(const struct archive *a, const char *name, struct blob_range *out,
		 struct err *err);
void archive_release(const struct archive *a, struct blob_range *r);
int archive_read(const struct archive *a, const char *name, size_t max, struct buf *out,
		 struct err *err);

#endif

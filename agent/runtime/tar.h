/* SPDX-License-Identifier: Apache-2.0 */
/* Reading tar: ustar, pax (paths, sizes, times, extended attributes) and GNU long names, from any source of bytes. Archives come
 * from strangers: every length is checked and bounded; nothing here touches the file system. One thread.
 * Follows POSIX.1-2017 pax, and GNU tar's manual for what it adds. */
#ifndef AGENT_RUNTIME_TAR_H
#define AGENT_RUNTIME_TAR_H

#include <stdint.h>
#include <sys/types.h>

#include "base/buf.h"
#include "base/err.h"

#define TAR_PATH_MAX   4096
#define TAR_PAX_MAX    (1024 * 1024)
#define TAR_XATTRS_MAX 32

enum tar_type { TAR_FILE, TAR_HARD_LINK, TAR_SYMLINK, TAR_CHAR, TAR_BLOCK, TAR_DIR, TAR_FIFO };
struct tar_xattr {
	struct str name, value; /* into the tar's own memory */
};
struct tar_entry { /* valid until the next tar_next() */
	enum tar_type type;
	const char *path, *link;
	mode_t mode; /* permission bits only */
	int64_t uid, gid, size, mtime_s;
	uint32_t mtime_ns, dev_major, dev_minor;
	struct tar_xattr xattrs[TAR_XATTRS_MAX];
	size_t nxattrs;
};
/* Up to n bytes; 0 at the end; negative with err. */
typedef ssize_t (*tar_source)(void *ctx, void *p, size_t n, struct err *err);
typedef int (*tar_skipper)(void *ctx, int64_t n, struct err *err);

struct tar { /* start with {0}, set read and ctx */
	tar_source read;
	tar_skipper skip; /* may be NULL: then what is skipped is read */
	void *ctx;
	int64_t position;      /* bytes consumed: where the content starts after tar_next() */
	int64_t left, padding; /* of the present entry */
	bool ended;
	struct buf path, link, pax, global;
	struct tar_entry entry;
};
/* 1: entry is filled; 0: the end; negative: broken (ERR_INVALID) or the source failed. */
int tar_next(struct tar *t, struct err *err);
ssize_t tar_read(struct tar *t, void *p, size_t n, struct err *err); /* the entry's content */
void tar_close(struct tar *t);

#endif

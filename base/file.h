/* SPDX-License-Identifier: Apache-2.0 */
/* Files: whole reads with a limit, atomic writes, directories, locks. Blocking; any thread. */
#ifndef BASE_FILE_H
#define BASE_FILE_H

#include <sys/types.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/err.h"

static inline void fd_close_ptr(int *fd)
{
	if (*fd >= 0)
		close(*fd);
}
#define auto_fd __attribute__((cleanup(fd_close_ptr)))
#define TAKE_FD(fd)               \
	({                        \
		int take_ = (fd); \
		(fd) = -1;        \
		take_;            \
	})

int fd_read_all(int fd, size_t max, struct buf *out,
		struct err *err); /* appends; ERR_TOO_LARGE beyond max */
int fd_write_all(int fd, const void *p, size_t n, struct err *err);
int file_read(const char *path, size_t max, struct buf *out,
	      struct err *err); /* ERR_NOT_FOUND if absent */
/* Written beside, fsynced, renamed over `path`: readers see the old or the new content, also after a power cut. */
int file_write_atomic(const char *path, const void *p, size_t n, mode_t mode, struct err *err);
bool file_exists(const char *path);
int dir_make(const char *path, mode_t mode,
	     struct err *err); /* with parents; there already is fine */
int dir_remove(const char *path,
	       struct err *err); /* recursive; never follows links; absent is fine */
int file_lock(const char *path, int *out_fd,
	      struct err *err); /* exclusive flock, ERR_CONFLICT if held */

#endif

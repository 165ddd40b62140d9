/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/runtime/state_file.h"

#include <fcntl.h>

#include "base/file.h"

int file_write_plain(const char *path, const void *p, size_t n, mode_t mode, struct err *err)
{
	auto_fd int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, mode);
	if (fd < 0)
		return err_sys(err, "create %s", path);
	int r = fd_write_all(fd, p, n, err);
	return r < 0 ? err_wrap(err, r, "write %s", path) : 0;
}

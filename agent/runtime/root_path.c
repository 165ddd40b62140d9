/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/runtime/root_path.h"

#include <errno.h>
#include <linux/openat2.h>
#include <sys/syscall.h>
#include <unistd.h>

int root_create(int root, const char *path, int flags, mode_t mode)
{
	struct open_how how = { .resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS };
	how.flags = (unsigned)flags;
	how.mode = mode;
	long fd;
	do
		fd = syscall(SYS_openat2, root, path, &how, sizeof(how));
	while (fd < 0 && (errno == EAGAIN || errno == EINTR));
	return (int)fd;
}

int root_open(int root, const char *path, int flags)
{
	return root_create(root, path, flags, 0);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* The shim is a program of its own because each page that relocation writes in the big one would be a pod's private memory.
 * With exactly these seals crun believes that nobody can change it and does not copy itself on each start. Where executing memory
 * files is forbidden (vm.memfd_noexec=2), a file below the run directory serves. */
#include "agent/runtime/program.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/str.h"
#include "embed/blob.h"

#ifndef MFD_EXEC
#define MFD_EXEC 0x0010U
#endif

static int in_memory(const struct blob *b, int *out_fd, struct err *err)
{
	int fd = memfd_create(b->name, MFD_CLOEXEC | MFD_ALLOW_SEALING | MFD_EXEC);
	if (fd < 0 && errno == EINVAL)
		fd = memfd_create(b->name, MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (fd < 0)
		return err_sys(err, "make a memory file for %s", b->name);
	int r = fd_write_all(fd, b->data, b->n, err);
	if (r == 0 &&
	    fcntl(fd, F_ADD_SEALS, F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE) != 0)
		r = err_sys(err, "seal %s", b->name);
	if (r < 0) {
		close(fd);
		return r;
	}
	*out_fd = fd;
	return 0;
}

static int in_file(const struct blob *b, const char *run_dir, int *out_fd, struct err *err)
{
	char path[256];
	snprintf(path, sizeof(path), "%s/%s.bin", run_dir, b->name);
	int r = file_write_atomic(path, b->data, b->n, 0700, err);
	if (r < 0)
		return r;
	*out_fd = open(path, O_PATH | O_CLOEXEC);
	return *out_fd < 0 ? err_sys(err, "open %s", path) : 0;
}

static bool from_path(int *out_fd)
{
	struct str dirs = STR("/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"), dir;
	while (str_next(&dirs, ':', &dir)) {
		char path[64];
		snprintf(path, sizeof(path), "%.*s/crun", STR_ARG(dir));
		if (access(path, X_OK) == 0 && (*out_fd = open(path, O_PATH | O_CLOEXEC)) >= 0)
			return true;
	}
	return false;
}

static int fallback(const char *name, int *out_fd, struct err *err)
{
	if (strcmp(name, "shim") == 0) {
		*out_fd = open("/proc/self/exe", O_PATH | O_CLOEXEC);
		return *out_fd < 0 ? err_sys(err, "open /proc/self/exe") : 0;
	}
	return from_path(out_fd)
		       ? 0
		       : err_set(err, ERR_UNAVAILABLE,
				 "this build has no crun inside, and there is none on PATH");
}

int program_open(const char *name, const char *run_dir, int *out_fd, struct err *err)
{
	const struct blob *b = blob_find(name);
	if (!b)
		return fallback(name, out_fd, err);
	if (in_memory(b, out_fd, err) == 0)
		return 0;
	err_clear(err);
	return in_file(b, run_dir, out_fd, err);
}

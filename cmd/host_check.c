/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/host_check.h"

#include <errno.h>
#include <sys/resource.h>
#include <sys/statfs.h>
#include <sys/statvfs.h>
#include <time.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"

#define OVERLAYFS_MAGIC 0x794c7630
#define FREE_MIN_BYTES  (16ull << 20)
#define CLOCK_MIN_S     1767225600 /* 2026-01-01: this program is younger than that */

static int check_root(bool pods, struct err *err)
{
	if (geteuid() == 0 || !pods)
		return 0;
	return err_set(err, ERR_FORBIDDEN,
		       "must run as root: it starts containers (sudo; or allinone server "
		       "--disable-agent for a control plane alone)");
}

static int check_data_dir(const char *data_dir, bool pods, struct err *err)
{
	struct statfs fs;
	struct statvfs space;
	int r = dir_make(data_dir, 0711, err);
	if (r < 0)
		return err_wrap(err, r, "--data-dir %s is not usable; choose a writable directory",
				data_dir);
	if (access(data_dir, W_OK) < 0)
		return err_sys(err,
			       "--data-dir %s is not writable; choose another directory or mend "
			       "its permissions",
			       data_dir);
	if (statfs(data_dir, &fs) < 0 || statvfs(data_dir, &space) < 0)
		return err_sys(err, "--data-dir %s", data_dir);
	if (fs.f_type == OVERLAYFS_MAGIC && pods)
		return err_set(err, ERR_INTERNAL,
			       "--data-dir %s lies on overlayfs, which cannot hold containers' "
			       "file systems; "
			       "mount a volume there (docker run -v /var/lib/allinone …) or choose "
			       "a directory on a real file system",
			       data_dir);
	if (space.f_bavail * space.f_frsize < FREE_MIN_BYTES)
		return err_set(err, ERR_INTERNAL,
			       "--data-dir %s: less than %llu MiB free; free some space or choose "
			       "another directory",
			       data_dir, FREE_MIN_BYTES >> 20);
	return 0;
}

static int check_clock(struct err *err)
{
	if (time(NULL) >= CLOCK_MIN_S)
		return 0;
	return err_set(err, ERR_INTERNAL,
		       "the clock is far in the past, so that no certificate would be valid; set "
		       "it (date, or NTP)");
}

int host_check(const char *data_dir, bool pods, struct err *err)
{
	int r;
	if ((r = check_root(pods, err)) < 0 || (r = check_data_dir(data_dir, pods, err)) < 0)
		return r;
	return check_clock(err);
}

void raise_file_limit(void)
{
	struct rlimit limit;
	if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < limit.rlim_max) {
		limit.rlim_cur = limit.rlim_max;
		setrlimit(RLIMIT_NOFILE, &limit);
	}
}

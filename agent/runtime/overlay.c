/* SPDX-License-Identifier: Apache-2.0 */
/* overlayfs through descriptors: a layer per fsconfig call where the kernel knows "lowerdir+" (6.8; an older one takes any option
 * and fails only at the end, with a line in its log, so the version decides), else mount(2) with /proc/self/fd/N for names, so
 * that many layers fit into its one page of options. Mounted "volatile" where possible: nothing
 * in a container's own directory has to survive a power cut, and unmounting then does not write everything back. */
#include "agent/runtime/overlay.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/file.h"
#include "base/mem.h"

/* linux/mount.h and the C library's sys/mount.h can't be included together everywhere. */
#define FS_SET_FLAG       0
#define FS_SET_STRING     1
#define FS_CREATE         6
#define FS_CLOEXEC        1
#define MOVE_FROM_FD      4 /* MOVE_MOUNT_F_EMPTY_PATH */
#define OVERLAY_MAGIC     0x794c7630
#define OPTIONS_MAX       4000
#define MOUNT_LOCKED_DOWN 0xf /* MOUNT_ATTR_ RDONLY, NOSUID, NODEV, NOEXEC */

static int set_string(int fs, const char *key, const char *value)
{
	return (int)syscall(SYS_fsconfig, fs, FS_SET_STRING, key, value, 0);
}

static size_t count(const char *const *list)
{
	size_t n = 0;
	while (list[n])
		n++;
	return n;
}

static bool takes_single_layers(void)
{
	struct utsname u;
	int major = 0, minor = 0;
	return uname(&u) == 0 && sscanf(u.release, "%d.%d", &major, &minor) == 2 &&
	       (major > 6 || (major == 6 && minor >= 8));
}

static int configure(int fs, const struct overlay *o)
{
	for (size_t i = count(o->lower); i-- > 0;)
		if (set_string(fs, "lowerdir+", o->lower[i]) != 0)
			return -1;
	if (o->upper &&
	    (set_string(fs, "upperdir", o->upper) != 0 || set_string(fs, "workdir", o->work) != 0))
		return -1;
	if (o->upper)
		syscall(SYS_fsconfig, fs, FS_SET_FLAG, "volatile", NULL, 0);
	return (int)syscall(SYS_fsconfig, fs, FS_CREATE, NULL, NULL, 0);
}

static int mount_new(const struct overlay *o)
{
	auto_fd int fs = (int)syscall(SYS_fsopen, "overlay", FS_CLOEXEC);
	if (fs < 0)
		return -1;
	set_string(fs, "source", "overlay");
	if (configure(fs, o) != 0)
		return -1;
	auto_fd int mnt =
		(int)syscall(SYS_fsmount, fs, FS_CLOEXEC, o->upper ? 0 : MOUNT_LOCKED_DOWN);
	if (mnt < 0)
		return -1;
	return (int)syscall(SYS_move_mount, mnt, "", AT_FDCWD, o->target, MOVE_FROM_FD);
}

static int open_dir(const char *path, int *fds, size_t *n)
{
	int fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (fd >= 0)
		fds[(*n)++] = fd;
	return fd;
}

static bool add_dir(struct buf *options, const char *key, const char *path, int *fds, size_t *n)
{
	int fd = open_dir(path, fds, n);
	buf_printf(options, "%s/proc/self/fd/%d", key, fd);
	return fd >= 0;
}

static int mount_old(const struct overlay *o)
{
	auto_buf options = { 0 };
	size_t layers = count(o->lower), n = 0;
	int *fds = mem_alloc(sizeof(int) * (layers + 2));
	bool ok = true;
	for (size_t i = layers; i-- > 0 && ok;)
		ok = add_dir(&options, i + 1 == layers ? "lowerdir=" : ":", o->lower[i], fds, &n);
	unsigned long flags = o->upper ? 0 : MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC;
	if (ok && o->upper)
		ok = add_dir(&options, ",upperdir=", o->upper, fds, &n) &&
		     add_dir(&options, ",workdir=", o->work, fds, &n);
	int r = -1;
	if (ok && options.n > OPTIONS_MAX)
		errno = E2BIG;
	else if (ok) {
		size_t plain = options.n;
		if (o->upper)
			buf_puts(&options, ",volatile");
		r = mount("overlay", o->target, "overlay", flags, options.p);
		options.p[plain] = '\0';
		if (r != 0 && errno == EINVAL && o->upper)
			r = mount("overlay", o->target, "overlay", flags, options.p);
	}
	int saved = errno;
	while (n > 0)
		close(fds[--n]);
	free(fds);
	errno = saved;
	return r;
}

int overlay_mount(const struct overlay *o, struct err *err)
{
	if ((takes_single_layers() ? mount_new(o) : mount_old(o)) != 0)
		return err_sys(err, "mount overlay on %s", o->target);
	return 0;
}

void overlay_unmount(const char *target)
{
	umount2(target, MNT_DETACH | UMOUNT_NOFOLLOW);
}

int overlay_check(const char *dir, struct err *err)
{
	struct statfs fs;
	if (statfs(dir, &fs) != 0)
		return err_sys(err, "look at the file system of %s", dir);
	if ((unsigned long)fs.f_type == OVERLAY_MAGIC)
		return err_set(err, ERR_UNAVAILABLE,
			       "%s is on overlayfs, which can't hold containers: put --data-dir on "
			       "a real file system "
			       "(in a container: a volume, -v /var/lib/allinone)",
			       dir);
	/* asking for it loads the module; /proc/filesystems lists only what is loaded */
	auto_fd int probe = (int)syscall(SYS_fsopen, "overlay", FS_CLOEXEC);
	if (probe < 0 && errno == ENODEV)
		return err_set(err, ERR_UNAVAILABLE,
			       "the kernel has no overlayfs: modprobe overlay");
	return 0;
}

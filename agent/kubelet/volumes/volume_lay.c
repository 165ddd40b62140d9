/* SPDX-License-Identifier: Apache-2.0 */
/* The deeds: directories, mounts, files of volumes. Everything may be there already. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>

#include "agent/kubelet/volumes/volume.h"
#include "base/file.h"
#include "base/mem.h"

static int own_by_group(const char *path, int64_t group, struct err *err)
{
	if (group < 0)
		return 0;
	if (chown(path, (uid_t)-1, (gid_t)group) < 0 || chmod(path, 02777) < 0)
		return err_sys(err, "give %s to group %lld", path, (long long)group);
	return 0;
}

static int lay_dir(const struct volume *v, struct err *err)
{
	struct stat st;
	if (stat(v->path, &st) == 0)
		return 0; /* the containers' own by now */
	int r = dir_make(v->path, 0755, err);
	if (r < 0)
		return r;
	if (chmod(v->path, 0777) < 0)
		return err_sys(err, "change the mode of %s", v->path);
	return own_by_group(v->path, v->fs_group, err);
}

static int lay_memory(const struct volume *v, struct err *err)
{
	struct statfs fs;
	char options[64] = "mode=0777";
	int r = dir_make(v->path, 0755, err);
	if (r < 0 || (statfs(v->path, &fs) == 0 && fs.f_type == TMPFS_MAGIC))
		return r;
	if (v->size_bytes)
		snprintf(options, sizeof(options), "mode=0777,size=%lld", (long long)v->size_bytes);
	if (mount("tmpfs", v->path, "tmpfs", MS_NOSUID | MS_NODEV, options) < 0)
		return err_sys(err, "mount tmpfs on %s", v->path);
	return own_by_group(v->path, v->fs_group, err);
}

static const struct host_type {
	const char *name;
	mode_t kind; /* 0: anything */
	bool create;
	const char *complaint;
} host_types[] = {
	{ "Directory", S_IFDIR, false, "is not a directory" },
	{ "DirectoryOrCreate", S_IFDIR, true, "is not a directory" },
	{ "File", S_IFREG, false, "is not a file" },
	{ "FileOrCreate", S_IFREG, true, "is not a file" },
	{ "Socket", S_IFSOCK, false, "is not a socket file" },
	{ "CharDevice", S_IFCHR, false, "is not a character device" },
	{ "BlockDevice", S_IFBLK, false, "is not a block device" },
};

static int create_host_path(const struct host_type *t, const char *path, struct err *err)
{
	if (t->kind == S_IFDIR)
		return dir_make(path, 0755, err);
	auto_fd int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
	return fd < 0 ? err_sys(err, "create %s", path) : 0;
}

static int check_host_path(const struct host_type *t, const char *path, struct err *err)
{
	struct stat st;
	if (t->create && stat(path, &st) < 0) {
		int r = create_host_path(t, path, err);
		if (r < 0)
			return r;
	}
	if (stat(path, &st) < 0 || (st.st_mode & S_IFMT) != t->kind)
		return err_set(err, ERR_INVALID, "hostPath type check failed: %s %s", path,
			       t->complaint);
	return 0;
}

static int lay_host_path(const struct volume *v, struct err *err)
{
	if (!v->host_type.n) /* as container runtimes do: what is absent becomes a directory */
		return file_exists(v->path) ? 0 : dir_make(v->path, 0755, err);
	for (size_t i = 0; i < COUNT_OF(host_types); i++)
		if (str_eqz(v->host_type, host_types[i].name))
			return check_host_path(&host_types[i], v->path, err);
	return err_set(err, ERR_INVALID, "hostPath type \"%.*s\" is not known",
		       STR_ARG(v->host_type));
}

/* Everything in the directory belongs to the group, and stays its own. */
static int give_tree(int dir, int64_t group, struct err *err)
{
	auto_fd int copy = fcntl(dir, F_DUPFD_CLOEXEC, 3);
	DIR *d = copy < 0 ? NULL : fdopendir(copy);
	int r = d ? 0 : err_sys(err, "read a volume");
	if (d)
		copy = -1; /* closedir() ends it */
	for (struct dirent *e; r == 0 && d && (e = readdir(d));) {
		struct stat st;
		if (!strcmp(e->d_name, ".") || !strcmp(e->d_name, "..") ||
		    fstatat(dir, e->d_name, &st, AT_SYMLINK_NOFOLLOW) < 0)
			continue;
		if (fchownat(dir, e->d_name, (uid_t)-1, (gid_t)group, AT_SYMLINK_NOFOLLOW) < 0)
			r = err_sys(err, "give %s to the group", e->d_name);
		if (S_ISLNK(st.st_mode))
			continue;
		fchmodat(dir, e->d_name, st.st_mode | (S_ISDIR(st.st_mode) ? 02770 : 0660), 0);
		if (S_ISDIR(st.st_mode)) {
			auto_fd int sub = openat(dir, e->d_name,
						 O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
			if (sub >= 0 && r == 0)
				r = give_tree(sub, group, err);
		}
	}
	if (d)
		closedir(d);
	return r;
}

static int give_to_group(const struct volume *v, struct err *err)
{
	struct stat st;
	auto_fd int dir = open(v->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0 || fstat(dir, &st) < 0)
		return err_sys(err, "open volume %s", v->path);
	if (v->group_once && st.st_gid == (gid_t)v->fs_group && (st.st_mode & 02770) == 02770)
		return 0;
	if (fchown(dir, (uid_t)-1, (gid_t)v->fs_group) < 0 || fchmod(dir, st.st_mode | 02770) < 0)
		return err_sys(err, "give %s to group %lld", v->path, (long long)v->fs_group);
	return give_tree(dir, v->fs_group, err);
}

static int lay_claim(const struct volume *v, struct err *err)
{
	bool there = file_exists(v->path);
	int r = lay_host_path(v, err);
	if (r == 0 && !there && v->open_to_all && chmod(v->path, 0777) < 0)
		return err_sys(err, "change the mode of %s", v->path);
	return r < 0 || v->fs_group < 0 || v->read_only ? r : give_to_group(v, err);
}

static int lay_files(const struct volume *v, struct err *err)
{
	return atomic_dir_write(v->path, v->files, v->nfiles, err);
}

static int lay_image(const struct volume *v, struct err *err)
{
	return dir_make(v->path, 0755, err);
}

static int lay_block(const struct volume *v, struct err *err)
{
	struct stat st;
	if (stat(v->path, &st) < 0)
		return err_sys(err, "look at %s", v->path);
	return S_ISBLK(st.st_mode) ? 0
				   : err_set(err, ERR_INVALID, "%s is not a block device", v->path);
}

int volume_lay(const struct volume *v, struct err *err)
{
	static int (*const deeds[])(const struct volume *, struct err *) = {
		[VOLUME_FILES] = lay_files,   [VOLUME_DIR] = lay_dir,
		[VOLUME_MEMORY] = lay_memory, [VOLUME_HOST_PATH] = lay_host_path,
		[VOLUME_CLAIM] = lay_claim,   [VOLUME_IMAGE] = lay_image,
		[VOLUME_BLOCK] = lay_block,
	};
	int r = deeds[v->kind](v, err);
	return r < 0 ? err_wrap(err, r, "MountVolume.SetUp failed for volume \"%.*s\" ",
				STR_ARG(v->name))
		     : 0;
}

/* --- sub paths --- */

static int open_beneath(int dir, const char *path, uint64_t flags)
{
	struct open_how how = { .flags = flags | O_CLOEXEC,
				.resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS };
	return (int)syscall(SYS_openat2, dir, path, &how, sizeof(how));
}

/* Makes the directories of `path`, one by one, each opened beneath the one before. */
static int make_beneath(int root, const char *path, struct err *err)
{
	struct str rest = str_from(path), part;
	auto_fd int at = fcntl(root, F_DUPFD_CLOEXEC, 3);
	while (str_next(&rest, '/', &part)) {
		auto_free char *name = str_dup(part);
		if (!part.n)
			continue;
		if (mkdirat(at, name, 0750) == 0)
			fchmodat(at, name, 0777, 0);
		else if (errno != EEXIST)
			return err_sys(err, "create subpath %s", path);
		int next = open_beneath(at, name, O_PATH | O_DIRECTORY);
		if (next < 0)
			return err_sys(err, "open subpath %s", path);
		close(at);
		at = next;
	}
	return 0;
}

static int open_sub_path(const char *volume, const char *sub, struct err *err)
{
	auto_fd int root = open(volume, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (root < 0)
		return err_sys(err, "open volume %s", volume);
	int fd = open_beneath(root, sub, O_PATH);
	if (fd < 0 && errno == ENOENT) {
		int r = make_beneath(root, sub, err);
		if (r < 0)
			return r;
		fd = open_beneath(root, sub, O_PATH);
	}
	return fd < 0 ? err_sys(err, "open subpath %s", sub) : fd;
}

static int make_target(const char *target, bool directory, struct err *err)
{
	auto_free char *parent = str_dup(str_of(target, str_rfind(str_from(target), '/')));
	int r = dir_make(directory ? target : parent, 0755, err);
	if (r < 0 || directory)
		return r;
	auto_fd int fd = open(target, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	return fd < 0 ? err_sys(err, "create %s", target) : 0;
}

int volume_sub_path(const char *volume, const char *sub, const char *target, struct err *err)
{
	auto_fd int fd = open_sub_path(volume, sub, err);
	if (fd < 0)
		return fd;
	struct stat st;
	if (fstat(fd, &st) < 0)
		return err_sys(err, "look at subpath %s", sub);
	umount2(target, MNT_DETACH); /* of the attempt before: the volume may have changed */
	int r = make_target(target, S_ISDIR(st.st_mode), err);
	if (r < 0)
		return r;
	char source[40];
	snprintf(source, sizeof(source), "/proc/self/fd/%d", fd);
	return mount(source, target, NULL, MS_BIND | MS_REC, NULL) < 0
		       ? err_sys(err, "bind subpath %s", sub)
		       : 0;
}

/* --- removal --- */

static void unmount_children(const char *dir)
{
	DIR *d = opendir(dir);
	for (struct dirent *e; d && (e = readdir(d));) {
		if (!strcmp(e->d_name, ".") || !strcmp(e->d_name, ".."))
			continue;
		auto_free char *path = str_printf("%s/%s", dir, e->d_name);
		while (umount2(path, MNT_DETACH | UMOUNT_NOFOLLOW) == 0)
			continue;
	}
	if (d)
		closedir(d);
}

static void unmount_grandchildren(const char *dir)
{
	DIR *d = opendir(dir);
	for (struct dirent *e; d && (e = readdir(d));) {
		if (!strcmp(e->d_name, ".") || !strcmp(e->d_name, ".."))
			continue;
		auto_free char *path = str_printf("%s/%s", dir, e->d_name);
		unmount_children(path);
	}
	if (d)
		closedir(d);
}

int pod_dirs_remove(const struct pod_dirs *dirs, struct err *err)
{
	auto_free char *volumes = str_printf("%s/volumes", dirs->data);
	auto_free char *subs = str_printf("%s/subpaths", dirs->run);
	unmount_grandchildren(volumes); /* volumes/KIND/NAME */
	unmount_grandchildren(subs);    /* subpaths/CONTAINER/N */
	int r = dir_remove(dirs->run, err);
	return r < 0 ? r : dir_remove(dirs->data, err);
}

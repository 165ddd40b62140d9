/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/kubelet/volumes/atomic_dir.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <time.h>

#include "base/encode.h"
#include "base/file.h"
#include "base/mem.h"

#define DATA     "..data"
#define DATA_NEW "..data_tmp"

bool atomic_path_valid(struct str path)
{
	struct str part;
	if (!path.n || path.p[0] == '/')
		return false;
	while (str_next(&path, '/', &part))
		if (str_eqz(part, "..") || (part.n >= 2 && !memcmp(part.p, "..", 2)))
			return false;
	return true;
}

static bool same_file(const char *dir, const struct atomic_file *f)
{
	auto_free char *path = str_printf("%s/" DATA "/%s", dir, f->path);
	auto_buf now = { 0 };
	struct stat st;
	if (stat(path, &st) < 0 || (st.st_mode & 07777) != f->mode ||
	    (size_t)st.st_size != f->data.n)
		return false;
	if (f->gid >= 0 && (int64_t)st.st_gid != f->gid)
		return false;
	return file_read(path, f->data.n + 1, &now, NULL) == 0 && str_eq(buf_view(&now), f->data);
}

static size_t count_files(const char *path)
{
	size_t n = 0;
	DIR *d = opendir(path);
	for (struct dirent *e; d && (e = readdir(d));) {
		if (!strcmp(e->d_name, ".") || !strcmp(e->d_name, ".."))
			continue;
		auto_free char *sub = str_printf("%s/%s", path, e->d_name);
		struct stat st;
		if (lstat(sub, &st) == 0)
			n += S_ISDIR(st.st_mode) ? count_files(sub) : 1;
	}
	if (d)
		closedir(d);
	return n;
}

static bool is_current(const char *dir, const struct atomic_file *files, size_t n)
{
	auto_free char *data = str_printf("%s/" DATA, dir);
	if (!file_exists(data))
		return false;
	for (size_t i = 0; i < n; i++)
		if (!same_file(dir, &files[i]))
			return false;
	return count_files(data) == n;
}

static int make_parents(const char *path, struct err *err)
{
	auto_free char *parent = str_dup(str_of(path, str_rfind(str_from(path), '/')));
	return dir_make(parent, 0755, err);
}

static int write_file(const char *base, const struct atomic_file *f, struct err *err)
{
	auto_free char *path = str_printf("%s/%s", base, f->path);
	int r = make_parents(path, err);
	if (r < 0)
		return r;
	auto_fd int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0)
		return err_sys(err, "create %s", path);
	if ((r = fd_write_all(fd, f->data.p, f->data.n, err)) < 0)
		return err_wrap(err, r, "write %s", path);
	if ((f->uid >= 0 || f->gid >= 0) && fchown(fd, (uid_t)f->uid, (gid_t)f->gid) < 0)
		return err_sys(err, "change the owner of %s", path);
	return fchmod(fd, f->mode) < 0 ? err_sys(err, "change the mode of %s", path) : 0;
}

static int make_version(const char *dir, char name[64], struct err *err)
{
	struct tm tm;
	char stamp[32], random[11];
	time_t now = time(NULL);
	gmtime_r(&now, &tm);
	strftime(stamp, sizeof(stamp), "%Y_%m_%d_%H_%M_%S", &tm);
	rand_name(random, 10);
	snprintf(name, 64, "..%s.%s", stamp, random);
	auto_free char *path = str_printf("%s/%s", dir, name);
	return mkdir(path, 0755) < 0 ? err_sys(err, "create %s", path) : 0;
}

static int switch_to(const char *dir, const char *version, struct err *err)
{
	auto_free char *draft = str_printf("%s/" DATA_NEW, dir);
	auto_free char *data = str_printf("%s/" DATA, dir);
	unlink(draft);
	if (symlink(version, draft) < 0)
		return err_sys(err, "create %s", draft);
	return rename(draft, data) < 0 ? err_sys(err, "rename to %s", data) : 0;
}

static struct str top_of(const char *path)
{
	return str_of(path, str_find(str_from(path), '/'));
}

static int link_names(const char *dir, const struct atomic_file *files, size_t n, struct err *err)
{
	for (size_t i = 0; i < n; i++) {
		struct str top = top_of(files[i].path);
		auto_free char *path = str_printf("%s/%.*s", dir, STR_ARG(top));
		auto_free char *target = str_printf(DATA "/%.*s", STR_ARG(top));
		if (symlink(target, path) < 0 && errno != EEXIST)
			return err_sys(err, "create %s", path);
	}
	return 0;
}

static bool is_wanted(const char *name, const struct atomic_file *files, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (str_eqz(top_of(files[i].path), name))
			return true;
	return false;
}

/* Names that are no more, and versions that nobody links to. */
static void sweep(const char *dir, const char *version, const struct atomic_file *files, size_t n)
{
	DIR *d = opendir(dir);
	for (struct dirent *e; d && (e = readdir(d));) {
		const char *name = e->d_name;
		if (!strcmp(name, ".") || !strcmp(name, "..") || !strcmp(name, DATA) ||
		    !strcmp(name, version) || is_wanted(name, files, n))
			continue;
		auto_free char *path = str_printf("%s/%s", dir, name);
		if (!strncmp(name, "..", 2))
			dir_remove(path, NULL);
		else
			unlink(path);
	}
	if (d)
		closedir(d);
}

int atomic_dir_write(const char *dir, const struct atomic_file *files, size_t n, struct err *err)
{
	char version[64];
	int r = dir_make(dir, 0755, err);
	if (r < 0 || is_current(dir, files, n))
		return r;
	if ((r = make_version(dir, version, err)) < 0)
		return r;
	auto_free char *base = str_printf("%s/%s", dir, version);
	for (size_t i = 0; i < n && r == 0; i++)
		r = write_file(base, &files[i], err);
	if (r == 0)
		r = switch_to(dir, version, err);
	if (r < 0) {
		dir_remove(base, NULL);
		return r;
	}
	if ((r = link_names(dir, files, n, err)) < 0)
		return r;
	sweep(dir, version, files, n);
	return 0;
}

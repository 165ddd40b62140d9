/* SPDX-License-Identifier: Apache-2.0 */
#include "base/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>

#include "base/mem.h"

#define REMOVE_DEPTH 64 /* descriptors that a removal may hold */

int fd_read_all(int fd, size_t max, struct buf *out, struct err *err)
{
	size_t start = out->n;
	for (;;) {
		buf_reserve(out, 16384);
		ssize_t n = read(fd, out->p + out->n, out->cap - out->n - 1);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_sys(err, "read");
		out->n += (size_t)n;
		out->p[out->n] = '\0';
		if (n == 0)
			return 0;
		if (out->n - start > max)
			return err_set(err, ERR_TOO_LARGE, "more than %zu bytes", max);
	}
}

int fd_write_all(int fd, const void *p, size_t n, struct err *err)
{
	const char *at = p;
	while (n) {
		ssize_t done = write(fd, at, n);
		if (done < 0 && errno == EINTR)
			continue;
		if (done < 0)
			return err_sys(err, "write");
		at += done;
		n -= (size_t)done;
	}
	return 0;
}

int file_read(const char *path, size_t max, struct buf *out, struct err *err)
{
	auto_fd int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 && (errno == ENOENT || errno == ENOTDIR))
		return err_set(err, ERR_NOT_FOUND, "%s: no such file", path);
	if (fd < 0)
		return err_sys(err, "open %s", path);
	int r = fd_read_all(fd, max, out, err);
	return r < 0 ? err_wrap(err, r, "%s", path) : 0;
}

static int sync_parent(const char *path, struct err *err)
{
	struct str dir = str_of(path, str_rfind(str_from(path), '/'));
	auto_free char *parent = dir.n == strlen(path) ? str_dup(STR("."))
				 : dir.n               ? str_dup(dir)
						       : str_dup(STR("/"));
	auto_fd int fd = open(parent, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0 || fsync(fd) < 0)
		return err_sys(err, "sync %s", parent);
	return 0;
}

static int write_new(const char *path, const void *p, size_t n, mode_t mode, struct err *err)
{
	auto_fd int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0)
		return err_sys(err, "create %s", path);
	int r = fd_write_all(fd, p, n, err);
	if (r < 0)
		return err_wrap(err, r, "%s", path);
	if (fchmod(fd, mode) < 0 || fsync(fd) < 0)
		return err_sys(err, "%s", path);
	return 0;
}

int file_write_atomic(const char *path, const void *p, size_t n, mode_t mode, struct err *err)
{
	auto_free char *beside = str_printf("%s.tmp%d", path, (int)getpid());
	unlink(beside);
	int r = write_new(beside, p, n, mode, err);
	if (r == 0 && rename(beside, path) < 0)
		r = err_sys(err, "rename %s", path);
	if (r < 0) {
		unlink(beside);
		return r;
	}
	return sync_parent(path, err);
}

bool file_exists(const char *path)
{
	return access(path, F_OK) == 0;
}

int dir_make(const char *path, mode_t mode, struct err *err)
{
	auto_free char *copy = str_dup(str_from(path));
	for (char *at = copy + 1; *copy && *at; at++) {
		if (*at != '/')
			continue;
		*at = '\0';
		if (mkdir(copy, mode | 0711) < 0 && errno != EEXIST)
			return err_sys(err, "create directory %s", copy);
		*at = '/';
	}
	struct stat st;
	if (mkdir(path, mode) < 0 && errno != EEXIST)
		return err_sys(err, "create directory %s", path);
	if (stat(path, &st) < 0)
		return err_sys(err, "stat %s", path);
	if (!S_ISDIR(st.st_mode))
		return err_set(err, ERR_INTERNAL, "%s is not a directory", path);
	return 0;
}

/* Whoever filled the tree chose its depth: what lies too deep is moved to the top and removed from there. */
struct removal {
	int top; /* the directory that goes; -1: not known yet */
	int depth;
	unsigned moved;
};

static int remove_at(struct removal *rm, int parent, const char *name, struct err *err);

static int remove_entries(struct removal *rm, int fd, struct err *err)
{
	DIR *dir = fdopendir(fd);
	if (!dir) {
		close(fd);
		return err_sys(err, "open directory");
	}
	int r = 0;
	if (rm->depth == 0)
		rm->top = fd;
	rm->depth++;
	for (struct dirent *e; r == 0 && (e = readdir(dir));)
		if (strcmp(e->d_name, ".") && strcmp(e->d_name, ".."))
			r = remove_at(rm, dirfd(dir), e->d_name, err);
	rm->depth--;
	closedir(dir);
	return r;
}

static int move_up(struct removal *rm, int parent, const char *name, struct err *err)
{
	char fresh[32];
	int r;
	do {
		snprintf(fresh, sizeof(fresh), ".deep-%u", rm->moved++);
		r = renameat(parent, name, rm->top, fresh);
	} while (r < 0 && (errno == EEXIST || errno == ENOTEMPTY || errno == ENOTDIR));
	return r < 0 ? err_sys(err, "move directory %s", name) : 0;
}

static int remove_at(struct removal *rm, int parent, const char *name, struct err *err)
{
	if (unlinkat(parent, name, 0) == 0 || errno == ENOENT)
		return 0;
	if (errno != EISDIR && errno != EPERM)
		return err_sys(err, "remove %s", name);
	if (rm->depth == REMOVE_DEPTH)
		return move_up(rm, parent, name, err);
	unsigned moved;
	do {
		moved = rm->moved;
		int fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		if (fd < 0)
			return errno == ENOENT ? 0 : err_sys(err, "open %s", name);
		int r = remove_entries(rm, fd, err);
		if (r < 0)
			return r;
		if (unlinkat(parent, name, AT_REMOVEDIR) == 0 || errno == ENOENT)
			return 0;
	} while (errno == ENOTEMPTY && rm->depth == 0 && rm->moved != moved);
	return err_sys(err, "remove directory %s", name);
}

int dir_remove(const char *path, struct err *err)
{
	struct removal rm = { .top = -1 };
	return remove_at(&rm, AT_FDCWD, path, err);
}

int file_lock(const char *path, int *out_fd, struct err *err)
{
	auto_fd int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (fd < 0)
		return err_sys(err, "open %s", path);
	if (flock(fd, LOCK_EX | LOCK_NB) < 0) {
		if (errno == EWOULDBLOCK)
			return err_set(err, ERR_CONFLICT, "%s is held by another process", path);
		return err_sys(err, "lock %s", path);
	}
	*out_fd = TAKE_FD(fd);
	return 0;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Each entry's parent directory is opened below the layer's root (root_path.h), then the entry is made in it by name, never
 * through a link. ".wh.NAME" becomes overlayfs' whiteout (a character device 0:0), ".wh..wh..opq" marks its directory opaque.
 * Times of directories are set at the end, as making files in them changes them. */
#include "agent/runtime/layer.h"

#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "agent/runtime/root_path.h"
#include "agent/runtime/tar.h"
#include "base/file.h"
#include "base/mem.h"

#define OPAQUE     ".wh..wh..opq"
#define WHITEOUT   ".wh."
#define COPY_BYTES (64 * 1024)

struct dir_time {
	char *path;
	struct timespec time;
};

struct unpack {
	int root;
	struct tar tar;
	char parent_path[TAR_PATH_MAX + 1]; /* of parent_fd */
	int parent_fd;
	struct dir_time *dirs;
	size_t ndirs, dirs_cap;
	int64_t bytes;
	char copy[COPY_BYTES];
};

static ssize_t source(void *ctx, void *p, size_t n, struct err *err)
{
	return blob_read(ctx, p, n, err);
}

/* "./usr//lib/" → "usr/lib"; false if it has "..". The root itself is "". */
static bool clean_path(const char *path, char out[TAR_PATH_MAX + 1])
{
	struct str rest = str_from(path), part;
	size_t n = 0;
	while (str_next(&rest, '/', &part)) {
		if (!part.n || str_eqz(part, "."))
			continue;
		if (str_eqz(part, ".."))
			return false;
		if (n)
			out[n++] = '/';
		memcpy(out + n, part.p, part.n);
		n += part.n;
	}
	out[n] = '\0';
	return true;
}

static int make_parents(struct unpack *u, char *path)
{
	for (char *at = path;; at++) {
		if (*at && *at != '/')
			continue;
		char end = *at;
		*at = '\0';
		int fd = root_open(u->root, path, O_PATH | O_DIRECTORY | O_CLOEXEC);
		if (fd < 0 && errno == ENOENT) {
			char *slash = strrchr(path, '/');
			if (slash)
				*slash = '\0';
			auto_fd int above =
				slash ? root_open(u->root, path, O_PATH | O_DIRECTORY | O_CLOEXEC)
				      : dup(u->root);
			if (slash)
				*slash = '/';
			if (above < 0 || mkdirat(above, slash ? slash + 1 : path, 0755) != 0)
				fd = -1;
			else
				fd = root_open(u->root, path, O_PATH | O_DIRECTORY | O_CLOEXEC);
		}
		*at = end;
		if (fd < 0 || !end)
			return fd;
		close(fd);
	}
}

/* The directory that `path` is in (borrowed), and its last name. */
static int open_parent(struct unpack *u, char *path, const char **name)
{
	char *slash = strrchr(path, '/');
	*name = slash ? slash + 1 : path;
	size_t n = slash ? (size_t)(slash - path) : 0;
	if (u->parent_fd >= 0 && strlen(u->parent_path) == n &&
	    memcmp(u->parent_path, path, n) == 0)
		return u->parent_fd;
	if (u->parent_fd >= 0)
		close(u->parent_fd);
	memcpy(u->parent_path, path, n);
	u->parent_path[n] = '\0';
	u->parent_fd = n ? root_open(u->root, u->parent_path, O_PATH | O_DIRECTORY | O_CLOEXEC)
			 : fcntl(u->root, F_DUPFD_CLOEXEC, 0);
	if (u->parent_fd < 0 && errno == ENOENT)
		u->parent_fd = make_parents(u, u->parent_path);
	return u->parent_fd;
}

/* Makes room for an entry that replaces an earlier one. A directory may stay when a directory comes. */
static void make_room(int parent, const char *name, bool dir)
{
	struct stat st;
	if (fstatat(parent, name, &st, AT_SYMLINK_NOFOLLOW) != 0 || (dir && S_ISDIR(st.st_mode)))
		return;
	if (!S_ISDIR(st.st_mode)) {
		unlinkat(parent, name, 0);
		return;
	}
	auto_free char *path = str_printf("/proc/self/fd/%d/%s", parent, name);
	dir_remove(path, NULL);
}

/* What an image may carry: file capabilities and user attributes, but nothing that overlayfs would believe. */
static bool xattr_allowed(struct str name)
{
	return str_eqz(name, "security.capability") ||
	       (str_starts(name, STR("user.")) && !str_starts(name, STR("user.overlay.")));
}

static int set_xattrs(int fd, const struct tar_entry *e, struct err *err)
{
	for (size_t i = 0; i < e->nxattrs; i++) {
		char name[256];
		struct str key = e->xattrs[i].name, value = e->xattrs[i].value;
		if (!xattr_allowed(key) || key.n >= sizeof(name))
			continue;
		memcpy(name, key.p, key.n);
		name[key.n] = '\0';
		if (fsetxattr(fd, name, value.p, value.n, 0) != 0 && errno != EOPNOTSUPP)
			return err_sys(err, "set attribute %s of %s", name, e->path);
	}
	return 0;
}

/* Owner first: it clears set-id bits and capabilities. */
static int set_meta(int fd, const struct tar_entry *e, struct err *err)
{
	struct timespec times[2] = { { 0, UTIME_OMIT }, { e->mtime_s, (long)e->mtime_ns } };
	if (fchown(fd, (uid_t)e->uid, (gid_t)e->gid) != 0 || fchmod(fd, e->mode) != 0)
		return err_sys(err, "set owner and mode of %s", e->path);
	int r = set_xattrs(fd, e, err);
	if (r < 0)
		return r;
	return futimens(fd, times) == 0 ? 0 : err_sys(err, "set time of %s", e->path);
}

static int make_file(struct unpack *u, int parent, const char *name, struct err *err)
{
	auto_fd int fd =
		openat(parent, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	ssize_t n;
	if (fd < 0)
		return err_sys(err, "create %s", u->tar.entry.path);
	while ((n = tar_read(&u->tar, u->copy, sizeof(u->copy), err)) > 0) {
		int r = fd_write_all(fd, u->copy, (size_t)n, err);
		if (r < 0)
			return err_wrap(err, r, "write %s", u->tar.entry.path);
		u->bytes += n;
	}
	return n < 0 ? (int)n : set_meta(fd, &u->tar.entry, err);
}

static void remember_time(struct unpack *u, const char *path)
{
	const struct tar_entry *e = &u->tar.entry;
	u->dirs = mem_array_grow(u->dirs, &u->dirs_cap, u->ndirs + 1, sizeof(*u->dirs));
	u->dirs[u->ndirs++] =
		(struct dir_time){ str_dup(str_from(path)), { e->mtime_s, (long)e->mtime_ns } };
}

static int make_dir(struct unpack *u, int parent, const char *name, const char *path,
		    struct err *err)
{
	if (*name && mkdirat(parent, name, 0700) != 0 && errno != EEXIST)
		return err_sys(err, "make %s", u->tar.entry.path);
	auto_fd int fd =
		openat(parent, *name ? name : ".", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return err_sys(err, "open %s", u->tar.entry.path);
	remember_time(u, path);
	return set_meta(fd, &u->tar.entry, err);
}

static int make_hard_link(struct unpack *u, int parent, const char *name, struct err *err)
{
	char target[TAR_PATH_MAX + 1];
	if (!clean_path(u->tar.entry.link, target) || !*target)
		return err_set(err, ERR_INVALID, "%s is a hard link out of the layer",
			       u->tar.entry.path);
	char *slash = strrchr(target, '/');
	if (slash)
		*slash = '\0';
	auto_fd int dir =
		slash ? root_open(u->root, target, O_PATH | O_DIRECTORY | O_CLOEXEC) : dup(u->root);
	if (dir < 0 || linkat(dir, slash ? slash + 1 : target, parent, name, 0) != 0)
		return err_sys(err, "link %s to %s", u->tar.entry.path, u->tar.entry.link);
	return 0;
}

static int make_special(struct unpack *u, int parent, const char *name, struct err *err)
{
	const struct tar_entry *e = &u->tar.entry;
	mode_t kind = e->type == TAR_CHAR ? S_IFCHR : e->type == TAR_BLOCK ? S_IFBLK : S_IFIFO;
	if (e->type == TAR_CHAR && e->dev_major == 0 && e->dev_minor == 0)
		return err_set(err, ERR_INVALID, "%s looks like a whiteout of overlayfs", e->path);
	if (mknodat(parent, name, kind | e->mode, makedev(e->dev_major, e->dev_minor)) != 0)
		return err_sys(err, "make %s", e->path);
	if (fchownat(parent, name, (uid_t)e->uid, (gid_t)e->gid, AT_SYMLINK_NOFOLLOW) != 0 ||
	    fchmodat(parent, name, e->mode, 0) != 0)
		return err_sys(err, "set owner and mode of %s", e->path);
	return 0;
}

static int make_symlink(struct unpack *u, int parent, const char *name, struct err *err)
{
	const struct tar_entry *e = &u->tar.entry;
	struct timespec times[2] = { { 0, UTIME_OMIT }, { e->mtime_s, (long)e->mtime_ns } };
	if (symlinkat(e->link, parent, name) != 0 ||
	    fchownat(parent, name, (uid_t)e->uid, (gid_t)e->gid, AT_SYMLINK_NOFOLLOW) != 0)
		return err_sys(err, "make %s", e->path);
	utimensat(parent, name, times, AT_SYMLINK_NOFOLLOW);
	return 0;
}

static int make_whiteout(struct unpack *u, int parent, const char *name, struct err *err)
{
	if (strcmp(name, OPAQUE) == 0) {
		auto_free char *path = str_printf("/proc/self/fd/%d", parent);
		if (setxattr(path, "trusted.overlay.opaque", "y", 1, 0) != 0)
			return err_sys(err, "mark the directory of %s opaque", u->tar.entry.path);
		return 0;
	}
	if (str_starts(str_from(name), STR(".wh..wh.")))
		return 0; /* AUFS' own notes */
	name += sizeof(WHITEOUT) - 1;
	if (!*name || strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
		return err_set(err, ERR_INVALID, "%s is no valid whiteout", u->tar.entry.path);
	if (mknodat(parent, name, S_IFCHR, 0) != 0 &&
	    errno != EEXIST) /* there already: this layer brings it again */
		return err_sys(err, "make the whiteout %s", u->tar.entry.path);
	return 0;
}

static int make_entry(struct unpack *u, struct err *err)
{
	char path[TAR_PATH_MAX + 1];
	const char *name;
	enum tar_type type = u->tar.entry.type;
	if (!clean_path(u->tar.entry.path, path))
		return err_set(err, ERR_INVALID, "%s leads out of the layer", u->tar.entry.path);
	int parent = open_parent(u, path, &name);
	if (parent < 0)
		return err_sys(err, "open the directory of %s", u->tar.entry.path);
	if (str_starts(str_from(name), STR(WHITEOUT)))
		return make_whiteout(u, parent, name, err);
	if (!*name)
		return type == TAR_DIR
			       ? make_dir(u, parent, "", "", err)
			       : err_set(err, ERR_INVALID, "the layer's root is no directory");
	make_room(parent, name, type == TAR_DIR);
	switch (type) {
	case TAR_FILE: return make_file(u, parent, name, err);
	case TAR_DIR: return make_dir(u, parent, name, path, err);
	case TAR_HARD_LINK: return make_hard_link(u, parent, name, err);
	case TAR_SYMLINK: return make_symlink(u, parent, name, err);
	default: return make_special(u, parent, name, err);
	}
}

static void set_dir_times(struct unpack *u)
{
	while (u->ndirs > 0) {
		struct dir_time *d = &u->dirs[--u->ndirs];
		struct timespec times[2] = { { 0, UTIME_OMIT }, d->time };
		auto_fd int fd = root_open(u->root, *d->path ? d->path : ".",
					   O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (fd >= 0)
			futimens(fd, times);
		free(d->path);
	}
	free(u->dirs);
}

static int unpack_all(struct unpack *u, struct err *err)
{
	int r;
	for (size_t n = 0; (r = tar_next(&u->tar, err)) > 0; n++) {
		if (n == LAYER_ENTRIES_MAX)
			return err_set(err, ERR_TOO_LARGE, "layer has more than %d entries",
				       LAYER_ENTRIES_MAX);
		r = make_entry(u, err);
		if (r < 0)
			return r;
	}
	return r;
}

int layer_unpack(struct blob_reader *from, const char *dir, int64_t *out_bytes, struct err *err)
{
	struct unpack *u = mem_alloc(sizeof(*u));
	memset(u, 0, offsetof(struct unpack, copy));
	u->tar.read = source;
	u->tar.ctx = from;
	u->parent_fd = -1;
	u->root = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int r = u->root < 0 ? err_sys(err, "open %s", dir) : unpack_all(u, err);
	if (u->root >= 0)
		set_dir_times(u);
	*out_bytes = u->bytes;
	tar_close(&u->tar);
	if (u->parent_fd >= 0)
		close(u->parent_fd);
	if (u->root >= 0)
		close(u->root);
	free(u);
	return r < 0 ? err_wrap(err, r, "unpack layer") : 0;
}

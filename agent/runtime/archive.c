/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/runtime/archive.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/runtime/root_path.h"
#include "agent/runtime/tar.h"
#include "base/file.h"
#include "base/map.h"
#include "base/mem.h"

#define LINKS_MAX 8

struct member {
	int64_t offset, size;
	char *link; /* where a link leads, or NULL */
};

struct archive {
	int fd;
	bool is_dir;
	struct map members; /* name -> struct member */
	int64_t position;   /* while indexing */
};

static void member_free(void *p)
{
	struct member *m = p;
	free(m->link);
	free(m);
}

void archive_free(struct archive *a)
{
	if (!a)
		return;
	if (a->fd >= 0)
		close(a->fd);
	map_free(&a->members, member_free);
	free(a);
}

/* "./a/../b//c" → "b/c": names in archives are only compared, never opened. */
static void clean(const char *base, const char *path, struct buf *out)
{
	struct str parts[2] = { str_from(base), str_from(path) }, part;
	buf_reset(out);
	buf_puts(out, "");
	for (int i = *path == '/'; i < 2; i++) {
		while (str_next(&parts[i], '/', &part)) {
			if (!part.n || str_eqz(part, "."))
				continue;
			if (str_eqz(part, "..")) {
				size_t slash = str_rfind(buf_view(out), '/');
				out->n = slash == out->n ? 0 : slash;
				out->p[out->n] = '\0';
				continue;
			}
			if (out->n)
				buf_putc(out, '/');
			buf_str(out, part);
		}
	}
}

static ssize_t read_at(void *ctx, void *p, size_t n, struct err *err)
{
	struct archive *a = ctx;
	ssize_t r = pread(a->fd, p, n, a->position);
	if (r < 0)
		return err_sys(err, "read archive");
	a->position += r;
	return r;
}

static int skip_at(void *ctx, int64_t n, struct err *err)
{
	struct archive *a = ctx;
	(void)err;
	a->position += n;
	return 0;
}

static void add_member(struct archive *a, const struct tar *t)
{
	const struct tar_entry *e = &t->entry;
	auto_buf name = { 0 };
	auto_buf link = { 0 };
	struct member *m = NEW(struct member);
	clean("", e->path, &name);
	m->offset = t->position;
	m->size = e->size;
	if (e->type == TAR_SYMLINK || e->type == TAR_HARD_LINK) {
		auto_free char *dir =
			str_dup(str_of(name.p, e->type == TAR_SYMLINK && strchr(name.p, '/')
						       ? str_rfind(buf_view(&name), '/')
						       : 0));
		clean(dir, e->link, &link);
		m->link = buf_take(&link);
	}
	struct member *old = map_put(&a->members, buf_view(&name), m);
	if (old)
		member_free(old);
}

static int index_tar(struct archive *a, struct err *err)
{
	struct tar t = { .read = read_at, .skip = skip_at, .ctx = a };
	struct stat st;
	int r;
	if (fstat(a->fd, &st) != 0)
		return err_sys(err, "look at archive");
	while ((r = tar_next(&t, err)) > 0) {
		if (t.entry.type == TAR_FILE && t.position + t.entry.size > st.st_size)
			r = err_set(err, ERR_INVALID, "archive is cut short: %s is incomplete",
				    t.entry.path);
		else if (a->members.count >= ARCHIVE_FILES_MAX)
			r = err_set(err, ERR_TOO_LARGE, "archive has more than %d files",
				    ARCHIVE_FILES_MAX);
		if (r < 0)
			break;
		if (t.entry.type == TAR_FILE || t.entry.type == TAR_SYMLINK ||
		    t.entry.type == TAR_HARD_LINK)
			add_member(a, &t);
	}
	tar_close(&t);
	return r;
}

static bool is_compressed(int fd)
{
	unsigned char magic[4] = { 0 };
	return pread(fd, magic, 4, 0) >= 2 && ((magic[0] == 0x1f && magic[1] == 0x8b) ||
					       memcmp(magic, "\x28\xb5\x2f\xfd", 4) == 0);
}

static int copy_plain(struct blob_reader *r, int to, struct err *err)
{
	char *piece = mem_alloc(256 * 1024);
	ssize_t n;
	int rc = 0;
	while (rc == 0 && (n = blob_read(r, piece, 256 * 1024, err)) != 0)
		rc = n < 0 ? (int)n : fd_write_all(to, piece, (size_t)n, err);
	free(piece);
	return rc;
}

static int unpack_to_tmp(struct archive *a, const char *tmp_dir, struct err *err)
{
	struct blob_reader *r;
	auto_fd int to = open(tmp_dir, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	if (to < 0)
		return err_sys(err, "make a temporary file in %s", tmp_dir);
	int rc = blob_reader_new((struct blob_range){ a->fd, 0, -1 }, ARCHIVE_BYTES_MAX, &r, err);
	if (rc < 0)
		return rc;
	rc = copy_plain(r, to, err);
	blob_reader_free(r);
	if (rc < 0)
		return err_wrap(err, rc, "unpack archive");
	close(a->fd);
	a->fd = TAKE_FD(to);
	return 0;
}

int archive_open(const char *path, const char *tmp_dir, struct archive **out, struct err *err)
{
	struct archive *a = NEW(struct archive);
	struct stat st;
	int r = 0;
	a->fd = open(path, O_RDONLY | O_CLOEXEC);
	if (a->fd < 0 || fstat(a->fd, &st) != 0)
		r = errno == ENOENT ? err_set(err, ERR_NOT_FOUND, "%s: no such file", path)
				    : err_sys(err, "open %s", path);
	else if (S_ISDIR(st.st_mode))
		a->is_dir = true;
	else if (is_compressed(a->fd))
		r = unpack_to_tmp(a, tmp_dir, err);
	if (r == 0 && !a->is_dir)
		r = index_tar(a, err);
	if (r < 0) {
		archive_free(a);
		return r;
	}
	*out = a;
	return 0;
}

static const struct member *find(const struct archive *a, const char *name)
{
	for (int i = 0; i < LINKS_MAX; i++) {
		const struct member *m = map_get(&a->members, str_from(name));
		if (!m || !m->link)
			return m;
		name = m->link;
	}
	return NULL;
}

int archive_file(const struct archive *a, const char *name, struct blob_range *out, struct err *err)
{
	if (a->is_dir) {
		int fd = root_open(a->fd, name, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
		if (fd < 0)
			return errno == ENOENT ? err_set(err, ERR_NOT_FOUND, "%s is missing", name)
					       : err_sys(err, "open %s", name);
		*out = (struct blob_range){ fd, 0, -1 };
		return 0;
	}
	const struct member *m = find(a, name);
	if (!m)
		return err_set(err, ERR_NOT_FOUND, "%s is missing in the archive", name);
	*out = (struct blob_range){ a->fd, m->offset, m->size };
	return 0;
}

void archive_release(const struct archive *a, struct blob_range *r)
{
	if (a->is_dir && r->fd >= 0)
		close(r->fd);
	r->fd = -1;
}

bool archive_has(const struct archive *a, const char *name)
{
	struct blob_range r;
	if (archive_file(a, name, &r, NULL) < 0)
		return false;
	archive_release(a, &r);
	return true;
}

int archive_read(const struct archive *a, const char *name, size_t max, struct buf *out,
		 struct err *err)
{
	struct blob_range range;
	int r = archive_file(a, name, &range, err);
	if (r < 0)
		return r;
	if (range.size > (int64_t)max) {
		r = err_set(err, ERR_TOO_LARGE, "%s has more than %zu bytes", name, max);
	} else if (range.size < 0) {
		r = fd_read_all(range.fd, max, out, err);
	} else {
		buf_reserve(out, (size_t)range.size);
		ssize_t n = pread(range.fd, out->p + out->n, (size_t)range.size, range.offset);
		if (n != range.size)
			r = n < 0 ? err_sys(err, "read %s", name)
				  : err_set(err, ERR_INVALID, "%s is cut short", name);
		else {
			out->n += (size_t)n;
			out->p[out->n] = '\0';
		}
	}
	archive_release(a, &range);
	return r;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Files of the store. A thing is complete when it has its name: everything is made below tmp/ and renamed. */
#include "agent/runtime/image_store.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/runtime/state_file.h"
#include "base/file.h"
#include "base/mem.h"

#define NAME_FILE_MAX 250

static const char *const kinds[] = { "blobs", "layers", "names", "pins", "partial", "tmp" };

int store_lock(struct image_store *s, bool exclusive, int *out_fd, struct err *err)
{
	auto_free char *path = str_printf("%s/lock", s->dir);
	auto_fd int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (fd < 0)
		return err_sys(err, "open %s", path);
	while (flock(fd, exclusive ? LOCK_EX | LOCK_NB : LOCK_SH) != 0) {
		if (errno == EWOULDBLOCK)
			return err_set(err, ERR_CONFLICT, "images are being added");
		if (errno != EINTR)
			return err_sys(err, "lock %s", path);
	}
	*out_fd = TAKE_FD(fd);
	return 0;
}

char *store_path(const struct image_store *s, const char *kind, const char *name)
{
	return str_printf("%s/%s/%s", s->dir, kind, name);
}

char *store_tmp(struct image_store *s)
{
	return str_printf("%s/tmp/%d-%u", s->dir, (int)getpid(), ++s->next_tmp);
}

/* What an interrupted process left, when nobody else works. */
static void sweep(struct image_store *s)
{
	auto_fd int lock = -1;
	auto_free char *tmp = str_printf("%s/tmp", s->dir);
	if (store_lock(s, true, &lock, NULL) < 0)
		return;
	dir_remove(tmp, NULL);
	dir_make(tmp, 0700, NULL);
}

int image_store_open(const char *dir, struct image_store **out, struct err *err)
{
	struct image_store *s = NEW(struct image_store);
	s->dir = str_dup(str_from(dir));
	list_init(&s->pulls);
	pthread_mutex_init(&s->mutex, NULL);
	pthread_cond_init(&s->idle, NULL);
	for (size_t i = 0; i < COUNT_OF(kinds); i++) {
		auto_free char *path = str_printf("%s/%s", dir, kinds[i]);
		int r = dir_make(path, 0700, err);
		if (r < 0) {
			image_store_free(s);
			return r;
		}
	}
	sweep(s);
	*out = s;
	return 0;
}

void image_store_free(struct image_store *s)
{
	if (!s)
		return;
	pthread_mutex_lock(&s->mutex);
	while (s->running > 0)
		pthread_cond_wait(&s->idle, &s->mutex);
	pthread_mutex_unlock(&s->mutex);
	pthread_cond_destroy(&s->idle);
	pthread_mutex_destroy(&s->mutex);
	free(s->dir);
	free(s->registries);
	free(s);
}

void image_store_registries(struct image_store *s, const char *file, bool mirrors_only)
{
	free(s->registries);
	s->registries = file ? str_dup(str_from(file)) : NULL;
	s->mirrors_only = mirrors_only;
}

bool store_has_layer(const struct image_store *s, const char *diff_hex)
{
	auto_free char *path = store_path(s, "layers", diff_hex);
	return file_exists(path);
}

int store_add_layer(struct image_store *s, const char *tmp, const char *diff_hex,
		    int64_t size_bytes, struct err *err)
{
	auto_free char *path = store_path(s, "layers", diff_hex);
	auto_free char *size = str_printf("%s/size", tmp);
	auto_free char *text = str_printf("%lld\n", (long long)size_bytes);
	int r = file_write_plain(size, text, strlen(text), 0600, err);
	if (r < 0)
		return r;
	if (rename(tmp, path) == 0)
		return 0;
	if (errno != EEXIST && errno != ENOTEMPTY)
		return err_sys(err, "move layer to %s", path);
	return dir_remove(tmp, err); /* somebody else was faster */
}

int64_t store_layer_bytes(const struct image_store *s, const char *diff_hex)
{
	auto_free char *path = str_printf("%s/layers/%s/size", s->dir, diff_hex);
	auto_buf text = { 0 };
	int64_t v = 0;
	if (file_read(path, 64, &text, NULL) == 0)
		str_to_i64(str_trim(buf_view(&text)), &v);
	return v;
}

int store_add_blob(struct image_store *s, const char *hex, struct str bytes, struct err *err)
{
	auto_free char *path = store_path(s, "blobs", hex);
	auto_free char *tmp = store_tmp(s);
	if (file_exists(path))
		return 0;
	int r = file_write_plain(tmp, bytes.p, bytes.n, 0600, err);
	if (r == 0 && rename(tmp, path) != 0)
		r = err_sys(err, "move blob to %s", path);
	return r;
}

int store_read_blob(const struct image_store *s, const char *hex, struct buf *out, struct err *err)
{
	auto_free char *path = store_path(s, "blobs", hex);
	char digest[DIGEST_TEXT];
	size_t start = out->n;
	int r = file_read(path, BLOB_MAX, out, err);
	if (r < 0)
		return r;
	digest_of(out->p + start, out->n - start, digest);
	if (strcmp(digest_hex(digest), hex) != 0)
		return err_set(err, ERR_INTERNAL, "%s is damaged: pull the image again", path);
	return 0;
}

int64_t store_blob_time_s(const struct image_store *s, const char *hex)
{
	auto_free char *path = store_path(s, "blobs", hex);
	struct stat st;
	return stat(path, &st) == 0 ? (int64_t)st.st_mtime : 0;
}

/* Contents before names: after a power cut a name never leads to files without their contents. */
int store_sync(const struct image_store *s, struct err *err)
{
	auto_fd int fd = open(s->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0 || syncfs(fd) != 0)
		return err_sys(err, "sync %s", s->dir);
	return 0;
}

static int name_path(const struct image_store *s, const char *name, char **out, struct err *err)
{
	auto_buf file = { 0 };
	for (const char *p = name; *p; p++) {
		if (*p == '/' || *p == '%')
			buf_printf(&file, "%%%02x", (unsigned char)*p);
		else
			buf_putc(&file, *p);
	}
	if (file.n > NAME_FILE_MAX || !file.n)
		return err_set(err, ERR_BAD_REQUEST, "the image name %s is too long", name);
	*out = store_path(s, "names", file.p);
	return 0;
}

int store_set_name(struct image_store *s, const char *name, const char *text, struct err *err)
{
	char *path = NULL;
	int r = name_path(s, name, &path, err);
	if (r == 0)
		r = file_write_atomic(path, text, strlen(text), 0600, err);
	free(path);
	return r;
}

int store_get_name(const struct image_store *s, const char *name, struct buf *out, struct err *err)
{
	char *path = NULL;
	int r = name_path(s, name, &path, err);
	if (r == 0)
		r = file_read(path, 1024, out, err);
	free(path);
	return r;
}

int store_drop_name(const struct image_store *s, const char *name, struct err *err)
{
	char *path = NULL;
	int r = name_path(s, name, &path, err);
	if (r == 0 && unlink(path) != 0 && errno != ENOENT)
		r = err_sys(err, "remove %s", path);
	free(path);
	return r;
}

static void decode_name(const char *file, struct buf *out)
{
	buf_reset(out);
	for (const char *p = file; *p; p++) {
		unsigned v;
		if (*p == '%' && sscanf(p + 1, "%2x", &v) == 1 && p[1] && p[2]) {
			buf_putc(out, (char)v);
			p += 2;
		} else {
			buf_putc(out, *p);
		}
	}
}

int store_each_name(const struct image_store *s,
		    int (*fn)(void *ctx, const char *name, const char *text), void *ctx)
{
	auto_free char *dir = store_path(s, "names", "");
	DIR *d = opendir(dir);
	int r = 0;
	for (struct dirent *e; d && r == 0 && (e = readdir(d));) {
		auto_free char *path = store_path(s, "names", e->d_name);
		auto_buf name = { 0 };
		auto_buf text = { 0 };
		if (e->d_name[0] == '.' || file_read(path, 1024, &text, NULL) < 0 || !text.n)
			continue;
		decode_name(e->d_name, &name);
		r = fn(ctx, name.p, text.p);
	}
	if (d)
		closedir(d);
	return r;
}

int image_pin(struct image_store *s, const char *image_id, const char *container_id,
	      struct err *err)
{
	auto_free char *path = store_path(s, "pins", container_id);
	return file_write_plain(path, image_id, strlen(image_id), 0600, err);
}

void image_unpin(struct image_store *s, const char *container_id)
{
	auto_free char *path = store_path(s, "pins", container_id);
	unlink(path);
}

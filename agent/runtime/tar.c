/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/runtime/tar.h"

#include "base/mem.h"

#define BLOCK          512
#define SIZE_MAX_BYTES ((int64_t)1 << 50)

struct header {
	char name[100], mode[8], uid[8], gid[8], size[12], mtime[12], checksum[8];
	char type;
	char link[100], magic[6], version[2], user[32], group[32], major[8], minor[8], prefix[155],
		pad[12];
};
_Static_assert(sizeof(struct header) == BLOCK, "a tar header is one block");

static int bad(struct err *err, const char *why)
{
	return err_set(err, ERR_INVALID, "archive is broken: %s", why);
}

static int read_full(struct tar *t, void *p, size_t n, size_t *got, struct err *err)
{
	*got = 0;
	while (*got < n) {
		ssize_t r = t->read(t->ctx, (char *)p + *got, n - *got, err);
		if (r < 0)
			return (int)r;
		if (r == 0)
			break;
		*got += (size_t)r;
		t->position += r;
	}
	return 0;
}

static int skip_bytes(struct tar *t, int64_t n, struct err *err)
{
	char sink[16384];
	if (t->skip && n > 0) {
		t->position += n;
		return t->skip(t->ctx, n, err);
	}
	while (n > 0) {
		size_t got, want = n < (int64_t)sizeof(sink) ? (size_t)n : sizeof(sink);
		int r = read_full(t, sink, want, &got, err);
		if (r < 0)
			return r;
		if (got < want)
			return bad(err, "it ends within an entry");
		n -= (int64_t)got;
	}
	return 0;
}

/* Octal text, or GNU's binary form (top bit set). */
static bool number(const char *p, size_t n, int64_t *out)
{
	const unsigned char *b = (const unsigned char *)p;
	int64_t v = 0;
	if (b[0] & 0x80) {
		bool negative = b[0] == 0xff;
		for (size_t i = 1; i < n; i++) {
			if (v > INT64_MAX / 256)
				return false;
			v = v * 256 + (negative ? 255 - b[i] : b[i]);
		}
		*out = negative ? -v - 1 : v;
		return b[0] == 0x80 || negative;
	}
	size_t i = 0;
	while (i < n && p[i] == ' ')
		i++;
	for (; i < n && p[i] >= '0' && p[i] <= '7'; i++) {
		if (v > INT64_MAX / 8)
			return false;
		v = v * 8 + (p[i] - '0');
	}
	for (; i < n; i++)
		if (p[i] != ' ' && p[i] != '\0')
			return false;
	*out = v;
	return true;
}

static bool checksum_ok(const struct header *h)
{
	const unsigned char *p = (const unsigned char *)h;
	int64_t want;
	uint32_t sum = 0;
	if (!number(h->checksum, sizeof(h->checksum), &want))
		return false;
	for (size_t i = 0; i < BLOCK; i++)
		sum += i >= offsetof(struct header, checksum) && i < offsetof(struct header, type)
			       ? ' '
			       : p[i];
	return (int64_t)sum == want;
}

static bool all_zero(const struct header *h)
{
	const char *p = (const char *)h;
	for (size_t i = 0; i < BLOCK; i++)
		if (p[i])
			return false;
	return true;
}

static int set_text(struct buf *out, struct str s, struct err *err)
{
	size_t n = s.n ? strnlen(s.p, s.n) : 0;
	if (n > TAR_PATH_MAX)
		return bad(err, "a path is too long");
	buf_reset(out);
	buf_add(out, s.p, n);
	return 0;
}

static int64_t padding_of(int64_t size)
{
	return (BLOCK - size % BLOCK) % BLOCK;
}

/* The content of a pax or GNU header block. */
static int read_extra(struct tar *t, int64_t size, struct buf *out, struct err *err)
{
	size_t got;
	if (size < 0 || size > TAR_PAX_MAX)
		return bad(err, "an extended header is too large");
	buf_reset(out);
	buf_reserve(out, (size_t)size + 1);
	int r = read_full(t, out->p, (size_t)size, &got, err);
	if (r < 0)
		return r;
	if ((int64_t)got < size)
		return bad(err, "it ends within a header");
	out->n = got;
	out->p[got] = '\0';
	return skip_bytes(t, padding_of(size), err);
}

/* "LENGTH KEY=VALUE\n", LENGTH counting all of it. */
static bool pax_next(struct str *rest, struct str *key, struct str *value)
{
	size_t length = 0, digits = 0;
	while (digits < rest->n && digits < 8 && rest->p[digits] >= '0' && rest->p[digits] <= '9')
		length = length * 10 + (size_t)(rest->p[digits++] - '0');
	if (digits == 0 || digits >= rest->n || rest->p[digits] != ' ' || length > rest->n ||
	    length < digits + 3 || rest->p[length - 1] != '\n')
		return false;
	struct str record = str_of(rest->p + digits + 1, length - digits - 2);
	size_t eq = str_find(record, '=');
	if (eq == record.n)
		return false;
	*key = str_of(record.p, eq);
	*value = str_of(record.p + eq + 1, record.n - eq - 1);
	*rest = str_of(rest->p + length, rest->n - length);
	return true;
}

static bool set_time(struct str value, struct tar_entry *e)
{
	size_t dot = str_find(value, '.');
	uint32_t ns = 0, scale = 100000000;
	if (!str_to_i64(str_of(value.p, dot), &e->mtime_s))
		return false;
	for (size_t i = dot + 1; i < value.n && scale; i++, scale /= 10) {
		if (value.p[i] < '0' || value.p[i] > '9')
			return false;
		ns += (uint32_t)(value.p[i] - '0') * scale;
	}
	e->mtime_ns = ns;
	return true;
}

static int apply_pax_record(struct tar *t, struct str key, struct str value, struct err *err)
{
	struct tar_entry *e = &t->entry;
	if (str_eqz(key, "path"))
		return set_text(&t->path, value, err);
	if (str_eqz(key, "linkpath"))
		return set_text(&t->link, value, err);
	if (str_starts(key, STR("GNU.sparse.")))
		return bad(err, "sparse files are not supported");
	bool ok = true;
	if (str_eqz(key, "size"))
		ok = str_to_i64(value, &e->size);
	else if (str_eqz(key, "uid"))
		ok = str_to_i64(value, &e->uid);
	else if (str_eqz(key, "gid"))
		ok = str_to_i64(value, &e->gid);
	else if (str_eqz(key, "mtime"))
		ok = set_time(value, e);
	else if (str_cut_prefix(&key, STR("SCHILY.xattr.")) && key.n && e->nxattrs < TAR_XATTRS_MAX)
		e->xattrs[e->nxattrs++] = (struct tar_xattr){ key, value };
	return ok ? 0 : bad(err, "a pax record has a bad number");
}

static int apply_pax(struct tar *t, const struct buf *records, struct err *err)
{
	struct str rest = buf_view(records), key, value;
	while (rest.n) {
		if (!pax_next(&rest, &key, &value))
			return bad(err, "a pax record has a bad length");
		int r = apply_pax_record(t, key, value, err);
		if (r < 0)
			return r;
	}
	return 0;
}

static int set_name(struct tar *t, const struct header *h, struct err *err)
{
	int r = 0;
	if (t->path.n == 0) { /* no GNU long name before */
		size_t prefix = memcmp(h->magic, "ustar\0", 6) == 0
					? strnlen(h->prefix, sizeof(h->prefix))
					: 0;
		buf_add(&t->path, h->prefix, prefix);
		if (prefix)
			buf_putc(&t->path, '/');
		buf_add(&t->path, h->name, strnlen(h->name, sizeof(h->name)));
	}
	if (t->link.n == 0)
		r = set_text(&t->link, str_of(h->link, sizeof(h->link)), err);
	return r;
}

static int set_type(struct tar *t, char type, struct err *err)
{
	static const struct {
		char flag;
		enum tar_type type;
	} types[] = {
		{ '0', TAR_FILE },      { '\0', TAR_FILE },   { '7', TAR_FILE },
		{ '1', TAR_HARD_LINK }, { '2', TAR_SYMLINK }, { '3', TAR_CHAR },
		{ '4', TAR_BLOCK },     { '5', TAR_DIR },     { '6', TAR_FIFO },
	};
	for (size_t i = 0; i < COUNT_OF(types); i++) {
		if (types[i].flag != type)
			continue;
		t->entry.type = types[i].type;
		if (type == '\0' && t->path.n && t->path.p[t->path.n - 1] == '/')
			t->entry.type = TAR_DIR; /* as before ustar */
		return 0;
	}
	return bad(err,
		   type == 'S' ? "sparse files are not supported" : "an entry has an unknown type");
}

static int fill_entry(struct tar *t, const struct header *h, struct err *err)
{
	struct tar_entry *e = &t->entry;
	int64_t mode = 0, major = 0, minor = 0;
	*e = (struct tar_entry){ 0 };
	if (!number(h->mode, sizeof(h->mode), &mode) || !number(h->uid, sizeof(h->uid), &e->uid) ||
	    !number(h->gid, sizeof(h->gid), &e->gid) ||
	    !number(h->size, sizeof(h->size), &e->size) ||
	    !number(h->mtime, sizeof(h->mtime), &e->mtime_s))
		return bad(err, "a header has a bad number");
	if (h->type == '3' || h->type == '4') {
		if (!number(h->major, sizeof(h->major), &major) ||
		    !number(h->minor, sizeof(h->minor), &minor))
			return bad(err, "a header has a bad device number");
	}
	e->mode = (mode_t)(mode & 07777);
	e->dev_major = (uint32_t)major;
	e->dev_minor = (uint32_t)minor;
	int r = set_name(t, h, err);
	if (r == 0)
		r = set_type(t, h->type, err);
	if (r == 0)
		r = apply_pax(t, &t->global, err);
	if (r == 0)
		r = apply_pax(t, &t->pax, err);
	if (r < 0)
		return r;
	if (e->size < 0 || e->size > SIZE_MAX_BYTES || e->uid < 0 || e->gid < 0 ||
	    e->uid > UINT32_MAX || e->gid > UINT32_MAX)
		return bad(err, "a header has a number out of range");
	if (t->path.n == 0 || t->path.n > TAR_PATH_MAX)
		return bad(err, "an entry has no usable name");
	if (memchr(t->path.p, '\0', t->path.n))
		return bad(err, "a name has a zero byte");
	if (e->type != TAR_FILE)
		e->size = 0;
	e->path = t->path.p;
	e->link = t->link.p ? t->link.p : "";
	t->left = e->size;
	t->padding = padding_of(e->size);
	return 0;
}

/* Headers that describe the next entry. 1: it was one. */
static int take_extra(struct tar *t, const struct header *h, struct err *err)
{
	auto_buf text = { 0 };
	int64_t size;
	int r;
	if (!strchr("xgLK", h->type) || !h->type)
		return 0;
	if (!number(h->size, sizeof(h->size), &size))
		return bad(err, "a header has a bad number");
	if (h->type == 'x')
		r = read_extra(t, size, &t->pax, err);
	else if (h->type == 'g')
		r = read_extra(t, size, &t->global, err);
	else
		r = read_extra(t, size, &text, err);
	if (r == 0 && (h->type == 'L' || h->type == 'K'))
		r = set_text(h->type == 'L' ? &t->path : &t->link, buf_view(&text), err);
	return r < 0 ? r : 1;
}

int tar_next(struct tar *t, struct err *err)
{
	struct header h;
	size_t got;
	if (t->ended)
		return 0;
	int r = skip_bytes(t, t->left + t->padding, err);
	t->left = t->padding = 0;
	buf_reset(&t->path);
	buf_reset(&t->link);
	buf_reset(&t->pax);
	while (r == 0) {
		r = read_full(t, &h, sizeof(h), &got, err);
		if (r < 0)
			return r;
		if (got == 0 || (got == BLOCK && all_zero(&h))) {
			t->ended = true;
			return 0;
		}
		if (got < BLOCK || !checksum_ok(&h))
			return bad(err, got < BLOCK ? "it ends within a header"
						    : "a header's checksum is wrong");
		r = take_extra(t, &h, err);
		if (r == 0) {
			r = fill_entry(t, &h, err);
			return r < 0 ? r : 1;
		}
		if (r > 0)
			r = 0;
	}
	return r;
}

ssize_t tar_read(struct tar *t, void *p, size_t n, struct err *err)
{
	if ((int64_t)n > t->left)
		n = (size_t)t->left;
	if (n == 0)
		return 0;
	ssize_t r = t->read(t->ctx, p, n, err);
	if (r < 0)
		return r;
	if (r == 0)
		return bad(err, "it ends within an entry");
	t->left -= r;
	t->position += r;
	return r;
}

void tar_close(struct tar *t)
{
	buf_free(&t->path);
	buf_free(&t->link);
	buf_free(&t->pax);
	buf_free(&t->global);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "server/apiserver/wire.h"

#include "api/codec.h"
#include "base/mem.h"

enum { WIRE_VARINT = 0, WIRE_BYTES = 2 };

static size_t varint_size(uint64_t v)
{
	size_t n = 1;
	while (v >>= 7)
		n++;
	return n;
}

static void varint(struct buf *out, uint64_t v)
{
	for (; v >= 0x80; v >>= 7)
		buf_putc(out, (char)(v | 0x80));
	buf_putc(out, (char)v);
}

static void bytes_head(struct buf *out, unsigned tag, size_t n)
{
	varint(out, (uint64_t)tag << 3 | WIRE_BYTES);
	varint(out, n);
}

static void text(struct buf *out, unsigned tag, struct str s)
{
	bytes_head(out, tag, s.n);
	buf_str(out, s);
}

static void list_meta_write(const struct list_meta *m, struct buf *out)
{
	auto_buf revision = { 0 };
	buf_i64(&revision, m->revision);
	text(out, 1, STR("")); /* selfLink */
	text(out, 2, buf_view(&revision));
	text(out, 3, m->continue_token);
	if (m->remaining >= 0) {
		varint(out, 4 << 3 | WIRE_VARINT);
		varint(out, (uint64_t)m->remaining);
	}
}

static int raws_find(const struct object *const *items, size_t n, struct str *raws, struct err *err)
{
	for (size_t i = 0; i < n; i++) {
		struct str whole, version, kind;
		int r = object_protobuf(items[i], &whole, err);
		if (r == 0)
			r = api_protobuf_envelope(whole, &version, &kind, &raws[i], err);
		if (r < 0)
			return r;
	}
	return 0;
}

static void list_write(const char *kind, const char *api_version, const struct str *raws, size_t n,
		       const struct list_meta *m, struct buf *out)
{
	auto_buf meta = { 0 }, type = { 0 };
	list_meta_write(m, &meta);
	text(&type, 1, str_from(api_version));
	text(&type, 2, str_from(kind));
	size_t body = 1 + varint_size(meta.n) + meta.n;
	for (size_t i = 0; i < n; i++)
		body += 1 + varint_size(raws[i].n) + raws[i].n;
	buf_reserve(out, body + type.n + 32);
	buf_add(out, "k8s\0", 4);
	text(out, 1, buf_view(&type));
	bytes_head(out, 2, body);
	text(out, 1, buf_view(&meta));
	for (size_t i = 0; i < n; i++)
		text(out, 2, raws[i]);
	text(out, 3, STR("")); /* contentEncoding */
	text(out, 4, STR("")); /* contentType */
}

int wire_list_write(const char *kind, const char *api_version, const struct object *const *items,
		    size_t n, const struct list_meta *m, struct buf *out, struct err *err)
{
	struct str *raws = mem_alloc((n + 1) * sizeof(*raws));
	int r = raws_find(items, n, raws, err);
	if (r == 0)
		list_write(kind, api_version, raws, n, m, out);
	free(raws);
	return r;
}

void wire_event_head(const char *type, size_t object_bytes, struct buf *out)
{
	struct str name = str_from(type);
	size_t raw = 1 + varint_size(object_bytes) + object_bytes;
	size_t body = 1 + varint_size(name.n) + name.n + 1 + varint_size(raw) + raw;
	unsigned char length[4] = { (unsigned char)(body >> 24), (unsigned char)(body >> 16),
				    (unsigned char)(body >> 8), (unsigned char)body };
	buf_add(out, length, sizeof(length));
	text(out, 1, name);
	bytes_head(out, 2, raw);
	bytes_head(out, 1, object_bytes);
}

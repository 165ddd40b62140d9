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

static void list_head(const char *kind, const char *api_version, size_t items_bytes,
		      const struct list_meta *m, struct buf *out)
{
	auto_buf meta = { 0 }, type = { 0 };
	list_meta_write(m, &meta);
	text(&type, 1, str_from(api_version));
	text(&type, 2, str_from(kind));
	buf_add(out, "k8s\0", 4);
	text(out, 1, buf_view(&type));
	bytes_head(out, 2, 1 + varint_size(meta.n) + meta.n + items_bytes);
	text(out, 1, buf_view(&meta));
}

static int raws_find(const struct object *const *items, size_t n, struct str *raws, size_t *bytes,
		     struct err *err)
{
	*bytes = 0;
	for (size_t i = 0; i < n; i++) {
		int r = object_protobuf_raw(items[i], &raws[i], err);
		if (r < 0)
			return r;
		*bytes += 1 + varint_size(raws[i].n) + raws[i].n;
	}
	return 0;
}

static void release_object(void *o)
{
	object_unref(o);
}

/* What stands around the items is in one block, which the last chunk owns. */
int wire_list_chunks(const char *kind, const char *api_version, const struct object *const *items,
		     size_t n, const struct list_meta *m, struct chunk *out, struct err *err)
{
	auto_free struct str *raws = mem_alloc((n + 1) * sizeof(*raws));
	struct buf around = { 0 };
	size_t bytes, head, at, k = 0;
	int r = raws_find(items, n, raws, &bytes, err);
	if (r < 0)
		return r;
	list_head(kind, api_version, bytes, m, &around);
	head = at = around.n;
	for (size_t i = 0; i < n; i++)
		bytes_head(&around, 2, raws[i].n);
	text(&around, 3, STR("")); /* contentEncoding */
	text(&around, 4, STR("")); /* contentType */
	out[k++] = (struct chunk){ .p = around.p, .n = head };
	for (size_t i = 0; i < n; i++) {
		size_t size = 1 + varint_size(raws[i].n);
		out[k++] = (struct chunk){ .p = around.p + at, .n = size };
		out[k++] = (struct chunk){ raws[i].p, raws[i].n, release_object,
					   (void *)(uintptr_t)items[i] };
		at += size;
	}
	out[k] = chunk_take(around.p, around.n);
	out[k].p = (const char *)out[k].p + at;
	out[k].n -= at;
	return 0;
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

/* SPDX-License-Identifier: Apache-2.0 */
#include "api/protobuf/wire.h"

void pb_varint(struct buf *out, uint64_t v)
{
	char bytes[10];
	size_t n = 0;
	for (; v >= 0x80; v >>= 7)
		bytes[n++] = (char)(v | 0x80);
	bytes[n++] = (char)v;
	buf_add(out, bytes, n);
}

void pb_key(struct buf *out, uint32_t tag, enum pb_wire w)
{
	pb_varint(out, (uint64_t)tag << 3 | w);
}

void pb_number(struct buf *out, uint32_t tag, int64_t v)
{
	pb_key(out, tag, PB_VARINT);
	pb_varint(out, (uint64_t)v);
}

void pb_double(struct buf *out, uint32_t tag, double v)
{
	pb_key(out, tag, PB_64);
	buf_add(out, &v, sizeof(v));
}

void pb_bytes(struct buf *out, uint32_t tag, struct str s)
{
	pb_key(out, tag, PB_BYTES);
	pb_varint(out, s.n);
	buf_add(out, s.p, s.n);
}

size_t pb_open(struct buf *out, uint32_t tag)
{
	pb_key(out, tag, PB_BYTES);
	buf_putc(out, 0);
	return out->n;
}

void pb_close(struct buf *out, size_t start)
{
	size_t n = out->n - start, extra = 0;
	for (size_t v = n; v >= 0x80; v >>= 7)
		extra++;
	if (extra) {
		buf_add(out, "0123456789", extra);
		memmove(out->p + start + extra, out->p + start, n);
	}
	char *p = out->p + start - 1;
	for (; n >= 0x80; n >>= 7)
		*p++ = (char)(n | 0x80);
	*p = (char)n;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "api/protobuf/items.h"

#include "api/codec.h"

bool pb_fail(struct pb_reader *r)
{
	r->failed = true;
	r->p = r->end;
	return false;
}

bool pb_read_varint(struct pb_reader *r, uint64_t *out)
{
	uint64_t v = 0;
	for (unsigned shift = 0; shift < 70; shift += 7) {
		if (r->p >= r->end)
			return pb_fail(r);
		unsigned char c = *r->p++;
		if (shift < 64)
			v |= (uint64_t)(c & 0x7f) << shift;
		if (c < 0x80) {
			*out = v;
			return true;
		}
	}
	return pb_fail(r);
}

static bool fixed(struct pb_reader *r, size_t n, uint64_t *out)
{
	if ((size_t)(r->end - r->p) < n)
		return pb_fail(r);
	*out = 0;
	memcpy(out, r->p, n);
	r->p += n;
	return true;
}

bool pb_next(struct pb_reader *r, struct pb_item *out)
{
	uint64_t key, n;
	if (r->p >= r->end || !pb_read_varint(r, &key))
		return false;
	*out = (struct pb_item){ .tag = (uint32_t)(key >> 3), .wire = (enum pb_wire)(key & 7) };
	if (out->tag == 0)
		return pb_fail(r);
	switch (out->wire) {
	case PB_VARINT: return pb_read_varint(r, &out->number);
	case PB_64: return fixed(r, 8, &out->number);
	case PB_32: return fixed(r, 4, &out->number);
	case PB_BYTES:
		if (!pb_read_varint(r, &n) || n > (uint64_t)(r->end - r->p))
			return pb_fail(r);
		out->bytes = str_of(r->p, n);
		r->p += n;
		return true;
	}
	return pb_fail(r);
}

struct pb_reader pb_sub(struct pb_reader *r, struct str bytes)
{
	struct pb_reader inner = { (const unsigned char *)bytes.p,
				   (const unsigned char *)bytes.p + bytes.n, false, r->depth + 1 };
	if (inner.depth > API_DEPTH_MAX)
		pb_fail(&inner);
	return inner;
}

struct pb_item pb_only(struct pb_reader *outer, struct str bytes)
{
	struct pb_reader r = pb_sub(outer, bytes);
	struct pb_item i, found = { 0 };
	while (pb_next(&r, &i))
		if (i.tag == 1)
			found = i;
	outer->failed |= r.failed;
	return found;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Takes protobuf apart, field by field. Lengths are checked before they are used; depth is limited. After a failure the reader is at
 * its end, so that it is enough to look at `failed` once. Plain value on the stack, borrows the bytes. */
#ifndef API_PROTOBUF_ITEMS_H
#define API_PROTOBUF_ITEMS_H

#include "api/protobuf/wire.h"

struct pb_reader {
	const unsigned char *p, *end;
	bool failed;
	int depth;
};

struct pb_item { /* one field of a message */
	uint32_t tag;
	enum pb_wire wire;
	uint64_t number;  /* PB_VARINT, PB_64, PB_32 */
	struct str bytes; /* PB_BYTES */
};

bool pb_fail(struct pb_reader *r); /* always false */
bool pb_read_varint(struct pb_reader *r, uint64_t *out);
bool pb_next(struct pb_reader *r,
	     struct pb_item *out); /* false at the end, or when the bytes are no protobuf */
struct pb_reader
pb_sub(struct pb_reader *r,
       struct str bytes); /* a message inside; its failure is the caller's to pass on */
struct pb_item pb_only(struct pb_reader *outer,
		       struct str bytes); /* field 1 of a message that wraps one value */

#endif

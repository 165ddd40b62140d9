/* SPDX-License-Identifier: Apache-2.0 */
/* The wire format of protobuf, written forwards: a message's length stands in front of it; one byte is kept for it and, when it
 * takes more, the message moves. Source followed: protobuf.dev, Encoding. */
#ifndef API_PROTOBUF_WIRE_H
#define API_PROTOBUF_WIRE_H

#include "base/buf.h"

enum pb_wire { PB_VARINT = 0, PB_64 = 1, PB_BYTES = 2, PB_32 = 5 };

void pb_varint(struct buf *out, uint64_t v);
void pb_key(struct buf *out, uint32_t tag, enum pb_wire w);
void pb_number(struct buf *out, uint32_t tag, int64_t v);
void pb_double(struct buf *out, uint32_t tag, double v);
void pb_bytes(struct buf *out, uint32_t tag, struct str s);
size_t pb_open(struct buf *out, uint32_t tag); /* what pb_close() wants */
void pb_close(struct buf *out, size_t start);

#endif

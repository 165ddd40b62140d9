/* SPDX-License-Identifier: Apache-2.0 */
/* The parts of decoding a body. Private to write/decode*.c; on the loop of the request. */
#ifndef SERVER_APISERVER_WRITE_DECODE_PARTS_H
#define SERVER_APISERVER_WRITE_DECODE_PARTS_H

#include "server/apiserver/write/decode.h"

/* decode_kind.c */
bool decode_is_custom(const struct decode_expect *x);
/* Kind and apiVersion are what is expected; absent ones are set (not of custom resources). */
int decode_kind(const struct decode_expect *x, json_t *tree, struct err *err);

/* decode_strict.c: "unknown field "a", duplicate field "b"", appended. */
void decode_strict_text(const struct decode_expect *x, const struct api_strings *dup,
			const struct api_strings *unknown, struct buf *out);
/* As decode_strictness(), of a YAML body: duplicates are the parser's own sentences. */
int decode_yaml_strictness(struct api_request *r, const struct decode_expect *x,
			   const struct api_strings *dup, const struct api_strings *unknown,
			   struct err *err);

/* decode.c: what Go's JSON decoder calls a value ("object"), and the type that it reads kind and version into. */
const char *decode_word(const json_t *v);
extern const char decode_header_type[];

#endif

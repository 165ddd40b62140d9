/* SPDX-License-Identifier: Apache-2.0 */
/* Text encodings of bytes, digests, random values. Any thread. */
#ifndef BASE_ENCODE_H
#define BASE_ENCODE_H

#include "base/buf.h"

void base64_encode(struct buf *out, const void *p, size_t n);    /* RFC 4648 section 4, padded */
void base64url_encode(struct buf *out, const void *p, size_t n); /* section 5, no padding */
bool base64_decode(struct buf *out, struct str text); /* strict; new lines are skipped as in Go */
bool base64url_decode(struct buf *out, struct str text); /* padding optional */
/* RFC 3986, for a step of a path or a value of a query: unreserved characters and colons stay. */
void percent_encode(struct buf *out, struct str text);
void hex_encode(char *out, const void *p, size_t n);   /* 2n characters and NUL */
bool hex_decode(void *out, size_t n, struct str text); /* exactly n bytes */

struct sha256 {
	_Alignas(16) unsigned char state[256]; /* nettle's context, opaque here */
};
#define SHA256_SIZE 32
void sha256_init(struct sha256 *h);
void sha256_update(struct sha256 *h, const void *p, size_t n);
void sha256_final(struct sha256 *h, unsigned char out[SHA256_SIZE]);
void sha256_hex(const void *p, size_t n, char out[2 * SHA256_SIZE + 1]);

uint64_t fnv1a64(const void *p, size_t n);
uint32_t fnv1a32(const void *p, size_t n);

void rand_bytes(void *p, size_t n); /* getrandom(2) */
uint64_t rand_u64(void);
#define UUID_TEXT 36
void uuid_new(char out[UUID_TEXT + 1]); /* RFC 9562 version 4 */
void rand_name(char *out, size_t n);    /* n characters of Kubernetes' name alphabet and NUL */
/* The same letters from a hash: n at most 6, all of the hash is in them. */
void name_suffix(uint32_t hash, char *out, size_t n);

#endif

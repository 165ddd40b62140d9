/* SPDX-License-Identifier: Apache-2.0 */
/* SHA-256 by nettle, whose fat build picks the machine's instructions. */
#include <nettle/sha2.h>
#undef sha256_init /* nettle maps these names onto its own */
#undef sha256_update
#undef sha256_digest

#include "base/encode.h"

_Static_assert(sizeof(struct sha256_ctx) <= sizeof(struct sha256), "nettle's context fits");

static struct sha256_ctx *context(struct sha256 *h)
{
	return (struct sha256_ctx *)(void *)h->state;
}

void sha256_init(struct sha256 *h)
{
	nettle_sha256_init(context(h));
}

void sha256_update(struct sha256 *h, const void *p, size_t n)
{
	nettle_sha256_update(context(h), n, p);
}

void sha256_final(struct sha256 *h, unsigned char out[SHA256_SIZE])
{
	nettle_sha256_digest(context(h), SHA256_SIZE, out);
}

void sha256_hex(const void *p, size_t n, char out[2 * SHA256_SIZE + 1])
{
	struct sha256 h;
	unsigned char digest[SHA256_SIZE];
	sha256_init(&h);
	sha256_update(&h, p, n);
	sha256_final(&h, digest);
	hex_encode(out, digest, sizeof(digest));
}

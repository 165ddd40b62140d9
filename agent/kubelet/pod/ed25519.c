/* SPDX-License-Identifier: Apache-2.0 */
/* Points in extended coordinates (X : Y : Z : T) with x = X/Z, y = Y/Z, x*y = T/Z; sums by RFC 8032, 5.1.4, which hold for equal
 * points, too. */
#include "agent/kubelet/pod/ed25519.h"

#include <mbedtls/bignum.h>
#include <mbedtls/platform_util.h>
#include <mbedtls/sha512.h>
#include <string.h>

#include "base/mem.h"

#define HASH_BYTES 64

#define TRY(call)                  \
	do {                       \
		int r_ = (call);   \
		if (r_ != 0)       \
			return r_; \
	} while (0)

struct point {
	mbedtls_mpi x, y, z, t;
};
struct curve {
	mbedtls_mpi p, order, d2; /* 2^255 - 19, of the base, twice the curve's constant */
	struct point base;
	mbedtls_mpi a, b, c, d, e, f, g, h; /* of add() */
};

static void point_init(struct point *p)
{
	mbedtls_mpi *const all[] = { &p->x, &p->y, &p->z, &p->t };
	for (size_t i = 0; i < COUNT_OF(all); i++)
		mbedtls_mpi_init(all[i]);
}

static void point_free(struct point *p)
{
	mbedtls_mpi *const all[] = { &p->x, &p->y, &p->z, &p->t };
	for (size_t i = 0; i < COUNT_OF(all); i++)
		mbedtls_mpi_free(all[i]);
}

static void curve_each(struct curve *k, void (*fn)(mbedtls_mpi *))
{
	mbedtls_mpi *const all[] = { &k->p, &k->order, &k->d2, &k->a, &k->b, &k->c,
				     &k->d, &k->e,     &k->f,  &k->g, &k->h };
	for (size_t i = 0; i < COUNT_OF(all); i++)
		fn(all[i]);
}

static int mul(const struct curve *k, mbedtls_mpi *out, const mbedtls_mpi *a, const mbedtls_mpi *b)
{
	TRY(mbedtls_mpi_mul_mpi(out, a, b));
	return mbedtls_mpi_mod_mpi(out, out, &k->p);
}

static int curve_load(struct curve *k)
{
	static const struct {
		size_t at;
		const char *hex;
	} numbers[] = {
		{ offsetof(struct curve, p),
		  "7fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffed" },
		{ offsetof(struct curve, order),
		  "1000000000000000000000000000000014def9dea2f79cd65812631a5cf5d3ed" },
		{ offsetof(struct curve, d2),
		  "52036cee2b6ffe738cc740797779e89800700a4d4141d8ab75eb4dca135978a3" },
		{ offsetof(struct curve, base.x),
		  "216936d3cd6e53fec0a4e231fdd6dc5c692cc7609525a7b2c9562d608f25d51a" },
		{ offsetof(struct curve, base.y),
		  "6666666666666666666666666666666666666666666666666666666666666658" },
		{ offsetof(struct curve, base.z), "1" },
	};
	for (size_t i = 0; i < COUNT_OF(numbers); i++)
		TRY(mbedtls_mpi_read_string((mbedtls_mpi *)(void *)((char *)k + numbers[i].at), 16,
					    numbers[i].hex));
	TRY(mbedtls_mpi_add_mpi(&k->d2, &k->d2, &k->d2));
	TRY(mbedtls_mpi_mod_mpi(&k->d2, &k->d2, &k->p));
	return mul(k, &k->base.t, &k->base.x, &k->base.y);
}

/* to += from; they may be the same. Numbers between may be negative or too large: mul() mends that. */
static int add(struct curve *k, struct point *to, const struct point *from)
{
	TRY(mbedtls_mpi_sub_mpi(&k->e, &to->y, &to->x));
	TRY(mbedtls_mpi_sub_mpi(&k->f, &from->y, &from->x));
	TRY(mul(k, &k->a, &k->e, &k->f));
	TRY(mbedtls_mpi_add_mpi(&k->e, &to->y, &to->x));
	TRY(mbedtls_mpi_add_mpi(&k->f, &from->y, &from->x));
	TRY(mul(k, &k->b, &k->e, &k->f));
	TRY(mul(k, &k->c, &to->t, &from->t));
	TRY(mul(k, &k->c, &k->c, &k->d2));
	TRY(mul(k, &k->d, &to->z, &from->z));
	TRY(mbedtls_mpi_add_mpi(&k->d, &k->d, &k->d));
	TRY(mbedtls_mpi_sub_mpi(&k->e, &k->b, &k->a));
	TRY(mbedtls_mpi_sub_mpi(&k->f, &k->d, &k->c));
	TRY(mbedtls_mpi_add_mpi(&k->g, &k->d, &k->c));
	TRY(mbedtls_mpi_add_mpi(&k->h, &k->b, &k->a));
	TRY(mul(k, &to->x, &k->e, &k->f));
	TRY(mul(k, &to->y, &k->g, &k->h));
	TRY(mul(k, &to->z, &k->f, &k->g));
	return mul(k, &to->t, &k->e, &k->h);
}

/* The base times n, encoded. A sum is made for each bit, whether it counts or not. */
static int times_base(struct curve *k, const mbedtls_mpi *n, struct point sums[2],
		      uint8_t out[ED25519_KEY_BYTES])
{
	TRY(mbedtls_mpi_lset(&sums[0].y, 1));
	TRY(mbedtls_mpi_lset(&sums[0].z, 1));
	for (size_t bit = 256; bit-- > 0;) {
		TRY(add(k, &sums[0], &sums[0]));
		TRY(mbedtls_mpi_copy(&sums[1].x, &sums[0].x));
		TRY(mbedtls_mpi_copy(&sums[1].y, &sums[0].y));
		TRY(mbedtls_mpi_copy(&sums[1].z, &sums[0].z));
		TRY(mbedtls_mpi_copy(&sums[1].t, &sums[0].t));
		TRY(add(k, &sums[1], &k->base));
		if (mbedtls_mpi_get_bit(n, bit)) {
			struct point other = sums[0];
			sums[0] = sums[1];
			sums[1] = other;
		}
	}
	TRY(mbedtls_mpi_inv_mod(&k->a, &sums[0].z, &k->p));
	TRY(mul(k, &k->b, &sums[0].x, &k->a));
	TRY(mul(k, &k->c, &sums[0].y, &k->a));
	TRY(mbedtls_mpi_write_binary_le(&k->c, out, ED25519_KEY_BYTES));
	out[ED25519_KEY_BYTES - 1] |= (uint8_t)(mbedtls_mpi_get_bit(&k->b, 0) << 7);
	return 0;
}

static int encode(struct curve *k, const mbedtls_mpi *n, uint8_t out[ED25519_KEY_BYTES])
{
	struct point sums[2];
	point_init(&sums[0]);
	point_init(&sums[1]);
	int r = times_base(k, n, sums, out);
	point_free(&sums[0]);
	point_free(&sums[1]);
	return r;
}

/* hash(a b c) */
static int hash(struct str a, struct str b, struct str c, uint8_t out[HASH_BYTES])
{
	const struct str parts[] = { a, b, c };
	mbedtls_sha512_context h;
	mbedtls_sha512_init(&h);
	int r = mbedtls_sha512_starts(&h, 0);
	for (size_t i = 0; i < COUNT_OF(parts) && r == 0; i++)
		r = mbedtls_sha512_update(&h, (const unsigned char *)parts[i].p, parts[i].n);
	if (r == 0)
		r = mbedtls_sha512_finish(&h, out);
	mbedtls_sha512_free(&h);
	return r;
}

struct work {
	struct curve curve;
	mbedtls_mpi secret, nonce, challenge;
	uint8_t hash[HASH_BYTES]; /* of the secret: scalar and prefix */
};

static void work_init(struct work *w)
{
	memset(w, 0, sizeof(*w));
	curve_each(&w->curve, mbedtls_mpi_init);
	point_init(&w->curve.base);
	mbedtls_mpi_init(&w->secret);
	mbedtls_mpi_init(&w->nonce);
	mbedtls_mpi_init(&w->challenge);
}

static void work_free(struct work *w)
{
	curve_each(&w->curve, mbedtls_mpi_free);
	point_free(&w->curve.base);
	mbedtls_mpi_free(&w->secret);
	mbedtls_mpi_free(&w->nonce);
	mbedtls_mpi_free(&w->challenge);
	mbedtls_platform_zeroize(w->hash, sizeof(w->hash));
}

static int load(struct work *w, const uint8_t secret[ED25519_KEY_BYTES])
{
	TRY(curve_load(&w->curve));
	TRY(hash(str_of(secret, ED25519_KEY_BYTES), STR(""), STR(""), w->hash));
	w->hash[0] &= 0xf8;
	w->hash[31] = (uint8_t)((w->hash[31] & 0x7f) | 0x40);
	return mbedtls_mpi_read_binary_le(&w->secret, w->hash, ED25519_KEY_BYTES);
}

static int reduce(const struct curve *k, mbedtls_mpi *out, const uint8_t h[HASH_BYTES])
{
	TRY(mbedtls_mpi_read_binary_le(out, h, HASH_BYTES));
	return mbedtls_mpi_mod_mpi(out, out, &k->order);
}

static int sign(struct work *w, const uint8_t secret[ED25519_KEY_BYTES],
		const uint8_t public_key[ED25519_KEY_BYTES], struct str message, uint8_t *out)
{
	uint8_t h[HASH_BYTES];
	TRY(load(w, secret));
	TRY(hash(str_of(w->hash + 32, 32), message, STR(""), h));
	TRY(reduce(&w->curve, &w->nonce, h));
	TRY(encode(&w->curve, &w->nonce, out));
	TRY(hash(str_of(out, ED25519_KEY_BYTES), str_of(public_key, ED25519_KEY_BYTES), message,
		 h));
	TRY(reduce(&w->curve, &w->challenge, h));
	TRY(mbedtls_mpi_mul_mpi(&w->challenge, &w->challenge, &w->secret));
	TRY(mbedtls_mpi_add_mpi(&w->challenge, &w->challenge, &w->nonce));
	TRY(mbedtls_mpi_mod_mpi(&w->challenge, &w->challenge, &w->curve.order));
	return mbedtls_mpi_write_binary_le(&w->challenge, out + ED25519_KEY_BYTES,
					   ED25519_KEY_BYTES);
}

int ed25519_public(const uint8_t secret[ED25519_KEY_BYTES], uint8_t out[ED25519_KEY_BYTES])
{
	struct work w;
	work_init(&w);
	int r = load(&w, secret);
	if (r == 0)
		r = encode(&w.curve, &w.secret, out);
	work_free(&w);
	return r;
}

int ed25519_sign(const uint8_t secret[ED25519_KEY_BYTES],
		 const uint8_t public_key[ED25519_KEY_BYTES], struct str message,
		 uint8_t out[ED25519_SIGNATURE_BYTES])
{
	struct work w;
	work_init(&w);
	int r = sign(&w, secret, public_key, message, out);
	work_free(&w);
	return r;
}

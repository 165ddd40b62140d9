/* SPDX-License-Identifier: Apache-2.0 */
/* AES-GCM for mbedtls over nettle: see gcm_alt.h. The contract of each function stands in mbedtls/gcm.h.
 * nettle wants whole blocks in all calls but the last. A partial block is held back; its bytes go out at once,
 * computed on a copy of the context, and the block is fed to the real one when it is full or the message ends. */
#include "common.h"

#include "mbedtls/gcm.h"

#include "mbedtls/constant_time.h"
#include "mbedtls/error.h"
#include "mbedtls/platform_util.h"

#include <string.h>

#define EACH_KEY_SIZE(ctx, call)       \
	switch ((ctx)->key_bits) {     \
	case 128: call(aes128); break; \
	case 192: call(aes192); break; \
	default: call(aes256); break;  \
	}

void mbedtls_gcm_init(mbedtls_gcm_context *ctx)
{
	memset(ctx, 0, sizeof(*ctx));
}

void mbedtls_gcm_free(mbedtls_gcm_context *ctx)
{
	if (ctx)
		mbedtls_platform_zeroize(ctx, sizeof(*ctx));
}

int mbedtls_gcm_setkey(mbedtls_gcm_context *ctx, mbedtls_cipher_id_t cipher,
		       const unsigned char *key, unsigned int bits)
{
	if (cipher != MBEDTLS_CIPHER_ID_AES)
		return MBEDTLS_ERR_PLATFORM_FEATURE_UNSUPPORTED;
	if (bits != 128 && bits != 192 && bits != 256)
		return MBEDTLS_ERR_GCM_BAD_INPUT;
	ctx->key_bits = (uint16_t)bits;
#define SETKEY(size) gcm_##size##_set_key(&ctx->cipher.size, key)
	EACH_KEY_SIZE(ctx, SETKEY)
	return 0;
}

int mbedtls_gcm_starts(mbedtls_gcm_context *ctx, int mode, const unsigned char *iv, size_t iv_len)
{
	if (iv_len == 0 || ctx->key_bits == 0)
		return MBEDTLS_ERR_GCM_BAD_INPUT;
	ctx->mode = (uint8_t)mode;
	ctx->in_data = 0;
	ctx->held = 0;
#define SET_IV(size) gcm_##size##_set_iv(&ctx->cipher.size, iv_len, iv)
	EACH_KEY_SIZE(ctx, SET_IV)
	return 0;
}

/* nettle refuses any call, even an empty one, after a partial block: so both return early. */
static void feed_ad(mbedtls_gcm_context *ctx, const unsigned char *ad, size_t n)
{
	if (n == 0)
		return;
#define FEED_AD(size) gcm_##size##_update(&ctx->cipher.size, n, ad)
	EACH_KEY_SIZE(ctx, FEED_AD)
}

static void feed_data(mbedtls_gcm_context *ctx, const unsigned char *in, unsigned char *out,
		      size_t n)
{
	if (n == 0)
		return;
#define ENCRYPT(size) gcm_##size##_encrypt(&ctx->cipher.size, n, out, in)
#define DECRYPT(size) gcm_##size##_decrypt(&ctx->cipher.size, n, out, in)
	if (ctx->mode == MBEDTLS_GCM_ENCRYPT) {
		EACH_KEY_SIZE(ctx, ENCRYPT)
	} else {
		EACH_KEY_SIZE(ctx, DECRYPT)
	}
}

/* Takes up to `n` bytes into the held block; returns how many. */
static size_t hold(mbedtls_gcm_context *ctx, const unsigned char *in, size_t n)
{
	size_t room = sizeof(ctx->block) - ctx->held;
	if (n > room)
		n = room;
	memcpy(ctx->block + ctx->held, in, n);
	ctx->held = (uint8_t)(ctx->held + n);
	return n;
}

int mbedtls_gcm_update_ad(mbedtls_gcm_context *ctx, const unsigned char *ad, size_t n)
{
	if (ctx->held > 0) {
		size_t took = hold(ctx, ad, n);
		if (ctx->held < sizeof(ctx->block))
			return 0;
		feed_ad(ctx, ctx->block, sizeof(ctx->block));
		ctx->held = 0;
		ad += took;
		n -= took;
	}
	feed_ad(ctx, ad, n & ~(size_t)15);
	if (n & 15)
		hold(ctx, ad + (n & ~(size_t)15), n & 15);
	return 0;
}

static void ad_end(mbedtls_gcm_context *ctx)
{
	if (ctx->in_data)
		return;
	feed_ad(ctx, ctx->block, ctx->held);
	ctx->in_data = 1;
	ctx->held = 0;
}

/* Holds `n` bytes and gives out what they become. */
static size_t hold_data(mbedtls_gcm_context *ctx, const unsigned char *in, unsigned char *out,
			size_t n)
{
	size_t from = ctx->held, took = hold(ctx, in, n);
	mbedtls_gcm_context peek = *ctx;
	feed_data(&peek, ctx->block, ctx->shown, ctx->held);
	mbedtls_platform_zeroize(&peek, sizeof(peek));
	memcpy(out, ctx->shown + from, took);
	return took;
}

int mbedtls_gcm_update(mbedtls_gcm_context *ctx, const unsigned char *in, size_t n,
		       unsigned char *out, size_t out_size, size_t *out_len)
{
	if (out_size < n)
		return MBEDTLS_ERR_GCM_BUFFER_TOO_SMALL;
	*out_len = n;
	if (n == 0)
		return 0;
	ad_end(ctx);
	if (ctx->held > 0) {
		size_t took = hold_data(ctx, in, out, n);
		if (ctx->held < sizeof(ctx->block))
			return 0;
		feed_data(ctx, ctx->block, ctx->shown, sizeof(ctx->block));
		ctx->held = 0;
		in += took;
		out += took;
		n -= took;
	}
	size_t whole = n & ~(size_t)15;
	feed_data(ctx, in, out, whole);
	if (n & 15)
		hold_data(ctx, in + whole, out + whole, n & 15);
	return 0;
}

int mbedtls_gcm_finish(mbedtls_gcm_context *ctx, unsigned char *out, size_t out_size,
		       size_t *out_len, unsigned char *tag, size_t tag_len)
{
	(void)out;
	(void)out_size;
	*out_len = 0;
	if (tag_len < 4 || tag_len > 16)
		return MBEDTLS_ERR_GCM_BAD_INPUT;
	ad_end(ctx);
	feed_data(ctx, ctx->block, ctx->shown, ctx->held);
	ctx->held = 0;
#define DIGEST(size) gcm_##size##_digest(&ctx->cipher.size, tag_len, tag)
	EACH_KEY_SIZE(ctx, DIGEST)
	return 0;
}

int mbedtls_gcm_crypt_and_tag(mbedtls_gcm_context *ctx, int mode, size_t n, const unsigned char *iv,
			      size_t iv_len, const unsigned char *ad, size_t ad_len,
			      const unsigned char *in, unsigned char *out, size_t tag_len,
			      unsigned char *tag)
{
	size_t len;
	int r = mbedtls_gcm_starts(ctx, mode, iv, iv_len);
	if (r != 0)
		return r;
	feed_ad(ctx, ad, ad_len);
	ctx->in_data = 1;
	feed_data(ctx, in, out, n); /* all at once: nothing to hold back */
	return mbedtls_gcm_finish(ctx, NULL, 0, &len, tag, tag_len);
}

int mbedtls_gcm_auth_decrypt(mbedtls_gcm_context *ctx, size_t n, const unsigned char *iv,
			     size_t iv_len, const unsigned char *ad, size_t ad_len,
			     const unsigned char *tag, size_t tag_len, const unsigned char *in,
			     unsigned char *out)
{
	unsigned char found[16];
	int r = mbedtls_gcm_crypt_and_tag(ctx, MBEDTLS_GCM_DECRYPT, n, iv, iv_len, ad, ad_len, in,
					  out, tag_len, found);
	if (r == 0 && mbedtls_ct_memcmp(found, tag, tag_len) != 0)
		r = MBEDTLS_ERR_GCM_AUTH_FAILED;
	if (r != 0)
		mbedtls_platform_zeroize(out, n);
	mbedtls_platform_zeroize(found, sizeof(found));
	return r;
}

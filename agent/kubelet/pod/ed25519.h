/* SPDX-License-Identifier: Apache-2.0 */
/* Ed25519 (RFC 8032), as far as a key and the proof of its possession need it: mbedTLS 3.6 has no such curve. Meant for keys that sign
 * once: what a computation takes depends on the key. Pure; some ten milliseconds each, any thread. 0 or an error of mbedTLS. */
#ifndef AGENT_KUBELET_POD_ED25519_H
#define AGENT_KUBELET_POD_ED25519_H

#include "base/str.h"

#define ED25519_KEY_BYTES       32
#define ED25519_SIGNATURE_BYTES 64

int ed25519_public(const uint8_t secret[ED25519_KEY_BYTES], uint8_t out[ED25519_KEY_BYTES]);
int ed25519_sign(const uint8_t secret[ED25519_KEY_BYTES],
		 const uint8_t public_key[ED25519_KEY_BYTES], struct str message,
		 uint8_t out[ED25519_SIGNATURE_BYTES]);

#endif

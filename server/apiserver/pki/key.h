/* SPDX-License-Identifier: Apache-2.0 */
/* ECDSA P-256 keys as mbedTLS contexts and PEM. Any thread for reading; making one takes half a millisecond. */
#ifndef SERVER_APISERVER_PKI_KEY_H
#define SERVER_APISERVER_PKI_KEY_H

#include <mbedtls/pk.h>

#include "base/buf.h"
#include "base/err.h"

#define auto_key __attribute__((cleanup(mbedtls_pk_free))) mbedtls_pk_context

int key_generate(mbedtls_pk_context *out, struct err *err); /* `out` initialised or zero */
int key_parse(struct str pem, mbedtls_pk_context *out, struct err *err);
int key_write(mbedtls_pk_context *key, struct buf *pem, struct err *err);
/* SubjectPublicKeyInfo, DER */
int key_public_der(mbedtls_pk_context *key, struct buf *out, struct err *err);

#endif

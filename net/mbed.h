/* SPDX-License-Identifier: Apache-2.0 */
/* What every user of mbedTLS needs: our random bytes in its form, its error codes in ours. Any thread. */
#ifndef NET_MBED_H
#define NET_MBED_H

#include <stddef.h>

#include "base/err.h"

int mbed_random(void *ctx, unsigned char *out, size_t n); /* mbedtls' f_rng; never fails */
/* Sets "WHAT: what mbedtls says of `code`" and returns the negative reason. */
int mbed_error(struct err *err, enum err_reason reason, int code, const char *what);

#endif

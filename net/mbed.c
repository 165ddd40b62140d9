/* SPDX-License-Identifier: Apache-2.0 */
#include "net/mbed.h"

#include <mbedtls/error.h>

#include "base/encode.h"

int mbed_random(void *ctx, unsigned char *out, size_t n)
{
	(void)ctx;
	rand_bytes(out, n);
	return 0;
}

int mbed_error(struct err *err, enum err_reason reason, int code, const char *what)
{
	char text[160];
	mbedtls_strerror(code, text, sizeof(text));
	return err_set(err, reason, "%s: %s", what, text);
}

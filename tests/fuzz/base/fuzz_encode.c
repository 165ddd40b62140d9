/* SPDX-License-Identifier: Apache-2.0 */
/* What base64 and hex accept, they write again as they read it; what they write, they accept. */
#include <stdlib.h>
#include <string.h>

#include "base/encode.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void must(bool claim)
{
	if (!claim)
		abort();
}

static void there_and_back(const uint8_t *data, size_t n)
{
	auto_buf text = { 0 };
	auto_buf back = { 0 };

	base64_encode(&text, data, n);
	must(base64_decode(&back, buf_view(&text)));
	must(back.n == n && (n == 0 || memcmp(back.p, data, n) == 0));
}

static void back_and_there(const uint8_t *data, size_t n)
{
	auto_buf bytes = { 0 };
	auto_buf text = { 0 };
	auto_buf again = { 0 };

	if (!base64url_decode(&bytes, str_of((const char *)data, n)))
		return;
	base64url_encode(&text, bytes.p, bytes.n);
	must(base64url_decode(&again, buf_view(&text)));
	must(again.n == bytes.n && (again.n == 0 || memcmp(again.p, bytes.p, again.n) == 0));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	unsigned char fixed[16];

	there_and_back(data, n);
	back_and_there(data, n);
	hex_decode(fixed, sizeof(fixed), str_of((const char *)data, n));
	return 0;
}

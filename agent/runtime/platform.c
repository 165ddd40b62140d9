/* SPDX-License-Identifier: Apache-2.0 */
/* Which of an index' images run here. Exact fits first, then what this processor runs as well: arm64 without a variant is v8;
 * amd64/v2 and v3 only where the processor has them is not checked, so the plain one wins. */
#include "agent/runtime/manifest.h"

#if defined(__x86_64__)
#define ARCHITECTURE "amd64"
#define TEXT         "linux/amd64"
#elif defined(__aarch64__)
#define ARCHITECTURE "arm64"
#define TEXT         "linux/arm64/v8"
#else
#error "an architecture that this program is not made for"
#endif

const char *platform_text(void)
{
	return TEXT;
}

static bool is(const char *text, const char *wanted)
{
	return text && strcmp(text, wanted) == 0;
}

int platform_score(const char *os, const char *architecture, const char *variant)
{
	if (!is(os, "linux") || !is(architecture, ARCHITECTURE))
		return 0;
	if (!variant || !*variant)
		return 10;
#if defined(__aarch64__)
	return is(variant, "v8") ? 10 : 0;
#else
	return is(variant, "v1") ? 9 : 0;
#endif
}

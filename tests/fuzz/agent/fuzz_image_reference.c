/* SPDX-License-Identifier: Apache-2.0 */
/* A reference that is taken reads the same once it is normalised. */
#include <stdlib.h>

#include "agent/runtime/image.h"
#include "base/mem.h"
#include "base/str.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	auto_free char *text = str_dup(str_of(data, n));
	char *once = NULL, *twice = NULL;
	if (image_normalize(text, &once, NULL) < 0)
		return 0;
	if (image_normalize(once, &twice, NULL) < 0 || strcmp(once, twice) != 0)
		abort();
	free(once);
	free(twice);
	return 0;
}

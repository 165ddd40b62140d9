/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "api/values/cron.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct cron c;

	if (cron_parse(str_of(data, size), &c, NULL) == 0) {
		int64_t next = cron_next(&c, NULL, 1767225600);

		if (next != 0 && next <= 1767225600)
			abort();
	}
	return 0;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Whatever a file of time zones holds, it is refused or gives an offset at any time. */
#include "api/values/time_zone.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static const int64_t times[] = {
		0, -1, 1767225600, 4102444800, -62135596800, 253402300799
	};
	struct time_zone *z = NULL;

	if (time_zone_parse(str_of(data, n), &z) < 0)
		return 0;
	for (size_t i = 0; i < sizeof(times) / sizeof(*times); i++)
		time_zone_offset(z, times[i]);
	time_zone_free(z);
	return 0;
}

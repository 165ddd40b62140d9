/* SPDX-License-Identifier: Apache-2.0 */
#include "base/sort.h"

#include <stdlib.h>

void sort_mostly(void *items, size_t n, size_t size, int (*order)(const void *, const void *))
{
	const char *p = items;
	for (size_t i = 1; i < n; i++, p += size)
		if (order(p, p + size) > 0) {
			qsort(items, n, size, order);
			return;
		}
}

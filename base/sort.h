/* SPDX-License-Identifier: Apache-2.0 */
/* qsort() for what mostly stands in order already, or is a handful of things: neighbours are compared first. Any thread. */
#ifndef BASE_SORT_H
#define BASE_SORT_H

#include <stddef.h>

void sort_mostly(void *items, size_t n, size_t size, int (*order)(const void *, const void *));

#endif

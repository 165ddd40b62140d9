/* SPDX-License-Identifier: Apache-2.0 */
/* Waiting pods, the one that is to go before all others first. A pod knows its index (pending_pod.at), so that any of them can be taken
 * out. Start with {0} and `before`. Control loop only. */
#ifndef SERVER_SCHEDULER_POD_HEAP_H
#define SERVER_SCHEDULER_POD_HEAP_H

#include <stdbool.h>
#include <stddef.h>

struct pending_pod;
struct pod_heap {
	struct pending_pod **items;
	size_t n, cap;
	bool (*before)(const struct pending_pod *a, const struct pending_pod *b);
};
void pod_heap_add(struct pod_heap *h, struct pending_pod *p);
void pod_heap_del(struct pod_heap *h, struct pending_pod *p); /* it is in there */

#endif

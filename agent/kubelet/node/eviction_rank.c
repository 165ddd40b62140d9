/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/kubelet/node/eviction_rank.h"

#include <stdlib.h>

#include "api/values/quantity.h"

static int compare(int64_t a, int64_t b)
{
	return a < b ? -1 : a > b;
}

static int by_request(const void *a, const void *b)
{
	const struct eviction_candidate *x = a, *y = b;
	int r = compare(y->usage > y->request, x->usage > x->request);
	if (r == 0)
		r = compare(x->priority, y->priority);
	return r ? r : compare(y->usage - y->request, x->usage - x->request);
}

static int by_priority(const void *a, const void *b)
{
	const struct eviction_candidate *x = a, *y = b;
	int r = compare(x->priority, y->priority);
	return r ? r : compare(y->usage, x->usage);
}

void eviction_rank(struct eviction_candidate *list, size_t n, enum pressure_signal s)
{
	if (n)
		qsort(list, n, sizeof(*list), s == PRESSURE_PIDS ? by_priority : by_request);
}

static void put_amount(struct buf *out, enum pressure_signal s, int64_t v)
{
	bool bytes = s == PRESSURE_MEMORY || s == PRESSURE_NODEFS || s == PRESSURE_IMAGEFS;
	quantity_format(quantity_from_i64(v, bytes ? QUANTITY_BINARY_SI : QUANTITY_DECIMAL_SI),
			out);
}

void eviction_message(enum pressure_signal s, int64_t limit, int64_t available,
		      const struct eviction_usage *containers, size_t n, struct buf *out)
{
	buf_printf(out,
		   "The node was low on resource: %s. Threshold quantity: ", pressure_resource(s));
	put_amount(out, s, limit);
	buf_puts(out, ", available: ");
	put_amount(out, s, available);
	buf_puts(out, ". ");
	for (size_t i = 0; i < n; i++) {
		if (containers[i].usage <= containers[i].request)
			continue;
		buf_printf(out, "Container %s was using ", containers[i].name);
		put_amount(out, s, containers[i].usage);
		buf_puts(out, ", request is ");
		put_amount(out, s, containers[i].request);
		buf_printf(out, ", has larger consumption of %s. ", pressure_resource(s));
	}
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "server/scheduler/plugins/domains.h"

static struct domain *find(const struct domains *d, struct str key, struct str value)
{
	for (size_t i = 0; i < d->n; i++)
		if (str_eq(d->items[i].value, value) && str_eq(d->items[i].key, key))
			return &d->items[i];
	return NULL;
}

struct domain *domain_of(struct domains *d, struct str key, struct str value)
{
	struct domain *found = find(d, key, value), *more;

	if (found)
		return found;
	if (d->n == d->cap) {
		d->cap = d->cap ? d->cap * 2 : 16;
		more = ARENA_ARRAY(d->arena, struct domain, d->cap);
		if (d->n)
			memcpy(more, d->items, d->n * sizeof(*more));
		d->items = more;
	}
	d->items[d->n] = (struct domain){ key, value, 0 };
	return &d->items[d->n++];
}

int64_t domain_count(const struct domains *d, struct str key, struct str value)
{
	const struct domain *found = find(d, key, value);

	return found ? found->count : 0;
}

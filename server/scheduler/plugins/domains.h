/* SPDX-License-Identifier: Apache-2.0 */
/* Counts per topology domain: (key, value of a node's label) → number. In an arena. */
#ifndef SERVER_SCHEDULER_PLUGINS_DOMAINS_H
#define SERVER_SCHEDULER_PLUGINS_DOMAINS_H

#include "base/arena.h"

struct domain {
	struct str key, value;
	int64_t count;
};
struct domains {
	struct domain *items;
	size_t n, cap;
	struct arena *arena;
};
struct domain *domain_of(struct domains *d, struct str key,
			 struct str value); /* made when it is new */
int64_t domain_count(const struct domains *d, struct str key, struct str value); /* 0: unknown */

#endif

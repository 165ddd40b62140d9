/* SPDX-License-Identifier: Apache-2.0 */
/* PodDisruptionBudgets, decoded, by namespace. Control loop only. */
#ifndef SERVER_SCHEDULER_BUDGETS_H
#define SERVER_SCHEDULER_BUDGETS_H

#include "api/decode.h"
#include "base/map.h"

struct budgets {
	struct map all; /* "ns/name" → struct budget */
};
void budgets_set(struct budgets *b, const struct object *o);
void budgets_del(struct budgets *b, const struct object *o);
void budgets_free(struct budgets *b);

/* How many disruptions are still allowed, as they are used up in one consideration. */
struct budget_purse {
	const struct budgets *budgets;
	int32_t *left; /* heap; parallel to the map's walk */
};
void budget_purse_open(struct budget_purse *p, const struct budgets *b);
void budget_purse_close(struct budget_purse *p);
/* Uses one up of each budget that covers the pod; true: one of them had none left. */
bool budget_purse_spend(struct budget_purse *p, const struct object *pod);

#endif

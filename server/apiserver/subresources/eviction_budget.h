/* SPDX-License-Identifier: Apache-2.0 */
/* What a PodDisruptionBudget says of a pod's eviction. Follows upstream's registry/core/pod/storage/eviction.go. Pure: trees in, any
 * thread. */
#ifndef SERVER_APISERVER_SUBRESOURCES_EVICTION_BUDGET_H
#define SERVER_APISERVER_SUBRESOURCES_EVICTION_BUDGET_H

#include <jansson.h>

#include "base/err.h"
#include "base/str.h"

#define BUDGET_DISRUPTED_MAX 2000

/* A pod that does no work, or is on its way out, disrupts nothing, whatever the budget. */
bool budget_ignores(const json_t *pod);
/* A pod that is not ready and may go without being counted: its budget is kept without it, or says so (unhealthyPodEvictionPolicy). */
bool budget_frees(const json_t *budget, const json_t *pod);
/* Counts one disruption in `budget`. ERR_TOO_MANY_REQUESTS or ERR_FORBIDDEN with a cause when it allows none. */
int budget_take(json_t *budget, struct str pod, int64_t now_s, struct err *err);
/* The pod or its budget has just changed: the client is to come again. Returns -ERR_TOO_MANY_REQUESTS. */
int budget_busy(struct str budget, struct err *err);

#endif

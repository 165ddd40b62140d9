/* SPDX-License-Identifier: Apache-2.0 */
/* At start: the built-in policy is brought into the store, in one transaction, before anybody can ask for anything. What is there
 * and right is only compared; a second start writes nothing. */
#ifndef SERVER_APISERVER_AUTHZ_POLICY_INSTALL_H
#define SERVER_APISERVER_AUTHZ_POLICY_INSTALL_H

#include "base/err.h"
#include "storage/cache/cache.h"

/* Blocks until it is durable. Before the loops run. `cluster`: with what the parts beside the API server need. */
int policy_install(struct store *store, struct cache_set *objects, bool cluster, int64_t now_s,
		   struct err *err);

#endif

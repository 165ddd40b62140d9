/* SPDX-License-Identifier: Apache-2.0 */
/* What becomes of an object of the built-in policy that is there already: what it lacks is added, what was added to it stays.
 * Follows upstream's component-helpers auth/rbac/reconciliation. Pure. */
#ifndef SERVER_APISERVER_AUTHZ_POLICY_RECONCILE_H
#define SERVER_APISERVER_AUTHZ_POLICY_RECONCILE_H

#include <jansson.h>

#include "server/apiserver/authz/policy.h"

enum policy_change {
	POLICY_FINE,     /* or protected: autoupdate=false */
	POLICY_UPDATE,   /* `tree` is how it should be */
	POLICY_RECREATE, /* a binding of another role: it is made anew */
};
enum policy_change policy_reconcile(const struct policy_item *item, json_t *tree);

#endif

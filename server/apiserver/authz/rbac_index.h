/* SPDX-License-Identifier: Apache-2.0 */
/* Roles and bindings by who gains from them: for each subject and namespace the roles that it has there, so that a decision
 * looks at the rules of its user alone, however many bindings there are. A binding may come before its role and outlive it.
 * Not thread-safe: rbac.c holds the lock. */
#ifndef SERVER_APISERVER_AUTHZ_RBAC_INDEX_H
#define SERVER_APISERVER_AUTHZ_RBAC_INDEX_H

#include "base/map.h"
#include "server/apiserver/authz/rbac_binding.h"

struct rbac_index {
	struct map roles;    /* key of the object → struct rbac_role */
	struct map bindings; /* key of the object → struct rbac_binding */
	struct map subjects; /* rbac_subject_key() → struct rbac_grants */
};
void rbac_index_free(struct rbac_index *x);
/* An object of the four kinds, new or changed; and one that is gone. */
void rbac_index_put(struct rbac_index *x, const struct object *o);
void rbac_index_del(struct rbac_index *x, const struct object *o);

/* For each role that the user has in the whole cluster and (unless ns is empty) in the namespace, once for each of the names by
 * which it has it, until fn returns false. `binding` is one of those that give it. */
typedef bool (*rbac_visit)(void *ctx, const struct rbac_binding *binding);
void rbac_index_visit(const struct rbac_index *x, const struct api_user *u, struct str ns,
		      rbac_visit fn, void *ctx);
/* The same for each binding, once, ordered by name; those of the cluster first. */
void rbac_index_visit_all(const struct rbac_index *x, const struct api_user *u, struct str ns,
			  rbac_visit fn, void *ctx);
/* The role that a binding in `ns` (empty: of the cluster) means by these words; NULL: unknown. */
const struct rbac_role *rbac_index_role(const struct rbac_index *x, bool cluster, struct str ns,
					struct str name);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* Role based access control: decisions from the roles and bindings in the object cache. The index follows the cache when it is
 * asked: each question first takes in what was committed since the last one, so a decision always knows every write that
 * has been answered, and nobody works while nobody asks. Any thread. */
#ifndef SERVER_APISERVER_AUTHZ_RBAC_H
#define SERVER_APISERVER_AUTHZ_RBAC_H

#include "server/apiserver/authz/rbac_rule.h"
#include "storage/cache/cache.h"

struct rbac;
struct rbac *rbac_new(struct cache_set *objects);
void rbac_free(struct rbac *r);

/* `reason` (may be NULL) gets why: who gave the right, or which roles of this user's bindings don't exist. */
bool rbac_allows(struct rbac *r, const struct authz_attributes *a, struct buf *reason);
/* Appends all rules that a user has in a namespace, as ResourceRules and NonResourceRules of a SelfSubjectRulesReview;
 * `why` gets what could not be resolved. */
void rbac_rules_json(struct rbac *r, const struct api_user *u, struct str ns, json_t *resources,
		     json_t *paths, struct buf *why);

/* Does the user hold all these rights in the namespace? If not, `out` says who wants to grant which, in upstream's words. */
bool rbac_holds(struct rbac *r, const struct api_user *u, struct str ns,
		const struct rbac_rules *wanted, struct buf *out);
/* The same for the rights of a role. NOT_FOUND: there is no such role. FORBIDDEN: `err` has the words of rbac_holds(). */
int rbac_holds_role(struct rbac *r, const struct api_user *u, struct str ns, bool cluster,
		    struct str role_ns, struct str role, struct err *err);

#endif

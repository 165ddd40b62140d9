/* SPDX-License-Identifier: Apache-2.0 */
/* One RoleBinding or ClusterRoleBinding as decisions need it, in one block of memory. Follows upstream's
 * pkg/registry/rbac/validation/rule.go in what it means. */
#ifndef SERVER_APISERVER_AUTHZ_RBAC_BINDING_H
#define SERVER_APISERVER_AUTHZ_RBAC_BINDING_H

#include "api/object/object.h"
#include "server/apiserver/authz/rbac_rule.h"

enum rbac_subject_kind { RBAC_USER, RBAC_GROUP, RBAC_ACCOUNT };
struct rbac_subject {
	enum rbac_subject_kind kind;
	struct str name, ns; /* ns: of an account, as it takes effect */
};
struct rbac_role { /* as bindings see it */
	bool cluster;
	struct str name;          /* behind the struct */
	struct rbac_rules *rules; /* NULL: there is no such role */
	size_t nbindings;
};
struct rbac_binding {
	struct str ns, name; /* ns.n == 0: a ClusterRoleBinding */
	struct rbac_role *role;
	struct str role_key;
	size_t nsubjects;
	struct rbac_subject subjects[];
};
/* Without its role. `in`: what the object says; ClusterRoleBindings have the same shape. Freed with free(). */
struct rbac_binding *rbac_binding_new(const struct object *o, const struct rbac_v1_role_binding *in,
				      struct str role_key);
/* ClusterRoleBinding "a" of ClusterRole "b" to Group "c": the first subject that stands for the user. */
void rbac_binding_describe(const struct rbac_binding *b, const struct api_user *u, struct buf *out);

#endif

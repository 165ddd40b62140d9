/* SPDX-License-Identifier: Apache-2.0 */
/* What one subject has in one place: roles, each with the bindings that give it. */
#ifndef SERVER_APISERVER_AUTHZ_RBAC_GRANTS_H
#define SERVER_APISERVER_AUTHZ_RBAC_GRANTS_H

#include "server/apiserver/authz/rbac_binding.h"

struct rbac_grant { /* one role that a subject has in one place, by at least one binding */
	struct rbac_role *role;
	struct rbac_binding **bindings;
	size_t n, cap;
};
struct rbac_grants {
	struct rbac_grant *items;
	size_t n, cap;
};
void rbac_grants_add(struct rbac_grants *g, struct rbac_binding *b);
void rbac_grants_remove(struct rbac_grants *g, const struct rbac_binding *b); /* if it is there */
void rbac_grants_free(void *grants);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* May this user do that? system:masters may; then nodes are asked about (node_authorizer.h), then roles (rbac.h). What none of
 * them allows is forbidden. Any thread. */
#ifndef SERVER_APISERVER_AUTHZ_AUTHZ_H
#define SERVER_APISERVER_AUTHZ_AUTHZ_H

#include "server/apiserver/authz/attributes.h"
#include "server/apiserver/authz/node_authorizer.h"
#include "server/apiserver/authz/rbac.h"

struct authorizer {
	struct rbac *rbac;
	struct node_authorizer node;
	struct rbac_rules *node_rules;
};
struct authorizer *authorizer_new(struct cache_set *objects);
void authorizer_free(struct authorizer *z);

bool authz_allowed(struct authorizer *z, const struct authz_attributes *a);
/* The same with what a SubjectAccessReview says about it; slower. */
bool authz_review(struct authorizer *z, const struct authz_attributes *a, struct buf *reason);
/* 0 or FORBIDDEN, in upstream's words: `pods "x" is forbidden: User "y" cannot …: reason`. */
int authz_check(struct authorizer *z, const struct authz_attributes *a, struct err *err);
/* `User "x" cannot list resource "pods" in API group "" in the namespace "default"` */
void authz_denial(const struct authz_attributes *a, struct buf *out);
/* A collection of one: `metadata.name=x` in a field selector names the object; empty: none. */
struct str authz_name_selected(struct str field_selector);
/* What the request asks for. */
struct authz_attributes authz_attributes_of(struct api_request *r);

#endif

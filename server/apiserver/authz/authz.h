/* SPDX-License-Identifier: Apache-2.0 */
/* May this user do that? The rules are a table (rules.c) until roles and bindings are objects. Pure; any thread. */
#ifndef SERVER_APISERVER_AUTHZ_AUTHZ_H
#define SERVER_APISERVER_AUTHZ_AUTHZ_H

#include "base/buf.h"
#include "server/apiserver/request.h"

struct authz_attributes {
	const struct api_user *user;
	struct str verb;
	bool is_resource;
	struct str group, resource, subresource, ns, name;
	struct str path; /* of what is no resource */
};
bool authz_allowed(const struct authz_attributes *a);
/* `User "x" cannot list resource "pods" in API group "" in the namespace "default"` */
void authz_denial(const struct authz_attributes *a, struct buf *out);
/* The rules that apply to a user in a namespace, for SelfSubjectRulesReview. */
json_t *authz_rules_json(const struct api_user *u, bool resources);

#endif

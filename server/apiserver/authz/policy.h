/* SPDX-License-Identifier: Apache-2.0 */
/* The roles and bindings that every cluster has, read from embed/files/policy/: rbac.txt, which explains the form, has those that
 * an API server makes, cluster.txt those of the parts beside it. Any thread. */
#ifndef SERVER_APISERVER_AUTHZ_POLICY_H
#define SERVER_APISERVER_AUTHZ_POLICY_H

#include "api/type.h"
#include "base/buf.h"
#include "server/apiserver/authz/rbac_rule.h"

struct policy_item { /* slices live as long as the call that gave it */
	const struct api_resource *resource;
	struct str ns, name;
	struct str
		labels; /* words: "aggregate-to-edit"; "kubernetes.io/bootstrapping" goes without saying */
	struct str
		members; /* `"rules":[…]` or `"subjects":[…],"roleRef":{…}`, as the object has them */
	struct str rules;      /* [] of a role, null when it has none */
	struct str aggregates; /* words: the labels whose roles it takes over */
	bool has_subjects;
};
#define POLICY_CORE    "policy/rbac.txt"
#define POLICY_CLUSTER "policy/cluster.txt"
void policy_each(const char *file, void (*fn)(void *ctx, const struct policy_item *item),
		 void *ctx);
/* The object as it is created, without resourceVersion. */
void policy_write(const struct policy_item *item, const char *uid, const char *now,
		  struct buf *out);
/* The rules of one of the cluster roles; freed with free(). */
struct rbac_rules *policy_rules(const char *role);

#endif

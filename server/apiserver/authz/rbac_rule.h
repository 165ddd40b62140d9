/* SPDX-License-Identifier: Apache-2.0 */
/* Policy rules as decisions need them: lists of words in one block of memory, away from the object that said them. Follows
 * upstream's pkg/apis/rbac/v1/evaluation_helpers.go. Immutable; any thread. */
#ifndef SERVER_APISERVER_AUTHZ_RBAC_RULE_H
#define SERVER_APISERVER_AUTHZ_RBAC_RULE_H

#include "base/buf.h"
#include "generated/api_structs.h"
#include "server/apiserver/authz/attributes.h"

struct rbac_words {
	const struct str *items;
	size_t n;
};
struct rbac_rule {
	struct rbac_words verbs, groups, resources, names, urls;
};
struct rbac_rules {
	size_t n;
	struct rbac_rule items[];
};
/* Copies; freed with free(). */
struct rbac_rules *rbac_rules_new(const struct rbac_v1_policy_rule *from, size_t n);
/* From the JSON of a list of rules, or null. */
struct rbac_rules *rbac_rules_read(struct str json);

bool rbac_words_have(struct rbac_words w, struct str word);
bool rbac_rule_allows(const struct rbac_rule *rule, const struct authz_attributes *a);
bool rbac_rules_allow(const struct rbac_rules *rules, const struct authz_attributes *a);

#endif

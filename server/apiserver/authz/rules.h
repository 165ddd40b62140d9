/* SPDX-License-Identifier: Apache-2.0 */
/* One row: a subject and what it may do. Lists are words divided by blanks; "*" is everything. */
#ifndef SERVER_APISERVER_AUTHZ_RULES_H
#define SERVER_APISERVER_AUTHZ_RULES_H

#include <stddef.h>

enum rule_subject { RULE_USER, RULE_GROUP };
enum rule_scope {
	RULE_ANY,
	RULE_OWN_NODE,   /* the object's name is the node's that asks */
	RULE_NODE_LEASE, /* and it lies in kube-node-lease */
};
struct authz_rule {
	enum rule_subject subject;
	const char *who;
	const char *verbs;
	const char *groups, *resources; /* "pods pods/log"; NULL: a rule about paths */
	const char *paths; /* "/healthz /apis/" followed by '*' where everything below is meant */
	enum rule_scope scope;
};
extern const struct authz_rule authz_rules[];
extern const size_t authz_rules_count;

#endif

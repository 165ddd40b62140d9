/* SPDX-License-Identifier: Apache-2.0 */
/* Do some rules give everything that others give? Follows upstream's component-helpers auth/rbac/validation (Covers) and
 * pkg/registry/rbac/validation (CompactRules): what is asked for is broken down to single rights, each of which one rule must
 * give; those that are missing are put together again by verb. One thread. */
#ifndef SERVER_APISERVER_AUTHZ_RBAC_COVER_H
#define SERVER_APISERVER_AUTHZ_RBAC_COVER_H

#include "base/map.h"
#include "server/apiserver/authz/rbac_rule.h"

struct rbac_cover { /* start with { .missing = … } */
	void (*missing)(struct rbac_cover *c, const struct rbac_rule *single);
	const struct rbac_rules **own;
	size_t nown, cap_own;
	struct map collected; /* what is missing, as the message says it → struct buf: its verbs */
};
/* What `missing` is when the answer shall be described. */
void rbac_cover_collect(struct rbac_cover *c, const struct rbac_rule *single);
void rbac_cover_own(struct rbac_cover *c, const struct rbac_rules *rules); /* borrowed */
/* False: something is missing, each right of which was told to `missing`. */
bool rbac_cover_check(struct rbac_cover *c, const struct rbac_rules *wanted);
/* Whether one rule gives a single right. */
bool rbac_rule_covers(const struct rbac_rule *own, const struct rbac_rule *single);
/* user "x" (groups=["a" "b"]) is attempting to grant RBAC permissions not currently held: … */
void rbac_cover_describe(struct rbac_cover *c, const struct api_user *u, struct buf *out);
void rbac_cover_free(struct rbac_cover *c);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* What becomes of a Secret with a token that was made for an account by itself and that nobody uses any more: after a year it is marked
 * invalid, after another year it goes. Follows upstream's pkg/controller/serviceaccount (legacy_serviceaccount_token_cleaner.go). Pure. */
#ifndef SERVER_CONTROLLERS_IDENTITY_LEGACY_TOKEN_H
#define SERVER_CONTROLLERS_IDENTITY_LEGACY_TOKEN_H

#include <jansson.h>
#include <stdint.h>

#include "base/str.h"

#define LEGACY_TOKEN_UNUSED_S ((int64_t)365 * 86400)
#define LEGACY_TOKEN_INVALID  "kubernetes.io/legacy-token-invalid-since"

enum legacy_token_step { LEGACY_TOKEN_KEEP, LEGACY_TOKEN_INVALIDATE, LEGACY_TOKEN_DELETE };
struct legacy_token {
	const json_t *secret;
	const json_t *account; /* that the Secret names; NULL: there is none */
	bool mounted;          /* some pod refers to it */
};
enum legacy_token_step legacy_token_plan(const struct legacy_token *t, int64_t now_s);
/* Whether uses have been noted for long enough. `since`: 2026-01-31, from when on. */
bool legacy_tokens_are_tracked(struct str since, int64_t now_s);
/* Whether the pod refers to the Secret, in whatever way. */
bool legacy_token_is_mounted(const json_t *pod, struct str secret);
void legacy_token_day(int64_t s, char out[11]); /* 2026-01-31 */

#endif

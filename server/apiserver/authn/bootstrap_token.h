/* SPDX-License-Identifier: Apache-2.0 */
/* Tokens by which a machine gets in for the first time: ID.SECRET, kept as Secrets of type bootstrap.kubernetes.io/token in
 * kube-system. Follows upstream's plugin/pkg/auth/authenticator/token/bootstrap. Any thread. */
#ifndef SERVER_APISERVER_AUTHN_BOOTSTRAP_TOKEN_H
#define SERVER_APISERVER_AUTHN_BOOTSTRAP_TOKEN_H

#include "server/apiserver/request.h"
#include "storage/cache/cache.h"

bool bootstrap_token_is(struct str token); /* by its form */
/* UNAUTHORIZED: no such token, expired, or not meant for this. Slices live in `a`; system:authenticated is not among the groups. */
int bootstrap_token_authenticate(struct cache_set *objects, struct str token, int64_t now_s,
				 struct arena *a, struct api_user *out, struct err *err);

#endif

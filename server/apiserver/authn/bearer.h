/* SPDX-License-Identifier: Apache-2.0 */
/* A bearer token of any kind: of bootstrapping, of an account, of a Secret. Requests and TokenReviews ask here. Any thread. */
#ifndef SERVER_APISERVER_AUTHN_BEARER_H
#define SERVER_APISERVER_AUTHN_BEARER_H

#include "server/apiserver/request.h"

struct bearer {
	struct str token;
	const struct str *audiences; /* asked for; empty: the API server's own */
	size_t naudiences;
	/* answers, slices live in the request's arena or are the question's: */
	struct api_user user;
	const struct str *matched; /* audiences */
	size_t nmatched;
	bool automatic; /* held by a Secret that its account names: such ones are given up */
};
/* UNAUTHORIZED: what upstream says in a TokenReview. Tokens of Secrets are noted as used. */
int bearer_authenticate(struct api_request *r, struct bearer *b, struct err *err);
/* system:authenticated among the groups, unless the user is anonymous or its groups say already which it is. */
void user_authenticated(struct arena *a, struct api_user *u);

#endif

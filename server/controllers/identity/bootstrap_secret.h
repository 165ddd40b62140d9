/* SPDX-License-Identifier: Apache-2.0 */
/* Secrets that hold bootstrap tokens, as their controllers see them. Follows upstream's cluster-bootstrap/token. Any thread. */
#ifndef SERVER_CONTROLLERS_IDENTITY_BOOTSTRAP_SECRET_H
#define SERVER_CONTROLLERS_IDENTITY_BOOTSTRAP_SECRET_H

#include "api/object/object.h"
#include "base/arena.h"

struct bootstrap_secret { /* slices live in the arena */
	struct str id, secret;
	bool signs;    /* usage-bootstrap-signing */
	int64_t end_s; /* 0: never */
};
/* False: no such Secret. An expiration that can't be read has passed. */
bool bootstrap_secret_read(const struct object *o, struct arena *a, struct bootstrap_secret *out);
/* The detached signature (RFC 7515, HS256) that shows a reader of `content` who knows the token that it is genuine. */
void bootstrap_sign(struct str content, struct str id, struct str secret, struct buf *out);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* Continue tokens of paginated lists: upstream's form, base64url of {"v":"meta.k8s.io/v1","rv":N,"start":"ns/name\u0000"}. A
 * client may not read anything into them, nor may it reach outside the collection with a forged one. */
#ifndef SERVER_APISERVER_READ_CONTINUE_TOKEN_H
#define SERVER_APISERVER_READ_CONTINUE_TOKEN_H

#include "base/arena.h"
#include "base/err.h"

struct continue_token {
	int64_t revision; /* -1: the newest state (inconsistent continuation) */
	struct str after; /* key, with its prefix */
};
int continue_parse(struct arena *a, struct str text, struct str prefix, struct continue_token *out,
		   struct err *err);
struct str continue_make(struct arena *a, int64_t revision, struct str key, struct str prefix);

#endif

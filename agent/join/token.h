/* SPDX-License-Identifier: Apache-2.0 */
/* What a machine is given to join a cluster by: K10HASH::ID.SECRET, as k3s writes it. HASH is the SHA-256 of the PEM of the
 * authority that signs the server's certificate; ID.SECRET is a bootstrap token. Pure. */
#ifndef AGENT_JOIN_TOKEN_H
#define AGENT_JOIN_TOKEN_H

#include "base/buf.h"
#include "base/encode.h"
#include "base/err.h"

#define JOIN_TOKEN_PREFIX "K10"

struct join_token {
	char ca_hash[2 * SHA256_SIZE + 1];
	char bearer[24]; /* "abcdef.0123456789abcdef" */
};
/* BAD_REQUEST with one line that never shows the token. White space around it is dropped. */
int join_token_parse(struct str text, struct join_token *out, struct err *err);
void join_token_write(struct str ca_pem, struct str bearer, struct buf *out);
bool join_token_trusts(const struct join_token *t, struct str ca_pem);

#endif

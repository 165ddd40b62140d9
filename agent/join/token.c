/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/join/token.h"

#include <stdio.h>

#define ID_BYTES     6
#define SECRET_BYTES 16
#define HASH_BYTES   (2 * SHA256_SIZE)

static bool all_of(struct str s, const char *set)
{
	for (size_t i = 0; i < s.n; i++)
		if (!s.p[i] || !strchr(set, s.p[i]))
			return false;
	return true;
}

static bool is_bearer(struct str s)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyz0123456789";
	return s.n == ID_BYTES + 1 + SECRET_BYTES && s.p[ID_BYTES] == '.' &&
	       all_of(str_of(s.p, ID_BYTES), plain) &&
	       all_of(str_of(s.p + ID_BYTES + 1, SECRET_BYTES), plain);
}

int join_token_parse(struct str text, struct join_token *out, struct err *err)
{
	struct str rest = str_trim(text), hash;
	if (is_bearer(rest))
		return err_set(err, ERR_BAD_REQUEST,
			       "the token says nothing about the server's CA, so that any server "
			       "could pose as the cluster; take the whole token that \"allinone "
			       "token create\" prints (K10…::…)");
	if (!str_cut_prefix(&rest, STR(JOIN_TOKEN_PREFIX)) || rest.n < HASH_BYTES + 2)
		return err_set(err, ERR_BAD_REQUEST,
			       "the token is malformed; it looks like K10HASH::ID.SECRET (allinone "
			       "token create)");
	hash = str_of(rest.p, HASH_BYTES);
	rest = str_of(rest.p + HASH_BYTES, rest.n - HASH_BYTES);
	if (!all_of(hash, "0123456789abcdef") || !str_cut_prefix(&rest, STR("::")) ||
	    !is_bearer(rest))
		return err_set(err, ERR_BAD_REQUEST,
			       "the token is malformed; it looks like K10HASH::ID.SECRET (allinone "
			       "token create)");
	snprintf(out->ca_hash, sizeof(out->ca_hash), "%.*s", STR_ARG(hash));
	snprintf(out->bearer, sizeof(out->bearer), "%.*s", STR_ARG(rest));
	return 0;
}

void join_token_write(struct str ca_pem, struct str bearer, struct buf *out)
{
	char hash[HASH_BYTES + 1];
	sha256_hex(ca_pem.p, ca_pem.n, hash);
	buf_printf(out, JOIN_TOKEN_PREFIX "%s::%.*s", hash, STR_ARG(bearer));
}

bool join_token_trusts(const struct join_token *t, struct str ca_pem)
{
	char hash[HASH_BYTES + 1];
	sha256_hex(ca_pem.p, ca_pem.n, hash);
	return strcmp(hash, t->ca_hash) == 0;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "server/apiserver/authn/bearer.h"

#include "server/apiserver/authn/bootstrap_token.h"
#include "server/apiserver/authn/token_tracker.h"
#include "server/apiserver/server.h"

#define INVALID "invalid bearer token"

void user_authenticated(struct arena *a, struct api_user *u)
{
	if (str_eqz(u->name, "system:anonymous") || user_in_group(u, "system:authenticated") ||
	    user_in_group(u, "system:unauthenticated"))
		return;
	struct str *groups = ARENA_ARRAY(a, struct str, u->ngroups + 1);
	for (size_t i = 0; i < u->ngroups; i++)
		groups[i] = u->groups[i];
	groups[u->ngroups++] = STR("system:authenticated");
	u->groups = groups;
}

static int by_bootstrap(struct api_request *r, struct bearer *b, struct err *err)
{
	struct str *own = ARENA_NEW(&r->arena, struct str);
	*own = str_from(token_issuer(r->server->tokens)); /* nobody else knows these */
	for (size_t i = 0; i < b->naudiences && b->nmatched == 0; i++)
		b->nmatched = str_eq(b->audiences[i], *own);
	if (b->naudiences == 0)
		b->nmatched = 1;
	b->matched = own;
	if (b->nmatched == 0)
		return err_set(err, ERR_UNAUTHORIZED, INVALID);
	return bootstrap_token_authenticate(r->server->caches, b->token,
					    clock_wall_s(r->server->clock), &r->arena, &b->user,
					    err);
}

static int by_account(struct api_request *r, struct bearer *b, struct err *err)
{
	struct token_check check = { .keys = r->server->tokens,
				     .cache = r->server->token_cache,
				     .objects = r->server->caches,
				     .now_s = clock_wall_s(r->server->clock),
				     .audiences = b->audiences,
				     .naudiences = b->naudiences };
	struct token_report report = { 0 };
	auto_err why = { 0 };
	int e = token_authenticate(&check, b->token, &r->arena, &b->user, &report, &why);
	token_tracker_note(r->server->token_tracker, &report, check.now_s);
	if (e < 0 && token_is_ours(check.keys, b->token))
		return err_set(err, ERR_UNAUTHORIZED, "[" INVALID ", %s]", err_text(&why));
	if (e < 0)
		return err_set(err, ERR_UNAUTHORIZED, INVALID);
	b->automatic = report.automatic;
	b->matched = report.audiences;
	b->nmatched = report.naudiences;
	return 0;
}

int bearer_authenticate(struct api_request *r, struct bearer *b, struct err *err)
{
	int e = bootstrap_token_is(b->token) ? by_bootstrap(r, b, err) : by_account(r, b, err);
	if (e == 0)
		user_authenticated(&r->arena, &b->user);
	return e;
}

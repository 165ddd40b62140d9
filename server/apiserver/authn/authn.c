/* SPDX-License-Identifier: Apache-2.0 */
/* Who is asking: a table of ways, tried in order. Each says yes, no, or "not mine". A request that shows no credentials at
 * all is system:anonymous; one that shows wrong ones is refused. */
#include "base/encode.h"
#include "base/mem.h"
#include "base/url.h"
#include "server/apiserver/authn/bootstrap_token.h"
#include "server/apiserver/request.h"
#include "server/apiserver/server.h"

enum answer { NOT_MINE, ACCEPTED, REFUSED };
enum { AUTHORITY_CLIENTS, AUTHORITY_REQUEST_HEADER }; /* in the order of client_authorities */

static void groups_set(struct api_request *r, char *const *from, const char *last)
{
	size_t n = 0;
	while (from && from[n])
		n++;
	struct str *groups = ARENA_ARRAY(&r->arena, struct str, n + 1);
	for (size_t i = 0; i < n; i++)
		groups[i] = arena_str(&r->arena, str_from(from[i]));
	groups[n] = str_from(last);
	r->user.groups = groups;
	r->user.ngroups = n + 1;
}

/* A verified client certificate: CN is the user, each O a group. */
static enum answer by_certificate(struct api_request *r, struct err *err)
{
	(void)err;
	const struct tls_peer *peer = r->http->peer;
	if (!peer || peer->authority != AUTHORITY_CLIENTS || !peer->common_name ||
	    !peer->common_name[0])
		return NOT_MINE;
	if (peer->not_after_s <= clock_wall_s(r->server->clock))
		return REFUSED; /* it ended while the connection was open */
	r->user.name = arena_str(&r->arena, str_from(peer->common_name));
	groups_set(r, peer->organizations, "system:authenticated");
	struct user_extra *extra = ARENA_NEW(&r->arena, struct user_extra);
	extra->key = STR("authentication.kubernetes.io/credential-id");
	extra->value = str_from(arena_printf(&r->arena, "X509SHA256=%s", peer->fingerprint));
	r->user.extra = extra;
	r->user.nextra = 1;
	return ACCEPTED;
}

static void extra_read(struct api_request *r, struct user_extra *out, size_t *n)
{
	for (size_t i = 0; i < r->http->nfields; i++) {
		struct str name = r->http->fields[i].name, key;
		if (!str_cut_prefix(&name, STR("x-remote-extra-")))
			continue;
		if (!percent_decode(&r->arena, name, false, &key))
			key = arena_str(&r->arena, name);
		out[(*n)++] =
			(struct user_extra){ key, arena_str(&r->arena, r->http->fields[i].value) };
	}
}

/* A front proxy has seen who it is, and proves that it is the proxy. */
static enum answer by_request_header(struct api_request *r, struct err *err)
{
	(void)err;
	const struct tls_peer *peer = r->http->peer;
	if (!peer || peer->authority != AUTHORITY_REQUEST_HEADER)
		return NOT_MINE;
	struct str name = http_header(r->http, "x-remote-user");
	if (name.n == 0 || strcmp(peer->common_name, "system:auth-proxy") ||
	    peer->not_after_s <= clock_wall_s(r->server->clock))
		return REFUSED;
	size_t n = 0, nextra = 0;
	struct str *groups = ARENA_ARRAY(&r->arena, struct str, r->http->nfields + 1);
	struct user_extra *extra = ARENA_ARRAY(&r->arena, struct user_extra, r->http->nfields + 1);
	for (size_t i = 0; i < r->http->nfields; i++)
		if (str_eqz(r->http->fields[i].name, "x-remote-group") &&
		    r->http->fields[i].value.n)
			groups[n++] = arena_str(&r->arena, r->http->fields[i].value);
	extra_read(r, extra, &nextra);
	r->user = (struct api_user){ .name = arena_str(&r->arena, name),
				     .uid = arena_str(&r->arena,
						      http_header(r->http, "x-remote-uid")),
				     .groups = groups,
				     .ngroups = n,
				     .extra = extra,
				     .nextra = nextra };
	if (!user_in_group(&r->user, "system:authenticated") &&
	    !user_in_group(&r->user, "system:unauthenticated"))
		groups[r->user.ngroups++] = STR("system:authenticated");
	return ACCEPTED;
}

static struct str bearer_of(struct api_request *r)
{
	struct str v = http_header(r->http, "authorization");
	if (v.n > 7 && str_ieq(str_of(v.p, 7), STR("bearer ")))
		return str_trim(str_of(v.p + 7, v.n - 7));
	/* browsers' WebSockets can't set headers: the token comes as a subprotocol */
	struct str rest = http_header(r->http, "sec-websocket-protocol"), one;
	while (rest.p && str_next(&rest, ',', &one)) {
		struct buf text = { 0 };
		one = str_trim(one);
		if (str_cut_prefix(&one, STR("base64url.bearer.authorization.k8s.io.")) &&
		    base64url_decode(&text, one)) {
			struct str token = arena_str(&r->arena, buf_view(&text));
			buf_free(&text);
			return token;
		}
		buf_free(&text);
	}
	return (struct str){ 0 };
}

static enum answer by_service_token(struct api_request *r, struct err *err)
{
	struct str token = bearer_of(r);
	if (token.n == 0)
		return NOT_MINE;
	struct token_check check = { .keys = r->server->tokens,
				     .cache = r->server->token_cache,
				     .objects = r->server->caches,
				     .now_s = clock_wall_s(r->server->clock) };
	return token_authenticate(&check, token, &r->arena, &r->user, NULL, err) == 0 ? ACCEPTED
										      : REFUSED;
}

static enum answer by_bootstrap_token(struct api_request *r, struct err *err)
{
	struct str token = bearer_of(r);
	if (!bootstrap_token_is(token))
		return NOT_MINE;
	return bootstrap_token_authenticate(r->server->caches, token,
					    clock_wall_s(r->server->clock), &r->arena, &r->user,
					    err) == 0
		       ? ACCEPTED
		       : REFUSED;
}

static enum answer by_nothing(struct api_request *r, struct err *err)
{
	(void)err;
	r->user.name = STR("system:anonymous");
	groups_set(r, NULL, "system:unauthenticated");
	return ACCEPTED;
}

static enum answer (*const ways[])(struct api_request *, struct err *) = {
	by_request_header, by_certificate, by_bootstrap_token, by_service_token, by_nothing
};

int request_authenticate(struct api_request *r, struct err *err)
{
	for (size_t i = 0; i < COUNT_OF(ways); i++) {
		auto_err why = { 0 };
		enum answer a = ways[i](r, &why);
		if (a == ACCEPTED)
			return 0;
		if (a == REFUSED)
			break;
	}
	return err_set(err, ERR_UNAUTHORIZED, "Unauthorized");
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Who is asking: a table of ways, tried in order. Each says yes, no, or "not mine"; the first yes counts. A request that shows no
 * credentials at all is system:anonymous; one that shows only wrong ones is refused. */
#include "base/encode.h"
#include "base/mem.h"
#include "base/url.h"
#include "server/apiserver/authn/bearer.h"
#include "server/apiserver/request.h"
#include "server/apiserver/server.h"

enum answer { NOT_MINE, ACCEPTED, REFUSED };
enum { AUTHORITY_CLIENTS, AUTHORITY_REQUEST_HEADER }; /* in the order of client_authorities */

/* A certificate that is not one of a known authority of clients proves nothing: who shows one must show something else, too. CN is
 * the user, each O a group. */
static enum answer by_certificate(struct api_request *r, struct err *err)
{
	const struct tls_peer *peer = r->http->peer;
	(void)err;
	if (!peer && !r->http->peer_refused)
		return NOT_MINE;
	if (!peer || peer->authority != AUTHORITY_CLIENTS || !peer->common_name[0] ||
	    peer->not_after_s <= clock_wall_s(r->server->clock)) /* while the connection was open */
		return REFUSED;
	size_t n = 0;
	while (peer->organizations && peer->organizations[n])
		n++;
	struct str *groups = ARENA_ARRAY(&r->arena, struct str, n + 1);
	for (size_t i = 0; i < n; i++)
		groups[i] = arena_str(&r->arena, str_from(peer->organizations[i]));
	struct user_extra *extra = ARENA_NEW(&r->arena, struct user_extra);
	extra->key = STR("authentication.kubernetes.io/credential-id");
	extra->value = str_from(arena_printf(&r->arena, "X509SHA256=%s", peer->fingerprint));
	r->user = (struct api_user){ .name = arena_str(&r->arena, str_from(peer->common_name)),
				     .uid = arena_str(&r->arena, str_from(peer->uid)),
				     .groups = groups,
				     .ngroups = n,
				     .extra = extra,
				     .nextra = 1 };
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
	return ACCEPTED;
}

/* browsers' WebSockets can't set headers: the token comes as a subprotocol */
static struct str subprotocol_token(struct api_request *r)
{
	struct str rest = http_header(r->http, "sec-websocket-protocol"), one;
	while (rest.p && str_next(&rest, ',', &one)) {
		auto_buf text = { 0 };
		one = str_trim(one);
		if (str_cut_prefix(&one, STR("base64url.bearer.authorization.k8s.io.")) &&
		    base64url_decode(&text, one))
			return arena_str(&r->arena, buf_view(&text));
	}
	return (struct str){ 0 };
}

/* The second word, when the first is "bearer". */
static struct str header_token(struct api_request *r)
{
	struct str rest = str_trim(http_header(r->http, "authorization")), word, token = { 0 };
	if (rest.n == 0 || !str_next(&rest, ' ', &word) || !str_ieq(word, STR("bearer")) ||
	    rest.n == 0)
		return token;
	str_next(&rest, ' ', &token);
	if (token.n == 0)
		request_warn(r, "the provided Authorization header contains extra space before "
				"the bearer token, and is ignored");
	return token;
}

static enum answer by_token(struct api_request *r, struct err *err)
{
	struct bearer b = { .token = header_token(r) };
	if (b.token.n == 0)
		b.token = subprotocol_token(r);
	if (b.token.n == 0)
		return NOT_MINE;
	if (bearer_authenticate(r, &b, err) < 0)
		return REFUSED;
	if (b.automatic)
		request_warn(r, "Use tokens from the TokenRequest API or manually created "
				"secret-based tokens instead of auto-generated secret-based "
				"tokens.");
	r->user = b.user;
	return ACCEPTED;
}

static enum answer (*const ways[])(struct api_request *,
				   struct err *) = { by_request_header, by_certificate, by_token };

static void anonymous(struct api_request *r)
{
	struct str *group = ARENA_NEW(&r->arena, struct str);
	*group = STR("system:unauthenticated");
	r->user =
		(struct api_user){ .name = STR("system:anonymous"), .groups = group, .ngroups = 1 };
}

int request_authenticate(struct api_request *r, struct err *err)
{
	bool refused = false;
	for (size_t i = 0; i < COUNT_OF(ways); i++) {
		auto_err why = { 0 };
		enum answer a = ways[i](r, &why);
		if (a == ACCEPTED) {
			user_authenticated(&r->arena, &r->user);
			return 0;
		}
		refused = refused || a == REFUSED;
	}
	if (refused)
		return err_set(err, ERR_UNAUTHORIZED, "Unauthorized");
	anonymous(r);
	return 0;
}

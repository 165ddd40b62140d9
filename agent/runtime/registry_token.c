/* SPDX-License-Identifier: Apache-2.0 */
/* What a registry's challenge is answered with: a name and a password, or a token of the server that it names, anonymous when we have no
 * credentials. */
#include <jansson.h>

#include "agent/runtime/registry_auth.h"
#include "agent/runtime/transfer.h"
#include "base/mem.h"

#define TOKEN_MAX 65536

static void set_bearer(struct endpoint *e, const char *token)
{
	free(e->authorization);
	e->authorization = str_printf("Authorization: Bearer %s", token);
}

static void basic_header(const struct endpoint *e, struct buf *out)
{
	auto_buf pair = { 0 };
	buf_printf(&pair, "%s:%s", e->at.username ? e->at.username : "",
		   e->at.password ? e->at.password : "");
	buf_puts(out, "Authorization: Basic ");
	base64_encode(out, pair.p, pair.n);
}

static bool valid_token(const char *token)
{
	if (!token || !*token)
		return false;
	for (const char *p = token; *p; p++)
		if (*p <= ' ' || *p > '~')
			return false;
	return true;
}

/* The form with which an identity token is exchanged for one that the registry takes (OAuth 2.0, RFC 6749 section 6). */
static void exchange_form(struct transfer *t, const struct challenge *c, struct buf *form)
{
	const char *const fields[][2] = { { "grant_type", "refresh_token" },
					  { "client_id", "allinone" },
					  { "service", c->service },
					  { "scope", c->scope[0] ? c->scope : t->at->scope },
					  { "refresh_token", t->at->at.identity_token } };
	for (size_t i = 0; i < COUNT_OF(fields); i++) {
		char *value = curl_easy_escape(t->curl, fields[i][1], 0);
		buf_printf(form, "%s%s=%s", i ? "&" : "", fields[i][0], value ? value : "");
		curl_free(value);
	}
}

static int take_token(struct transfer *t, struct err *err)
{
	json_t *tree = json_loadb(t->body.p ? t->body.p : "", t->body.n, 0, NULL);
	const char *token = json_string_value(json_object_get(tree, "token"));
	if (!token)
		token = json_string_value(json_object_get(tree, "access_token"));
	int result = valid_token(token) ? 0
					: err_set(err, ERR_UNAUTHORIZED,
						  "the token server's answer has no token");
	if (result == 0) {
		pthread_mutex_lock(&t->registry->mutex);
		set_bearer(t->at, token);
		pthread_mutex_unlock(&t->registry->mutex);
	}
	json_decref(tree);
	return result;
}

/* A token for the challenge, anonymous when we have no credentials. */
static int fetch_token(struct transfer *t, const struct challenge *c, struct err *err)
{
	struct endpoint *e = t->at;
	auto_buf url = { 0 };
	auto_buf basic = { 0 };
	auto_buf form = { 0 };
	struct curl_slist *headers = NULL;
	int saved_fd = t->fd;
	if (e->at.identity_token)
		buf_puts(&url, c->realm);
	else
		challenge_url(c, e->scope, &url);
	if (e->at.username) {
		basic_header(e, &basic);
		headers = curl_slist_append(headers, basic.p);
	}
	transfer_setup(t, url.p, 0);
	if (e->at.identity_token) {
		exchange_form(t, c, &form);
		curl_easy_setopt(t->curl, CURLOPT_POSTFIELDS, form.p);
	}
	t->fd = -1;
	t->body_max = TOKEN_MAX;
	CURLcode rc = transfer_perform(t, headers);
	t->fd = saved_fd;
	if (rc != CURLE_OK)
		return transfer_failed(t, url.p, rc, err);
	if (!transfer_is_good(transfer_status(t)))
		return err_wrap(err, transfer_refused(t, url.p, transfer_status(t), err),
				"failed to fetch a token");
	return take_token(t, err);
}

/* After a 401. */
int registry_authenticate(struct transfer *t, const char *url, struct err *err)
{
	struct endpoint *e = t->at;
	struct challenge c;
	if (!t->challenge || !challenge_parse(t->challenge, &c))
		return transfer_refused(t, url, 401, err);
	if (c.bearer) {
		int rc = fetch_token(t, &c, err);
		return rc < 0 ? err_wrap(err, rc, "failed to authorize") : 0;
	}
	if (!e->at.username)
		return transfer_refused(t, url, 401, err);
	auto_buf header = { 0 };
	basic_header(e, &header);
	pthread_mutex_lock(&t->registry->mutex);
	free(e->authorization);
	e->authorization = buf_take(&header);
	pthread_mutex_unlock(&t->registry->mutex);
	return 0;
}

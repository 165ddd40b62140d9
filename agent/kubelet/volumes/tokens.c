/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/kubelet/volumes/tokens.h"

#include "api/decode.h"
#include "base/mem.h"
#include "generated/api_tables.h"

#define EXPIRATION_DEFAULT_S 3600
#define DAY_US               (86400 * 1000000ll)
#define RETRY_US             (10 * 1000000ll)

struct token {
	struct tokens *owner; /* NULL: nobody waits any more */
	struct token *next;
	char *audience;
	int64_t expiration_s;
	char *value;
	int64_t renew_at_us;
	bool busy;
};
struct tokens {
	struct tokens_config c;
	char *ns, *service_account, *pod_name, *pod_uid;
	struct token *list;
};

struct tokens *tokens_new(const struct tokens_config *c)
{
	struct tokens *t = NEW(struct tokens);
	t->c = *c;
	t->ns = str_dup(c->ns);
	t->service_account = str_dup(c->service_account.n ? c->service_account : STR("default"));
	t->pod_name = str_dup(c->pod_name);
	t->pod_uid = str_dup(c->pod_uid);
	return t;
}

static void token_free(struct token *t)
{
	free(t->audience);
	free(t->value);
	free(t);
}

void tokens_free(struct tokens *t)
{
	if (!t)
		return;
	for (struct token *one = t->list, *next; one; one = next) {
		next = one->next;
		one->owner = NULL;
		if (!one->busy)
			token_free(one);
	}
	free(t->ns);
	free(t->service_account);
	free(t->pod_name);
	free(t->pod_uid);
	free(t);
}

static int64_t min64(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

static int take(struct token *t, struct str body, struct err *err)
{
	auto_arena a = { 0 };
	struct authentication_v1_token_request r = { 0 };
	int code = struct_read_json(body, &a, api_struct_authentication_v1_token_request, &r, err);
	if (code < 0)
		return code;
	if (!r.status.token.n)
		return err_set(err, ERR_INTERNAL, "failed to fetch token: the answer has none");
	int64_t now_us = clock_wall_us(t->owner->c.clock);
	int64_t life_us = r.status.expiration_timestamp.us - now_us;
	free(t->value);
	t->value = str_dup(r.status.token);
	t->renew_at_us = now_us + min64(life_us / 5 * 4, DAY_US);
	return 0;
}

static void on_answer(void *ctx, const struct client_result *r)
{
	struct token *t = ctx;
	auto_err err = { 0 };
	t->busy = false;
	if (!t->owner) {
		token_free(t);
		return;
	}
	if (r->err)
		err_copy(&err, r->err);
	else
		take(t, r->body, &err);
	if (err.reason != ERR_NONE)
		t->renew_at_us = clock_wall_us(t->owner->c.clock) + RETRY_US;
	t->owner->c.on_change(t->owner->c.ctx, err.reason != ERR_NONE ? &err : NULL);
}

static void ask(struct token *t)
{
	auto_buf b = { 0 };
	buf_puts(&b, "{\"kind\":\"TokenRequest\",\"apiVersion\":\"authentication.k8s.io/"
		     "v1\",\"metadata\":{},\"spec\":{\"audiences\":[");
	if (*t->audience)
		buf_json_string(&b, str_from(t->audience));
	buf_printf(&b,
		   "],\"expirationSeconds\":%lld,\"boundObjectRef\":{\"kind\":\"Pod\","
		   "\"apiVersion\":\"v1\",\"name\":\"%s\",\"uid\":\"%s\"}}}",
		   (long long)t->expiration_s, t->owner->pod_name, t->owner->pod_uid);
	t->busy = true;
	client_do(t->owner->c.client,
		  &(struct client_call){ .verb = API_CREATE,
					 .resource = API_CORE_V1_SERVICEACCOUNTS,
					 .ns = str_from(t->owner->ns),
					 .name = str_from(t->owner->service_account),
					 .subresource = STR("token"),
					 .body = buf_view(&b),
					 .done = on_answer,
					 .ctx = t });
}

struct str tokens_get(struct tokens *t, const struct core_v1_service_account_token_projection *p)
{
	int64_t expiration_s =
		p->expiration_seconds ? *p->expiration_seconds : EXPIRATION_DEFAULT_S;
	for (struct token *one = t->list; one; one = one->next)
		if (one->expiration_s == expiration_s && str_eqz(p->audience, one->audience))
			return str_from(one->value);
	struct token *one = NEW(struct token);
	one->owner = t;
	one->audience = str_dup(p->audience);
	one->expiration_s = expiration_s;
	one->next = t->list;
	t->list = one;
	ask(one);
	return (struct str){ 0 };
}

int64_t tokens_renew_at_us(const struct tokens *t)
{
	int64_t at = 0;
	for (struct token *one = t->list; one; one = one->next)
		if (!one->busy && one->renew_at_us && (!at || one->renew_at_us < at))
			at = one->renew_at_us;
	return at;
}

void tokens_renew(struct tokens *t)
{
	int64_t now_us = clock_wall_us(t->c.clock);
	for (struct token *one = t->list; one; one = one->next)
		if (!one->busy && one->renew_at_us && one->renew_at_us <= now_us)
			ask(one);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Secrets of type kubernetes.io/service-account-token: a token that lasts as long as the Secret is put into each that names an account,
 * and those whose account is gone go, too; an account forgets a Secret that is gone. Follows upstream's
 * pkg/controller/serviceaccount/tokens_controller.go. Key: the Secret, or one that is gone and its account. */
#include "api/object/meta.h"
#include "base/encode.h"
#include "base/mem.h"
#include "server/controllers/controller.h"

#define TYPE "\"kubernetes.io/service-account-token\""
#define NAME "kubernetes.io/service-account.name"
#define UID  "kubernetes.io/service-account.uid"

static bool fill(json_t *data, const char *field, struct str value)
{
	auto_buf text = { 0 };
	base64_encode(&text, value.p, value.n);
	if (str_eq(tree_str(json_object_get(data, field)), buf_view(&text)))
		return false;
	json_object_set_new(data, field, json_stringn(text.p, text.n));
	return true;
}

/* True: the tree is another now. */
static bool complete(struct controller *c, json_t *secret, const struct object *account)
{
	auto_buf token = { 0 };
	json_t *data = json_object_get(secret, "data");
	bool changed = false;
	if (!json_is_object(data))
		json_object_set_new(secret, "data", data = json_object());
	changed = fill(data, "ca.crt", c->config->root_ca_pem);
	if (tree_str(json_object_get(data, "namespace")).n == 0)
		changed = fill(data, "namespace", account->ns) || changed;
	if (tree_str(json_object_get(data, "token")).n == 0) {
		const struct controllers_token t = { account->ns, account->name, account->uid,
						     meta_name(secret) };
		if (c->config->account_token(c->config->ctx, &t, &token) < 0)
			return false;
		changed = fill(data, "token", buf_view(&token));
	}
	if (meta_annotation(secret, UID).n == 0) {
		meta_set_annotation(secret, UID, account->uid);
		changed = true;
	}
	return changed;
}

static void secret_write(struct controller *c, struct str key, const struct object *o, json_t *tree)
{
	auto_free char *body = json_dumps(tree, JSON_COMPACT);
	const struct controller_write w = { .verb = API_UPDATE,
					    .resource = API_CORE_V1_SECRETS,
					    .ns = o->ns,
					    .name = o->name,
					    .body = str_from(body),
					    .harmless = ERR_NOT_FOUND };
	controller_write(c, key, &w);
}

static void secret_delete(struct controller *c, struct str key, const struct object *o)
{
	auto_buf body = { 0 };
	const struct controller_write w = controller_removal(o, "", &body);
	controller_write(c, key, &w);
}

/* --- an account that isn't there: or are we behind? --- */

struct question {
	struct controller *controller;
	char *key;
};

static void on_live_account(void *ctx, const struct client_result *r)
{
	struct question *q = ctx;
	struct controller *c = q->controller;
	struct str key = str_from(q->key), ns, name;
	controller_key_split(key, &ns, &name);
	const struct object *o =
		informer_get(controller_informer(c, API_CORE_V1_SECRETS), ns, name);
	json_t *secret = o ? object_tree(o, NULL) : NULL;
	json_t *account = r->err ? NULL : json_loadb(r->body.p, r->body.n, 0, NULL);
	struct str uid = meta_annotation(secret, UID);
	bool gone = r->err ? r->err->reason == ERR_NOT_FOUND
			   : account && uid.n && !str_eq(uid, meta_uid(account));
	if (o && gone)
		secret_delete(c, key, o);
	else
		controller_done(c, key, o && r->err);
	json_decref(account);
	json_decref(secret);
	free(q->key);
	free(q);
}

static void ask_account(struct controller *c, struct str key, struct str ns, struct str name)
{
	struct question *q = NEW(struct question);
	*q = (struct question){ c, str_dup(key) };
	const struct client_call call = { .verb = API_GET,
					  .resource = API_CORE_V1_SERVICEACCOUNTS,
					  .ns = ns,
					  .name = name,
					  .done = on_live_account,
					  .ctx = q };
	client_do(c->client, &call);
}

/* --- references of accounts to Secrets that are gone --- */

static bool without(json_t *account, struct str secret)
{
	json_t *list = json_object_get(account, "secrets");
	bool any = false;
	for (size_t i = json_array_size(list); i-- > 0;)
		if (str_eq(tree_str(json_object_get(json_array_get(list, i), "name")), secret)) {
			json_array_remove(list, i);
			any = true;
		}
	return any;
}

static void forget(struct controller *c, struct str key, struct str ns, struct str secret,
		   struct str name)
{
	const struct object *o =
		informer_get(controller_informer(c, API_CORE_V1_SERVICEACCOUNTS), ns, name);
	json_t *account = o ? object_tree(o, NULL) : NULL;
	if (account && !informer_get(controller_informer(c, API_CORE_V1_SECRETS), ns, secret) &&
	    without(account, secret)) {
		auto_free char *body = json_dumps(account, JSON_COMPACT);
		const struct controller_write w = { .verb = API_UPDATE,
						    .resource = API_CORE_V1_SERVICEACCOUNTS,
						    .ns = ns,
						    .name = name,
						    .body = str_from(body),
						    .harmless = ERR_NOT_FOUND };
		controller_write(c, key, &w);
	} else {
		controller_done(c, key, false);
	}
	json_decref(account);
}

/* Its key: "NAMESPACE/SECRET/ACCOUNT". */
static void on_gone(struct controller *c, const struct object *secret)
{
	auto_buf key = { 0 };
	json_t *tree = object_tree(secret, NULL);
	struct str account = meta_annotation(tree, NAME);
	buf_printf(&key, "%.*s/%.*s/%.*s", STR_ARG(secret->ns), STR_ARG(secret->name),
		   STR_ARG(account));
	if (account.n)
		work_queue_add(c->queue, buf_view(&key));
	json_decref(tree);
}

static void work(void *ctx, struct str key)
{
	struct controller *c = ctx;
	struct str ns, name;
	controller_key_split(key, &ns, &name);
	const struct object *o =
		informer_get(controller_informer(c, API_CORE_V1_SECRETS), ns, name);
	struct informer *accounts = controller_informer(c, API_CORE_V1_SERVICEACCOUNTS);
	size_t slash = str_find(name, '/');
	if (informer_synced(accounts) && slash < name.n) {
		forget(c, key, ns, str_of(name.p, slash),
		       str_of(name.p + slash + 1, name.n - slash - 1));
		return;
	}
	if (!o || !informer_synced(accounts)) {
		controller_done(c, key, o || slash < name.n);
		return;
	}
	json_t *tree = object_tree(o, NULL);
	struct str uid = meta_annotation(tree, UID);
	const struct object *account = informer_get(accounts, ns, meta_annotation(tree, NAME));
	if (!account || (uid.n && !str_eq(uid, account->uid)))
		ask_account(c, key, ns, meta_annotation(tree, NAME));
	else if (complete(c, tree, account))
		secret_write(c, key, o, tree);
	else
		controller_done(c, key, false);
	json_decref(tree);
}

static bool add(void *ctx, const struct object *o)
{
	if (!str_contains(o->json, STR("\"type\":" TYPE)))
		return true;
	return controller_wake(ctx, o);
}

static void on_secret(void *ctx, const struct object *old, const struct object *new)
{
	if (new && !new->deleting)
		add(ctx, new);
	else if (!new &&str_contains(old->json, STR("\"type\":" TYPE)))
		on_gone(ctx, old);
}

static void on_account(void *ctx, const struct object *old, const struct object *new)
{
	struct controller *c = ctx;
	if ((old == NULL) != (new == NULL))
		informer_each(controller_informer(c, API_CORE_V1_SECRETS), (new ? new : old)->ns,
			      add, c);
}

static int start(struct controller *c, struct err *err)
{
	(void)err;
	c->client = c->config->client; /* the manager's own rights: no account has these */
	controller_queue_start(c, work);
	informer_hook_add(controller_informer(c, API_CORE_V1_SECRETS), on_secret, NULL, c);
	informer_hook_add(controller_informer(c, API_CORE_V1_SERVICEACCOUNTS), on_account, NULL, c);
	return 0;
}

const struct controller_row controller_account_token = { "tokens-controller", start, NULL };

/* SPDX-License-Identifier: Apache-2.0 */
/* Secrets of type kubernetes.io/service-account-token: a token that lasts as long as the Secret is put into each that names an account,
 * and those whose account is gone go, too. Follows upstream's pkg/controller/serviceaccount/tokens_controller.go. Key: the Secret. */
#include "api/meta.h"
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
	auto_free char *body = tree ? json_dumps(tree, JSON_COMPACT) : NULL;
	const struct controller_write w = { .verb = tree ? API_UPDATE : API_DELETE,
					    .resource = API_CORE_V1_SECRETS,
					    .ns = o->ns,
					    .name = o->name,
					    .body = str_from(body),
					    .harmless = ERR_NOT_FOUND };
	controller_write(c, key, &w);
}

static void work(void *ctx, struct str key)
{
	struct controller *c = ctx;
	struct str ns, name;
	controller_key_split(key, &ns, &name);
	const struct object *o =
		informer_get(controller_informer(c, API_CORE_V1_SECRETS), ns, name);
	struct informer *accounts = controller_informer(c, API_CORE_V1_SERVICEACCOUNTS);
	if (!o || !informer_synced(accounts)) {
		controller_done(c, key, o != NULL);
		return;
	}
	json_t *tree = object_tree(o, NULL);
	struct str uid = meta_annotation(tree, UID);
	const struct object *account = informer_get(accounts, ns, meta_annotation(tree, NAME));
	if (!account || account->deleting || (uid.n && !str_eq(uid, account->uid)))
		secret_write(c, key, o, NULL);
	else if (complete(c, tree, account))
		secret_write(c, key, o, tree);
	else
		controller_done(c, key, false);
	json_decref(tree);
}

static bool add(void *ctx, const struct object *o)
{
	struct controller *c = ctx;
	auto_buf key = { 0 };
	if (!str_contains(o->json, STR("\"type\":" TYPE)))
		return true;
	controller_key(o, &key);
	work_queue_add(c->queue, buf_view(&key));
	return true;
}

static void on_secret(void *ctx, const struct object *old, const struct object *new)
{
	(void)old;
	if (new && !new->deleting)
		add(ctx, new);
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

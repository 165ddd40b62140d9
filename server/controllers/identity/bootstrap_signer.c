/* SPDX-License-Identifier: Apache-2.0 */
/* Signs kube-public/cluster-info with every bootstrap token that may, so that who has a token can tell that it is genuine. Follows
 * upstream's pkg/controller/bootstrap/bootstrapsigner.go. Key: the ConfigMap. */
#include "api/object/meta.h"
#include "base/clock.h"
#include "base/mem.h"
#include "server/controllers/controller.h"
#include "server/controllers/identity/bootstrap_secret.h"

#define NAME  "cluster-info"
#define PLACE "kube-public"
#define SIGN  "jws-kubeconfig-"

struct signing {
	struct str content;
	json_t *data; /* gets the signatures */
};

static bool sign_one(void *ctx, const struct object *o)
{
	struct signing *s = ctx;
	auto_arena a = { 0 };
	auto_buf signature = { 0 }, key = { 0 };
	struct bootstrap_secret token;
	if (o->deleting || !str_contains(o->json, STR("\"bootstrap.kubernetes.io/token\"")) ||
	    !bootstrap_secret_read(o, &a, &token) || !token.signs || token.id.n == 0 ||
	    token.secret.n == 0 || (token.end_s && token.end_s < clock_wall_s(clock_real())))
		return true;
	bootstrap_sign(s->content, token.id, token.secret, &signature);
	buf_printf(&key, SIGN "%.*s", STR_ARG(token.id));
	json_object_set_new(s->data, key.p, json_stringn(signature.p, signature.n));
	return true;
}

static void signatures_drop(json_t *data)
{
	const char *key;
	json_t *value;
	void *next;
	json_object_foreach_safe (data, next, key, value)
		if (str_starts(str_from(key), STR(SIGN)))
			json_object_del(data, key);
}

static void work(void *ctx, struct str key)
{
	struct controller *c = ctx;
	const struct object *o =
		informer_get(controller_informer(c, API_CORE_V1_CONFIGMAPS), STR(PLACE), STR(NAME));
	json_t *map = o ? object_tree(o, NULL) : NULL, *data = json_object_get(map, "data"),
	       *before = tree_copy(data);
	struct signing s = { tree_get_str(data, "kubeconfig", NULL), data };
	if (s.content.n) {
		signatures_drop(data);
		informer_each(controller_informer(c, API_CORE_V1_SECRETS), STR("kube-system"),
			      sign_one, &s);
	}
	if (!data || json_equal(before, data)) {
		controller_done(c, key, false);
	} else {
		auto_free char *body = json_dumps(map, JSON_COMPACT);
		const struct controller_write w = { .verb = API_UPDATE,
						    .resource = API_CORE_V1_CONFIGMAPS,
						    .ns = STR(PLACE),
						    .name = STR(NAME),
						    .body = str_from(body),
						    .harmless = ERR_NOT_FOUND };
		controller_write(c, key, &w);
	}
	json_decref(before);
	json_decref(map);
}

static void on_secret(void *ctx, const struct object *old, const struct object *new)
{
	struct controller *c = ctx;
	const struct object *o = new ? new : old;
	if (str_eqz(o->ns, "kube-system") &&
	    str_contains(o->json, STR("\"bootstrap.kubernetes.io/token\"")))
		work_queue_add(c->queue, STR(NAME));
}

static void on_map(void *ctx, const struct object *old, const struct object *new)
{
	struct controller *c = ctx;
	const struct object *o = new ? new : old;
	if (str_eqz(o->name, NAME) && str_eqz(o->ns, PLACE))
		work_queue_add(c->queue, STR(NAME));
}

static int start(struct controller *c, struct err *err)
{
	(void)err;
	controller_queue_start(c, work);
	informer_hook_add(controller_informer(c, API_CORE_V1_SECRETS), on_secret, NULL, c);
	informer_hook_add(controller_informer(c, API_CORE_V1_CONFIGMAPS), on_map, NULL, c);
	return 0;
}

const struct controller_row controller_bootstrap_signer = { "bootstrap-signer", start, NULL };

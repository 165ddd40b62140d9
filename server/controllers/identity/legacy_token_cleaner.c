/* SPDX-License-Identifier: Apache-2.0 */
/* Once a day: tokens of Secrets that nobody has used for a year are marked, and a year later removed (legacy_token.h says which). Does
 * nothing before uses have been noted for a year: a ConfigMap of the API server says since when. Key: all of them. */
#include "api/object/meta.h"
#include "base/clock.h"
#include "base/log.h"
#include "server/controllers/controller.h"
#include "server/controllers/identity/legacy_token.h"

#define ALL      STR("all")
#define EVERY_MS ((int64_t)24 * 3600 * 1000)
#define TRACKING "kube-apiserver-legacy-service-account-token-tracking"

struct look { /* at one Secret, or at the pods of its namespace */
	struct controller *c;
	int64_t now_s;
	struct str secret;
	bool mounted;
};

static void invalidate(const struct look *l, const struct object *secret)
{
	char today[11];
	auto_buf body = { 0 };
	legacy_token_day(l->now_s, today);
	buf_printf(&body,
		   "{\"metadata\":{\"labels\":{\"" LEGACY_TOKEN_INVALID
		   "\":\"%s\"},\"uid\":\"%.*s\"}}",
		   today, STR_ARG(secret->uid));
	log_info("an unused account token is marked invalid", LOG_STR("key", secret->key));
	client_do(l->c->client,
		  &(struct client_call){ .verb = API_PATCH,
					 .resource = API_CORE_V1_SECRETS,
					 .ns = secret->ns,
					 .name = secret->name,
					 .content_type = STR("application/merge-patch+json"),
					 .body = buf_view(&body) });
}

/* As it was seen: who used it meanwhile keeps it. */
static void delete (const struct look *l, const struct object *secret)
{
	auto_buf body = { 0 };
	buf_printf(&body,
		   "{\"kind\":\"DeleteOptions\",\"apiVersion\":\"v1\",\"preconditions\":{"
		   "\"resourceVersion\":\"%lld\"}}",
		   (long long)secret->revision);
	log_info("an unused account token is removed", LOG_STR("key", secret->key));
	client_do(l->c->client, &(struct client_call){ .verb = API_DELETE,
						       .resource = API_CORE_V1_SECRETS,
						       .ns = secret->ns,
						       .name = secret->name,
						       .body = buf_view(&body) });
}

static bool look_at_pod(void *ctx, const struct object *o)
{
	struct look *l = ctx;
	if (!str_contains(o->json, l->secret))
		return true;
	json_t *pod = object_tree(o, NULL);
	l->mounted = legacy_token_is_mounted(pod, l->secret);
	json_decref(pod);
	return !l->mounted;
}

static bool is_mounted(struct look *l, const struct object *secret)
{
	l->secret = secret->name;
	l->mounted = false;
	informer_each(controller_informer(l->c, API_CORE_V1_PODS), secret->ns, look_at_pod, l);
	return l->mounted;
}

static bool look_at_secret(void *ctx, const struct object *o)
{
	struct look *l = ctx;
	if (!str_contains(o->json, STR("kubernetes.io/service-account-token")))
		return true;
	json_t *secret = object_tree(o, NULL), *account = NULL;
	struct str name = meta_annotation(secret, "kubernetes.io/service-account.name");
	const struct object *a =
		informer_get(controller_informer(l->c, API_CORE_V1_SERVICEACCOUNTS), o->ns, name);
	if (a)
		account = object_tree(a, NULL);
	struct legacy_token t = { .secret = secret, .account = account };
	/* pods are looked at last: there are many */
	t.mounted = legacy_token_plan(&t, l->now_s) != LEGACY_TOKEN_KEEP && is_mounted(l, o);
	enum legacy_token_step step = legacy_token_plan(&t, l->now_s);
	if (step == LEGACY_TOKEN_INVALIDATE)
		invalidate(l, o);
	if (step == LEGACY_TOKEN_DELETE)
		delete (l, o);
	json_decref(account);
	json_decref(secret);
	return true;
}

static void tracking_known(void *ctx, const struct client_result *result)
{
	struct controller *c = ctx;
	struct look l = { .c = c, .now_s = clock_wall_s(clock_real()) };
	json_t *map = result->err ? NULL
				  : json_loadb(result->body.p ? result->body.p : "", result->body.n,
					       0, NULL);
	if (legacy_tokens_are_tracked(tree_get_str(map, "data", "since", NULL), l.now_s))
		informer_each(controller_informer(c, API_CORE_V1_SECRETS), STR(""), look_at_secret,
			      &l);
	json_decref(map);
	controller_done(c, ALL, false);
	work_queue_add_after(c->queue, ALL, EVERY_MS);
}

static void work(void *ctx, struct str key)
{
	struct controller *c = ctx;
	const struct api_resource *const needed[] = { API_CORE_V1_SECRETS, API_CORE_V1_PODS,
						      API_CORE_V1_SERVICEACCOUNTS };
	for (size_t i = 0; i < sizeof(needed) / sizeof(needed[0]); i++)
		if (!informer_synced(controller_informer(c, needed[i]))) {
			controller_done(c, key, true);
			return;
		}
	client_do(c->client, &(struct client_call){ .verb = API_GET,
						    .resource = API_CORE_V1_CONFIGMAPS,
						    .ns = STR("kube-system"),
						    .name = STR(TRACKING),
						    .done = tracking_known,
						    .ctx = c });
}

static int start(struct controller *c, struct err *err)
{
	(void)err;
	controller_queue_start(c, work);
	controller_informer(c, API_CORE_V1_SECRETS);
	controller_informer(c, API_CORE_V1_PODS);
	controller_informer(c, API_CORE_V1_SERVICEACCOUNTS);
	work_queue_add(c->queue, ALL);
	return 0;
}

const struct controller_row controller_legacy_token_cleaner = {
	"legacy-service-account-token-cleaner", start, NULL
};

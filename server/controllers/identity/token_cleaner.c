/* SPDX-License-Identifier: Apache-2.0 */
/* Removes bootstrap tokens that have expired. Follows upstream's pkg/controller/bootstrap/tokencleaner.go. Key: the Secret. */
#include "base/clock.h"
#include "server/controllers/controller.h"
#include "server/controllers/identity/bootstrap_secret.h"

#define PLACE "kube-system"

static void work(void *ctx, struct str key)
{
	struct controller *c = ctx;
	auto_arena a = { 0 };
	struct bootstrap_secret s;
	const struct object *o =
		informer_get(controller_informer(c, API_CORE_V1_SECRETS), STR(PLACE), key);
	bool ends = o && bootstrap_secret_read(o, &a, &s) && s.end_s;
	int64_t wait = ends ? s.end_s - clock_wall_s(clock_real()) : 0;
	if (!ends || wait >= 0) {
		controller_done(c, key, false);
		if (ends)
			work_queue_add_after(c->queue, key, (wait + 1) * 1000);
		return;
	}
	const struct controller_write w = { .verb = API_DELETE,
					    .resource = API_CORE_V1_SECRETS,
					    .ns = STR(PLACE),
					    .name = key,
					    .harmless = ERR_NOT_FOUND };
	controller_write(c, key, &w);
}

static void on_secret(void *ctx, const struct object *old, const struct object *new)
{
	struct controller *c = ctx;
	(void)old;
	if (new &&str_eqz(new->ns, PLACE) &&
	    str_contains(new->json, STR("\"bootstrap.kubernetes.io/token\"")))
		work_queue_add(c->queue, new->name);
}

static int start(struct controller *c, struct err *err)
{
	(void)err;
	controller_queue_start(c, work);
	informer_hook_add(controller_informer(c, API_CORE_V1_SECRETS), on_secret, NULL, c);
	return 0;
}

const struct controller_row controller_token_cleaner = { "token-cleaner", start, NULL };

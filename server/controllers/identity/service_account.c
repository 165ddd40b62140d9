/* SPDX-License-Identifier: Apache-2.0 */
/* A ServiceAccount "default" in every active namespace, made again when somebody deletes it. Key: the namespace. */
#include "server/controllers/controller.h"

#define NAME "default"

static void on_namespace(void *ctx, const struct object *old, const struct object *new)
{
	struct controller *c = ctx;
	(void)old;
	if (new && !new->deleting)
		work_queue_add(c->queue, new->name);
}

static void on_service_account(void *ctx, const struct object *old, const struct object *new)
{
	struct controller *c = ctx;
	if (old && !new &&str_eqz(old->name, NAME))
		work_queue_add(c->queue, old->ns);
}

static void work(void *ctx, struct str ns)
{
	struct controller *c = ctx;
	const struct object *o =
		informer_get(controller_informer(c, API_CORE_V1_NAMESPACES), STR(""), ns);
	if (!o || o->deleting ||
	    informer_get(controller_informer(c, API_CORE_V1_SERVICEACCOUNTS), ns, STR(NAME))) {
		controller_done(c, ns, false);
		return;
	}
	const struct controller_write create = {
		.verb = API_CREATE,
		.resource = API_CORE_V1_SERVICEACCOUNTS,
		.ns = ns,
		.body = STR("{\"apiVersion\":\"v1\",\"kind\":\"ServiceAccount\",\"metadata\":{"
			    "\"name\":\"" NAME "\"}}"),
		.harmless = ERR_ALREADY_EXISTS,
	};
	controller_write(c, ns, &create);
}

static int start(struct controller *c, struct err *err)
{
	(void)err;
	controller_queue_start(c, work);
	informer_hook_add(controller_informer(c, API_CORE_V1_NAMESPACES), on_namespace, NULL, c);
	informer_hook_add(controller_informer(c, API_CORE_V1_SERVICEACCOUNTS), on_service_account,
			  NULL, c);
	return 0;
}

const struct controller_row controller_service_account = { "service-account-controller", start,
							   NULL };

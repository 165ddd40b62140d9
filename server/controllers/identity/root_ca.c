/* SPDX-License-Identifier: Apache-2.0 */
/* A ConfigMap "kube-root-ca.crt" with the cluster's root certificate in every active namespace; put right when it is changed or
 * deleted. Key: the namespace. */
#include "base/mem.h"
#include "server/controllers/controller.h"

#define NAME "kube-root-ca.crt"

static void on_namespace(void *ctx, const struct object *old, const struct object *new)
{
	struct controller *c = ctx;
	(void)old;
	if (new && !new->deleting)
		work_queue_add(c->queue, new->name);
}

static void on_config_map(void *ctx, const struct object *old, const struct object *new)
{
	struct controller *c = ctx;
	const struct object *o = new ? new : old;
	if (old &&
	    str_eqz(o->name,
		    NAME)) /* a new one needs no look: we made it, or the next look at the namespace finds it */
		work_queue_add(c->queue, o->ns);
}

static void body(struct controller *c, struct buf *out)
{
	buf_puts(out, "{\"apiVersion\":\"v1\",\"kind\":\"ConfigMap\",\"metadata\":{\"name\":\"" NAME
		      "\",\"annotations\":{"
		      "\"kubernetes.io/description\":"
		      "\"Contains a CA bundle that can be used to verify the kube-apiserver when "
		      "using internal endpoints such as the "
		      "internal service IP or kubernetes.default.svc. No other usage is guaranteed "
		      "across distributions of "
		      "Kubernetes clusters.\"}},\"data\":{\"ca.crt\":");
	buf_json_string(out, c->config->root_ca_pem);
	buf_puts(out, "}}");
}

/* Is what is there what we would write? */
static bool is_right(struct controller *c, const struct object *o)
{
	auto_arena arena = { 0 };
	auto_err err = { 0 };
	struct core_v1_config_map map = { 0 };
	if (object_decode(o, &arena, api_struct_core_v1_config_map, &map, &err) < 0)
		return false;
	return map.data.n == 1 && str_eqz(map.data.items[0].key, "ca.crt") &&
	       str_eq(map.data.items[0].value, c->config->root_ca_pem);
}

static void work(void *ctx, struct str ns)
{
	struct controller *c = ctx;
	const struct object *o =
		informer_get(controller_informer(c, API_CORE_V1_NAMESPACES), STR(""), ns);
	const struct object *map =
		informer_get(controller_informer(c, API_CORE_V1_CONFIGMAPS), ns, STR(NAME));
	if (!o || o->deleting || (map && is_right(c, map))) {
		controller_done(c, ns, false);
		return;
	}
	auto_buf text = { 0 };
	body(c, &text);
	const struct controller_write write = {
		.verb = map ? API_UPDATE : API_CREATE,
		.resource = API_CORE_V1_CONFIGMAPS,
		.ns = ns,
		.name = map ? STR(NAME) : STR(""),
		.body = buf_view(&text),
		.harmless = map ? ERR_NOT_FOUND : ERR_ALREADY_EXISTS,
	};
	controller_write(c, ns, &write);
}

static int start(struct controller *c, struct err *err)
{
	(void)err;
	controller_queue_start(c, work);
	informer_hook_add(controller_informer(c, API_CORE_V1_NAMESPACES), on_namespace, NULL, c);
	informer_hook_add(controller_informer(c, API_CORE_V1_CONFIGMAPS), on_config_map, NULL, c);
	return 0;
}

const struct controller_row controller_root_ca = { "root-ca-cert-publisher", start, NULL };

/* SPDX-License-Identifier: Apache-2.0 */
/* Empties a namespace that is being deleted and then lets it go. Key: the namespace. One round of a namespace is a task:
 *
 *   look(resource) ─ empty ─► look(next) … ─ all empty ─► finalize
 *        └ not empty ─► delete the collection ─► look(next); but pods stand first, and while some remain the round ends there
 *
 * A round that found something reports it in the namespace's conditions and is tried again with back-off, or at once when the last
 * pod of the namespace has gone. */
#include <jansson.h>

#include "api/crd/crd.h"
#include "api/registry.h"
#include "base/log.h"
#include "base/mem.h"
#include "server/controllers/cleanup/namespace_status.h"
#include "server/controllers/controller.h"

struct round {
	struct controller *controller;
	char *ns;
	size_t next; /* 0: pods; then api_builtin[next - 1], then the custom ones */
	const struct api_resource **custom; /* references */
	size_t ncustom;
	const struct api_resource *at;
	struct namespace_remains remains;
	bool failed;
};

static void look(struct round *r);

static void round_end(struct round *r, bool retry)
{
	controller_done(r->controller, str_from(r->ns), retry);
	namespace_remains_free(&r->remains);
	for (size_t i = 0; i < r->ncustom; i++)
		api_resource_unref(r->custom[i]);
	free(r->custom);
	free(r->ns);
	free(r);
}

/* What can be listed and deleted in a namespace and is stored under its own name; pods once, first. */
static const struct api_resource *next_resource(struct round *r)
{
	if (r->next == 0) {
		r->next = 1;
		return API_CORE_V1_PODS;
	}
	while (r->next <= api_builtin_count + r->ncustom) {
		size_t i = r->next++ - 1;
		const struct api_resource *res =
			i < api_builtin_count ? api_builtin[i] : r->custom[i - api_builtin_count];
		if (res->namespaced && res != API_CORE_V1_PODS && res->storage == res &&
		    (res->verbs & API_LIST_VERB) && (res->verbs & API_DELETE_COLLECTION))
			return res;
	}
	return NULL;
}

static void on_finalized(void *ctx, const struct client_result *result)
{
	struct round *r = ctx;
	bool failed = result->err && result->err->reason != ERR_NOT_FOUND;
	if (failed && result->err->reason != ERR_CONFLICT)
		log_warn("namespace is not finalized", LOG_S("namespace", r->ns),
			 LOG_S("error", err_text(result->err)));
	round_end(r, failed);
}

static void finalize(struct round *r)
{
	const struct object *o =
		informer_get(controller_informer(r->controller, API_CORE_V1_NAMESPACES), STR(""),
			     str_from(r->ns));
	auto_buf body = { 0 };
	if (!o || !namespace_finalized(o, &body)) {
		round_end(r, false);
		return;
	}
	const struct client_call call = { .verb = API_UPDATE,
					  .resource = API_CORE_V1_NAMESPACES,
					  .name = str_from(r->ns),
					  .subresource = STR("finalize"),
					  .body = buf_view(&body),
					  .done = on_finalized,
					  .ctx = r };
	client_do(r->controller->client, &call);
}

static void on_reported(void *ctx, const struct client_result *result)
{
	(void)result; /* the next round reports again */
	round_end(ctx, true);
}

static void report(struct round *r)
{
	const struct object *o =
		informer_get(controller_informer(r->controller, API_CORE_V1_NAMESPACES), STR(""),
			     str_from(r->ns));
	auto_buf body = { 0 };
	if (!o) {
		round_end(r, false);
		return;
	}
	namespace_report(o, &r->remains, clock_wall_s(clock_real()), &body);
	const struct client_call call = { .verb = API_UPDATE,
					  .resource = API_CORE_V1_NAMESPACES,
					  .name = str_from(r->ns),
					  .subresource = STR("status"),
					  .body = buf_view(&body),
					  .done = on_reported,
					  .ctx = r };
	client_do(r->controller->client, &call);
}

static void next(struct round *r)
{
	bool pods_remain = r->at == API_CORE_V1_PODS && r->remains.n > 0;
	r->at = pods_remain ? NULL : next_resource(r);
	if (r->at)
		look(r);
	else if (r->remains.n)
		report(r);
	else if (r->failed)
		round_end(r, true);
	else
		finalize(r);
}

static void on_deleted(void *ctx, const struct client_result *result)
{
	struct round *r = ctx;
	if (result->err) {
		log_warn("content of namespace is not deleted", LOG_S("namespace", r->ns),
			 LOG_S("resource", r->at->plural), LOG_S("error", err_text(result->err)));
		r->failed = true;
	}
	next(r);
}

static void on_looked(void *ctx, const struct client_result *result)
{
	struct round *r = ctx;
	size_t n = result->err ? 0 : namespace_count(result->body, &r->remains, r->at);
	r->failed |= result->err != NULL;
	if (n == 0) {
		next(r);
		return;
	}
	const struct client_call call = {
		.verb = API_DELETE_COLLECTION,
		.resource = r->at,
		.ns = str_from(r->ns),
		.body = STR("{\"apiVersion\":\"v1\",\"kind\":\"DeleteOptions\","
			    "\"propagationPolicy\":\"Background\"}"),
		.done = on_deleted,
		.ctx = r
	};
	client_do(r->controller->client, &call);
}

static void look(struct round *r)
{
	const struct client_call call = { .verb = API_LIST_VERB,
					  .resource = r->at,
					  .ns = str_from(r->ns),
					  .query = STR("limit=50"),
					  .done = on_looked,
					  .ctx = r };
	client_do(r->controller->client, &call);
}

static void work(void *ctx, struct str ns)
{
	struct controller *c = ctx;
	const struct object *o =
		informer_get(controller_informer(c, API_CORE_V1_NAMESPACES), STR(""), ns);
	if (!o || !o->deleting) {
		controller_done(c, ns, false);
		return;
	}
	struct round *r = NEW(struct round);
	*r = (struct round){ .controller = c, .ns = str_dup(ns) };
	r->custom = client_custom(c->client, &r->ncustom);
	next(r);
}

static void on_namespace(void *ctx, const struct object *old, const struct object *new)
{
	struct controller *c = ctx;
	if (new &&new->deleting && !(old && old->deleting))
		work_queue_add(c->queue, new->name);
}

static void on_pod(void *ctx, const struct object *old, const struct object *new)
{
	struct controller *c = ctx;
	if (new)
		return;
	const struct object *ns =
		informer_get(controller_informer(c, API_CORE_V1_NAMESPACES), STR(""), old->ns);
	if (ns && ns->deleting)
		work_queue_add(c->queue, old->ns);
}

static int start(struct controller *c, struct err *err)
{
	(void)err;
	controller_queue_start(c, work);
	informer_hook_add(controller_informer(c, API_CORE_V1_NAMESPACES), on_namespace, NULL, c);
	informer_hook_add(controller_informer(c, API_CORE_V1_PODS), on_pod, NULL, c);
	return 0;
}

const struct controller_row controller_namespace = { "namespace-controller", start, NULL };

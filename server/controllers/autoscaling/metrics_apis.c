/* SPDX-License-Identifier: Apache-2.0 */
#include "server/controllers/autoscaling/metrics_apis.h"

#include "api/crd/crd.h"
#include "api/selector/selector.h"
#include "base/encode.h"
#include "server/controllers/kinds.h"

#define CUSTOM   "custom.metrics.k8s.io"
#define EXTERNAL "external.metrics.k8s.io"

/* What they serve has no fixed names: whatever is below a namespace is written as a subresource of it. */
static const struct api_resource apis[] = {
	{ .group = CUSTOM, .version = "v1beta2", .plural = "namespaces" },
	{ .group = CUSTOM, .version = "v1beta1", .plural = "namespaces" },
	{ .group = EXTERNAL, .version = "v1beta1", .plural = "namespaces" },
};

static bool is_available(const struct apiregistration_v1_api_service *s)
{
	for (size_t i = 0; i < s->status.conditions.n; i++)
		if (str_eqz(s->status.conditions.items[i].type, "Available"))
			return str_eqz(s->status.conditions.items[i].status, "True");
	return false;
}

static bool is_served(struct controller *c, const struct api_resource *r)
{
	auto_arena arena = { 0 };
	struct apiregistration_v1_api_service service = { 0 };
	const char *name = arena_printf(&arena, "%s.%s", r->version, r->group);
	const struct object *o =
		informer_get(controller_informer(c, API_APIREGISTRATION_V1_APISERVICES), STR(""),
			     str_from(name));
	return o &&
	       object_decode(o, &arena, api_struct_apiregistration_v1_api_service, &service,
			     NULL) == 0 &&
	       is_available(&service);
}

static const struct api_resource *served(struct controller *c, const char *group)
{
	for (size_t i = 0; i < COUNT_OF(apis); i++)
		if (!strcmp(apis[i].group, group) && is_served(c, &apis[i]))
			return &apis[i];
	return NULL;
}

void metrics_apis_start(struct controller *c)
{
	controller_informer(c, API_APIREGISTRATION_V1_APISERVICES);
}

static void answer(struct metric_question *q, const char *failure)
{
	q->answer->failure = failure;
	q->done(q->ctx);
}

static const char *unable(struct metric_question *q, const char *api, const char *why)
{
	return arena_printf(q->arena, "unable to fetch metrics from %s metrics API: %s", api, why);
}

static void add_query(struct buf *query, const char *name, struct str value)
{
	if (!value.n)
		return;
	buf_printf(query, "%s%s=", query->n ? "&" : "", name);
	percent_encode(query, value);
}

static void selector_query(struct buf *query, const char *name,
			   const struct meta_v1_label_selector *s)
{
	auto_buf json = { 0 }, text = { 0 };
	struct selector *parsed = NULL;
	if (!s)
		return;
	struct_write_json(api_struct_meta_v1_label_selector, s, &json);
	json_t *tree = json_loadb(json.p, json.n, 0, NULL);
	if (selector_from_json(tree, &parsed, NULL) == 0)
		selector_format(parsed, &text);
	selector_free(parsed);
	json_decref(tree);
	add_query(query, name, buf_view(&text));
}

/* --- resources --- */

static void on_resource(void *ctx, const struct client_result *r)
{
	struct metric_question *q = ctx;
	const struct autoscaling_v2_metric_spec *spec = q->spec;
	struct str resource =
		spec->container_resource ? spec->container_resource->name : spec->resource->name;
	struct str container =
		spec->container_resource ? spec->container_resource->container : STR("");
	if (r->err)
		answer(q, unable(q, "resource", err_text(r->err)));
	else
		answer(q, samples_of_resource(r->body, resource, container, q->arena,
					      &q->answer->samples));
}

static void ask_resource(struct metric_question *q)
{
	auto_buf query = { 0 };
	add_query(&query, "labelSelector", q->selector);
	const struct client_call call = { .verb = API_LIST_VERB,
					  .resource = API_METRICS_V1BETA1_PODS,
					  .ns = q->ns,
					  .query = buf_view(&query),
					  .done = on_resource,
					  .ctx = q };
	client_do(q->controller->client, &call);
}

/* --- others --- */

static void on_custom(void *ctx, const struct client_result *r)
{
	struct metric_question *q = ctx;
	if (r->err)
		answer(q, unable(q, "custom", err_text(r->err)));
	else
		answer(q, samples_of_custom(r->body, q->arena, &q->answer->samples));
}

static void on_external(void *ctx, const struct client_result *r)
{
	struct metric_question *q = ctx;
	if (r->err)
		answer(q, unable(q, "external", err_text(r->err)));
	else
		answer(q, samples_of_external(r->body, q->arena, &q->answer->samples));
}

static void ask_below(struct metric_question *q, const struct api_resource *api, struct str below,
		      struct str query, void (*done)(void *ctx, const struct client_result *r))
{
	const struct client_call call = { .verb = API_GET,
					  .resource = api,
					  .name = q->ns,
					  .subresource = below,
					  .query = query,
					  .done = done,
					  .ctx = q };
	client_do(q->controller->client, &call);
}

/* "deployments.apps", "pods" */
static bool write_resource(struct metric_question *q,
			   const struct autoscaling_v2_cross_version_object_reference *ref,
			   struct buf *out)
{
	const struct api_resource *r =
		kind_resource_any(q->controller->config->client, ref->api_version, ref->kind);
	if (!r)
		return false;
	buf_printf(out, "%s%s%s", r->plural, *r->group ? "." : "", r->group);
	api_resource_unref(r);
	return true;
}

static bool is_namespace(const struct autoscaling_v2_cross_version_object_reference *ref)
{
	return str_eqz(ref->kind, "Namespace") &&
	       str_find(ref->api_version, '/') == ref->api_version.n;
}

static void ask_custom(struct metric_question *q)
{
	const struct autoscaling_v2_object_metric_source *object = q->spec->object;
	const struct autoscaling_v2_metric_identifier *m =
		object ? &object->metric : &q->spec->pods->metric;
	const struct api_resource *api = served(q->controller, CUSTOM);
	auto_buf below = { 0 }, query = { 0 };
	if (!api) {
		answer(q, unable(q, "custom", "no custom metrics API (" CUSTOM ") registered"));
		return;
	}
	if (!object) {
		buf_puts(&below, "pods/*/");
		add_query(&query, "labelSelector", q->selector);
	} else if (is_namespace(&object->described_object)) {
		buf_puts(&below, "metrics/");
	} else if (write_resource(q, &object->described_object, &below)) {
		buf_putc(&below, '/');
		percent_encode(&below, object->described_object.name);
		buf_putc(&below, '/');
	} else {
		char *why = arena_printf(q->arena,
					 "unable to map kind %.*s to resource: no matches for kind "
					 "\"%.*s\"",
					 STR_ARG(object->described_object.kind),
					 STR_ARG(object->described_object.kind));
		answer(q, unable(q, "custom", why));
		return;
	}
	percent_encode(&below, m->name);
	selector_query(&query, "metricLabelSelector", m->selector);
	ask_below(q, api, buf_view(&below), buf_view(&query), on_custom);
}

static void ask_external(struct metric_question *q)
{
	const struct autoscaling_v2_metric_identifier *m = &q->spec->external->metric;
	const struct api_resource *api = served(q->controller, EXTERNAL);
	auto_buf below = { 0 }, query = { 0 };
	if (!api) {
		char *why = arena_printf(q->arena,
					 "the server could not find the requested resource (get "
					 "%.*s." EXTERNAL ")",
					 STR_ARG(m->name));
		answer(q, unable(q, "external", why));
		return;
	}
	percent_encode(&below, m->name);
	selector_query(&query, "labelSelector", m->selector);
	ask_below(q, api, buf_view(&below), buf_view(&query), on_external);
}

void metric_ask(struct metric_question *q)
{
	if (q->spec->resource || q->spec->container_resource)
		ask_resource(q);
	else if (q->spec->pods || q->spec->object)
		ask_custom(q);
	else if (q->spec->external)
		ask_external(q);
	else
		answer(q, NULL); /* metric_judge() says what is wrong with it */
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "server/apiserver/pages/request_metrics.h"

#include <stdio.h>

#include "base/mem.h"
#include "base/metrics.h"
#include "server/apiserver/server.h"

static const char *const request_labels[] = { "verb",     "dry_run",     "group", "version",
					      "resource", "subresource", "scope", "component",
					      "code",     NULL };
static const char *const duration_labels[] = { "verb",        "group", "version", "resource",
					       "subresource", "scope", NULL };
static const char *const flow_labels[] = { "request_kind", NULL };
static const double seconds[] = { 0.005, 0.025, 0.05, 0.1, 0.2, 0.4, 0.6, 0.8,
				  1,     1.5,   2,    3,   5,   10,  30,  60 };

static const char *verb_name(const struct api_request *r)
{
	static const struct {
		enum api_verb verb;
		const char *name;
	} names[] = {
		{ API_GET, "GET" },         { API_LIST_VERB, "LIST" },
		{ API_WATCH, "WATCH" },     { API_CREATE, "POST" },
		{ API_UPDATE, "PUT" },      { API_PATCH, "PATCH" },
		{ API_DELETE, "DELETE" },   { API_DELETE_COLLECTION, "DELETECOLLECTION" },
		{ API_CONNECT, "CONNECT" },
	};
	for (size_t i = 0; i < COUNT_OF(names); i++)
		if (names[i].verb == r->verb)
			return names[i].name;
	return "other";
}

static const char *scope_name(const struct api_request *r)
{
	if (!r->resource)
		return "";
	if (r->name.n)
		return "resource";
	return r->ns.n ? "namespace" : "cluster";
}

void request_metrics_observe(const struct api_request *r, int status, size_t bytes)
{
	(void)bytes;
	char code[16];
	snprintf(code, sizeof(code), "%d", status);
	const struct api_resource *res = r->resource;
	const char *verb = verb_name(r), *scope = scope_name(r);
	const char *group = res ? res->group : "", *version = res ? res->version : "",
		   *plural = res ? res->plural : "";
	const char *sub = r->sub ? r->sub->name : "";
	const char *const request[] = {
		verb, r->opt.dry_run ? "All" : "", group, version, plural, sub, scope, "apiserver",
		code
	};
	const char *const duration[] = { verb, group, version, plural, sub, scope };
	struct metric_family *total =
		metric_family(METRIC_COUNTER, "apiserver_request_total",
			      "Requests by verb, resource and HTTP code.", request_labels, NULL, 0);
	metric_add(metric_with(total, request), 1);
	if (r->verb == API_WATCH || r->verb == API_CONNECT)
		return;
	struct metric_family *latency =
		metric_family(METRIC_HISTOGRAM, "apiserver_request_duration_seconds",
			      "Response latency in seconds.", duration_labels, seconds,
			      COUNT_OF(seconds));
	int64_t us = r->server->clock->mono_us(r->server->clock) - r->started_us;
	metric_observe(metric_with(latency, duration), (double)us / 1e6);
}

void request_metrics_watch(const struct api_request *r, double change)
{
	const struct api_resource *res = r->resource;
	const char *const values[] = {
		verb_name(r),           res ? res->group : "",      res ? res->version : "",
		res ? res->plural : "", r->sub ? r->sub->name : "", scope_name(r)
	};
	struct metric_family *f =
		metric_family(METRIC_GAUGE, "apiserver_longrunning_requests",
			      "Watches and streams that are open.", duration_labels, NULL, 0);
	metric_add(metric_with(f, values), change);
}

static void collect(void *ctx)
{
	struct apiserver *s = ctx;
	static const char *const kinds[] = { "readOnly", "mutating" };
	struct metric_family *f = metric_family(METRIC_GAUGE, "apiserver_current_inflight_requests",
						"Requests at work.", flow_labels, NULL, 0);
	for (int i = 0; i < FLOW_KINDS; i++)
		metric_set(metric_with(f, &kinds[i]), atomic_load(&s->in_flight[i]));
	int64_t bytes = 0;
	if (s->store->ops->size(s->store, &bytes) == 0)
		metric_set(metric_with(metric_family(METRIC_GAUGE, "apiserver_storage_size_bytes",
						     "Size of the database.", NULL, NULL, 0),
				       NULL),
			   (double)bytes);
}

void request_metrics_collect(struct apiserver *s)
{
	metrics_on_collect(collect, s);
}

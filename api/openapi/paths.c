/* SPDX-License-Identifier: Apache-2.0 */
/* Paths: per resource the collection, the collection over all namespaces, the object and its subresources. Which operation has
 * which parameters is a table. */
#include <stdio.h>

#include "api/openapi/operation.h"
#include "api/registry.h"
#include "base/mem.h"

static const struct action actions[] = {
	{ API_LIST_VERB, "get", "list", "list", openapi_list_parameters, true, NO_BODY,
	  ANSWER_LIST },
	{ API_CREATE, "post", "post", "create", openapi_write_parameters, true, OBJECT_BODY,
	  ANSWER_OBJECT },
	{ API_DELETE_COLLECTION, "delete", "deletecollection", "delete", openapi_sweep_parameters,
	  true, OPTIONS_BODY, ANSWER_STATUS },
	{ API_GET, "get", "get", "read", openapi_no_parameters, false, NO_BODY, ANSWER_OBJECT },
	{ API_UPDATE, "put", "put", "replace", openapi_write_parameters, false, OBJECT_BODY,
	  ANSWER_OBJECT },
	{ API_PATCH, "patch", "patch", "patch", openapi_patch_parameters, false, PATCH_BODY,
	  ANSWER_OBJECT },
	{ API_DELETE, "delete", "delete", "delete", openapi_delete_parameters, false, OPTIONS_BODY,
	  ANSWER_STATUS },
};

/* Proxies pass these on as well. */
static const struct action proxy_actions[] = {
	{ API_GET, "head", "get", "head", openapi_no_parameters, false, NO_BODY, ANSWER_OBJECT },
	{ API_GET, "options", "get", "options", openapi_no_parameters, false, NO_BODY,
	  ANSWER_OBJECT },
};

/* The old paths of watches, still served; each is its path's only operation. */
static const struct action
	watch_collection = { API_WATCH, "get",   "watchlist", "watch", openapi_list_parameters,
			     true,      NO_BODY, ANSWER_EVENT },
	watch_object = { API_WATCH, "get",   "watch",     "watch", openapi_list_parameters,
			 false,     NO_BODY, ANSWER_EVENT };

static bool is_proxy(const struct api_subresource *s)
{
	return s && strcmp(s->name, "proxy") == 0;
}

static void base_path(struct path_writer *w)
{
	struct buf *out = w->out;
	if (out->p[out->n - 1] != '{')
		buf_putc(out, ',');
	buf_printf(out, "\"/%s%s/%s/%s%s%s", *w->r->group ? "apis/" : "api", w->r->group,
		   w->r->version, w->watch ? "watch/" : "",
		   w->r->namespaced && !w->all_namespaces ? "namespaces/{namespace}/" : "",
		   w->r->plural);
}

static const char *parameter_type(const struct api_schema *s)
{
	if (s->kind == API_LIST)
		return parameter_type(s->item);
	return s->kind == API_BOOL                            ? "boolean"
	       : s->kind == API_INT64 || s->kind == API_INT32 ? "integer"
							      : "string";
}

/* What the options of a connection or of a log are, in the query. */
static bool option_parameters(struct path_writer *w, const struct api_type *options, bool first)
{
	for (size_t i = 0; i < options->nfields; i++) {
		const struct api_field *f = &options->fields[i];
		struct parameter p = { f->name, parameter_type(&f->schema), f->doc };
		if (!f->tag || f->schema.kind == API_TIME) /* upstream names no times there */
			continue;
		openapi_parameter(w, &p, "query", first);
		first = false;
	}
	return first;
}

static void path_parameters(struct path_writer *w, bool has_name, const struct action *alone)
{
	static const struct parameter name = { "name", "string", "Name of the object." };
	static const struct parameter ns = { "namespace", "string", "Namespace of the object." };
	static const struct parameter below = { "path", "string", "What is asked for there." };
	static const struct parameter pretty = { "pretty", "string",
						 "Whether the answer is indented." };
	openapi_member(w->out, "parameters");
	buf_putc(w->out, '[');
	bool first = alone ? openapi_query_parameters(w, alone, true) : true;
	if (has_name) {
		openapi_parameter(w, &name, "path", first);
		first = false;
	}
	if (w->r->namespaced && !w->all_namespaces) {
		openapi_parameter(w, &ns, "path", first);
		first = false;
	}
	if (w->below)
		openapi_parameter(w, &below, "path", first);
	if (is_connect(w->sub))
		first = option_parameters(w, w->sub->type, first && !w->below);
	else if (is_log(w->sub))
		first = option_parameters(w, api_type_find(STR("core/v1.PodLogOptions")), first);
	if (!is_connect(w->sub))
		openapi_parameter(w, &pretty, "query", first);
	buf_putc(w->out, ']');
}

static bool action_fits(const struct path_writer *w, const struct action *a, uint32_t verbs,
			bool collection)
{
	bool fits = w->sub ? !(a->verb & (API_LIST_VERB | API_DELETE_COLLECTION))
			   : a->on_collection == collection;
	return verbs & a->verb && fits;
}

static void path(struct path_writer *w, uint32_t verbs, bool collection, const char *tail)
{
	const struct action *only = NULL;
	size_t n = 0;
	for (size_t i = 0; i < COUNT_OF(actions); i++)
		if (action_fits(w, &actions[i], verbs, collection)) {
			only = &actions[i];
			n++;
		}
	if (n == 0)
		return;
	base_path(w);
	buf_printf(w->out, "%s\":{", tail);
	for (size_t i = 0; i < COUNT_OF(actions); i++)
		if (action_fits(w, &actions[i], verbs, collection))
			openapi_operation(w, &actions[i], n == 1);
	for (size_t i = 0; i < COUNT_OF(proxy_actions) && is_proxy(w->sub); i++)
		openapi_operation(w, &proxy_actions[i], false);
	path_parameters(w, !collection, n == 1 && !is_connect(w->sub) ? only : NULL);
	buf_putc(w->out, '}');
}

static void watch_path(struct path_writer *w, const struct action *a)
{
	base_path(w);
	buf_puts(w->out, a->on_collection ? "\":{" : "/{name}\":{");
	openapi_operation(w, a, true);
	path_parameters(w, !a->on_collection, a);
	buf_putc(w->out, '}');
}

static void watch_paths(struct path_writer *w)
{
	w->sub = NULL;
	w->watch = true;
	if (w->r->namespaced) {
		w->all_namespaces = true;
		watch_path(w, &watch_collection);
		w->all_namespaces = false;
	}
	watch_path(w, &watch_collection);
	watch_path(w, &watch_object);
}

void openapi_paths(const struct api_resource *r, bool v3, struct openapi_types *refers,
		   struct buf *out)
{
	struct path_writer w = { .r = r, .v3 = v3, .refers = refers, .out = out };
	char tail[128];
	path(&w, r->verbs, true, "");
	if (r->namespaced) {
		w.all_namespaces = true;
		path(&w, r->verbs & API_LIST_VERB, true, "");
		w.all_namespaces = false;
	}
	path(&w, r->verbs, false, "/{name}");
	for (size_t i = 0; i < r->nsubresources; i++) {
		w.sub = &r->subresources[i];
		snprintf(tail, sizeof tail, "/{name}/%s", w.sub->name);
		path(&w, w.sub->verbs, false, tail);
		if (is_proxy(w.sub)) {
			w.below = true;
			path(&w, w.sub->verbs, false, "/{name}/proxy/{path}");
			w.below = false;
		}
	}
	if (r->verbs & API_WATCH)
		watch_paths(&w);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Paths: per resource the collection, the collection over all namespaces, the object and its subresources. Which operation has
 * which parameters is a table. Names follow upstream's (readAppsV1NamespacedDeployment), since generated clients show them. */
#include <ctype.h>
#include <stdio.h>

#include "api/openapi/about.h"
#include "api/openapi/openapi.h"
#include "api/openapi/parameters.h"
#include "api/openapi/types.h"
#include "api/registry.h"
#include "base/mem.h"

static const struct action {
	uint32_t verb;
	const char *method, *action,
		*word; /* "patch", x-kubernetes-action, first word of the operation's name */
	const struct parameter *parameters;
	bool on_collection;
	enum { NO_BODY, OBJECT_BODY, PATCH_BODY, OPTIONS_BODY } body;
	enum { ANSWER_OBJECT, ANSWER_LIST, ANSWER_STATUS, ANSWER_EVENT } answer;
} actions[] = {
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

struct writer {
	const struct api_resource *r;
	const struct api_subresource *sub; /* NULL: the resource itself */
	bool v3, all_namespaces, watch;
	bool below; /* what a proxy is asked for has a path of its own */
	struct openapi_types *refers;
	struct buf *out;
};

static bool is_connect(const struct api_subresource *s) /* exec, attach, portforward, proxy */
{
	return s && str_ends(str_from(s->kind), STR("Options"));
}

static bool is_proxy(const struct api_subresource *s)
{
	return s && strcmp(s->name, "proxy") == 0;
}

static bool is_log(const struct api_subresource *s)
{
	return s && strcmp(s->name, "log") == 0;
}

static void member(struct buf *out, const char *name)
{
	char last = out->p[out->n - 1];
	if (last != '{')
		buf_putc(out, ',');
	buf_printf(out, "\"%s\":", name);
}

static void parameter(struct writer *w, const struct parameter *p, const char *in, bool first)
{
	struct buf *out = w->out;
	buf_printf(out, "%s{\"description\":\"%s\",\"in\":\"%s\",\"name\":\"%s\"", first ? "" : ",",
		   p->doc, in, p->name);
	if (*in == 'p')
		buf_puts(out, ",\"required\":true");
	if (w->v3)
		buf_printf(out, ",\"schema\":{\"type\":\"%s\",\"uniqueItems\":true}}", p->type);
	else
		buf_printf(out, ",\"type\":\"%s\",\"uniqueItems\":true}", p->type);
}

/* Lists are served as watches, too. */
static const char *const media_types[] = { "application/json", "application/yaml",
					   "application/vnd.kubernetes.protobuf",
					   "application/json;stream=watch",
					   "application/vnd.kubernetes.protobuf;stream=watch" };
#define MEDIA_OF_OBJECTS 3
static const char *const patch_types[] = { "application/json-patch+json",
					   "application/merge-patch+json",
					   "application/strategic-merge-patch+json",
					   "application/apply-patch+yaml" };
static const char *const any_type[] = { "*/*" };
static const char *const log_types[] = { "text/plain", "application/json", "application/yaml",
					 "application/vnd.kubernetes.protobuf" };

static void name_list(struct buf *out, const char *const *names, size_t n)
{
	for (size_t i = 0; i < n; i++)
		buf_printf(out, "%s\"%s\"", i ? "," : "[", names[i]);
	buf_putc(out, ']');
}

/* "$ref" to a type, or a plain text for NULL. */
static void schema_of(struct writer *w, const char *openapi_name)
{
	if (openapi_name)
		openapi_ref(w->v3, openapi_name, w->out);
	else
		buf_puts(w->out, "{\"type\":\"string\"}");
}

static void contents(struct writer *w, const char *const *types, size_t n, const char *openapi_name)
{
	buf_puts(w->out, "\"content\":{");
	for (size_t i = 0; i < n; i++) {
		buf_printf(w->out, "%s\"%s\":{\"schema\":", i ? "," : "", types[i]);
		schema_of(w, openapi_name);
		buf_putc(w->out, '}');
	}
	buf_putc(w->out, '}');
}

static const char *name_of(struct writer *w, const char *type)
{
	const struct api_type *t = api_type_find(str_from(type));
	openapi_types_add(w->refers, t);
	return t ? t->openapi_name : NULL;
}

static const char *object_name(struct writer *w)
{
	const struct api_type *t = w->sub ? w->sub->type : w->r->type;
	openapi_types_add(w->refers, t);
	return t ? t->openapi_name : NULL;
}

static const char *list_name(struct writer *w)
{
	char name[256];
	snprintf(name, sizeof name, "%sList", w->r->type->name);
	return name_of(w, name);
}

static const char *body_name(struct writer *w, const struct action *a)
{
	return a->body == OBJECT_BODY  ? object_name(w)
	       : a->body == PATCH_BODY ? name_of(w, "meta/v1.Patch")
				       : name_of(w, "meta/v1.DeleteOptions");
}

static void request_body(struct writer *w, const struct action *a)
{
	if (a->body == NO_BODY || !w->v3)
		return;
	const char *name = body_name(w, a);
	member(w->out, "requestBody");
	buf_putc(w->out, '{');
	if (a->body == PATCH_BODY)
		contents(w, patch_types, COUNT_OF(patch_types), name);
	else
		contents(w, any_type, 1, name);
	buf_puts(w->out, a->body == OPTIONS_BODY ? "}" : ",\"required\":true}");
}

static void body_parameter(struct writer *w, const struct action *a)
{
	buf_printf(w->out, "{\"in\":\"body\",\"name\":\"body\",%s\"schema\":",
		   a->body == OPTIONS_BODY ? "" : "\"required\":true,");
	schema_of(w, body_name(w, a));
	buf_putc(w->out, '}');
}

/* True when there is none, after none (`first`). */
static bool query_parameters(struct writer *w, const struct action *a, bool first)
{
	for (const struct parameter *p = a->parameters; p->name; p++) {
		parameter(w, p, "query", first);
		first = false;
	}
	return first;
}

/* Version 2 has the body among the parameters of the operation, always. */
static void parameters(struct writer *w, const struct action *a, bool alone)
{
	bool body = !w->v3 && a->body != NO_BODY;
	if (!body && (alone || !a->parameters->name))
		return;
	member(w->out, "parameters");
	buf_putc(w->out, '[');
	if (body)
		body_parameter(w, a);
	if (!alone)
		query_parameters(w, a, !body);
	buf_putc(w->out, ']');
}

static size_t media_count(const struct action *a)
{
	return a->answer == ANSWER_LIST || a->answer == ANSWER_EVENT ? COUNT_OF(media_types)
								     : MEDIA_OF_OBJECTS;
}

static void answer(struct writer *w, const struct action *a, const char *code, const char *text,
		   const char *name)
{
	buf_printf(w->out, "\"%s\":{\"description\":\"%s\",", code, text);
	if (w->v3 && is_connect(w->sub)) {
		contents(w, any_type, 1, name);
	} else if (w->v3 && is_log(w->sub)) {
		contents(w, log_types, COUNT_OF(log_types), name);
	} else if (w->v3) {
		contents(w, media_types, media_count(a), name);
	} else {
		buf_puts(w->out, "\"schema\":");
		schema_of(w, name);
	}
	buf_puts(w->out, "},");
}

/* Kinds whose deletion answers with the object, not with a Status. */
static bool returns_deleted(const struct writer *w, const struct action *a)
{
	static const char *const plurals[] = { "pods",
					       "services",
					       "serviceaccounts",
					       "podtemplates",
					       "resourcequotas",
					       "persistentvolumes",
					       "persistentvolumeclaims",
					       "storageclasses",
					       "csidrivers",
					       "csinodes",
					       "volumeattachments",
					       "volumeattributesclasses",
					       "resourceclaims",
					       "resourceclaimtemplates",
					       "resourceslices",
					       "deviceclasses" };
	if (a->verb != API_DELETE || w->sub)
		return false;
	for (size_t i = 0; i < COUNT_OF(plurals); i++)
		if (!strcmp(w->r->plural, plurals[i]))
			return true;
	return false;
}

static void answers(struct writer *w, const struct action *a)
{
	bool text = is_connect(w->sub) || is_log(w->sub);
	const char *name = text                        ? NULL
			   : a->answer == ANSWER_LIST  ? list_name(w)
			   : a->answer == ANSWER_EVENT ? name_of(w, "meta/v1.WatchEvent")
			   : a->answer == ANSWER_STATUS && !returns_deleted(w, a)
				   ? name_of(w, "meta/v1.Status")
				   : object_name(w);
	member(w->out, "responses");
	buf_putc(w->out, '{');
	answer(w, a, "200", "OK", name);
	if (!text && (a->body == OBJECT_BODY || a->body == PATCH_BODY))
		answer(w, a, "201", "Created", name);
	if (!text && (a->verb == API_CREATE || a->verb == API_DELETE))
		answer(w, a, "202", "Accepted", name);
	buf_puts(w->out, "\"401\":{\"description\":\"Unauthorized\"}}");
}

static void operation_id(struct writer *w, const struct action *a)
{
	struct buf *out = w->out;
	member(out, "operationId");
	if (is_connect(w->sub)) {
		buf_puts(out, "\"connect");
	} else {
		buf_printf(out, "\"%s", a->word);
	}
	openapi_camel(out, *w->r->group ? w->r->group : "core");
	openapi_camel(out, w->r->version);
	if (is_connect(w->sub))
		openapi_camel(out, a->method);
	if (a->verb == API_DELETE_COLLECTION)
		buf_puts(out, "Collection");
	if (w->r->namespaced && !w->all_namespaces)
		buf_puts(out, "Namespaced");
	buf_puts(out, w->r->kind);
	if (w->watch && a->on_collection)
		buf_puts(out, "List");
	if (w->sub)
		openapi_camel(out, w->sub->name);
	if (w->below)
		buf_puts(out, "WithPath");
	buf_puts(out, w->all_namespaces ? "ForAllNamespaces\"" : "\"");
}

/* `alone`: the path's only operation, whose parameters are the path's. */
static void operation(struct writer *w, const struct action *a, bool alone)
{
	struct buf *out = w->out;
	const char *group = w->sub ? w->sub->group : w->r->group,
		   *version = w->sub ? w->sub->version : w->r->version;
	const char *kind = w->sub ? w->sub->kind : w->r->kind;
	member(out, a->method);
	buf_puts(out, "{\"description\":\"");
	if (w->sub)
		buf_printf(out, "%s the %s of a %s\"", a->word, w->sub->name, w->r->kind);
	else if (a->verb == API_LIST_VERB)
		buf_printf(out, "list or watch objects of kind %s\"", w->r->kind);
	else
		buf_printf(out, "%s a %s\"",
			   a->verb == API_DELETE_COLLECTION ? "delete each" : a->word, w->r->kind);
	if (!w->v3) {
		member(out, "consumes");
		if (a->body == PATCH_BODY && !is_connect(w->sub))
			name_list(out, patch_types, COUNT_OF(patch_types));
		else
			name_list(out, any_type, 1);
		member(out, "produces");
		if (is_connect(w->sub))
			name_list(out, any_type, 1);
		else if (is_log(w->sub))
			name_list(out, log_types, COUNT_OF(log_types));
		else
			name_list(out, media_types, media_count(a));
		buf_puts(out, ",\"schemes\":[\"https\"]");
	}
	operation_id(w, a);
	if (!is_connect(w->sub)) {
		parameters(w, a, alone);
		request_body(w, a);
	}
	answers(w, a);
	member(out, "tags");
	buf_putc(out, '[');
	buf_putc(out, '"');
	size_t start = out->n;
	openapi_camel(out, *w->r->group ? w->r->group : "core");
	out->p[start] = (char)tolower((unsigned char)out->p[start]);
	buf_printf(out, "_%s\"],\"x-kubernetes-action\":\"%s\",", w->r->version,
		   is_connect(w->sub) ? "connect" : a->action);
	buf_printf(out,
		   "\"x-kubernetes-group-version-kind\":{\"group\":\"%s\",\"kind\":\"%s\","
		   "\"version\":\"%s\"}}",
		   group, kind, version);
}

static void base_path(struct writer *w)
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
static bool option_parameters(struct writer *w, const struct api_type *options, bool first)
{
	for (size_t i = 0; i < options->nfields; i++) {
		const struct api_field *f = &options->fields[i];
		struct parameter p = { f->name, parameter_type(&f->schema), f->doc };
		if (!f->tag || f->schema.kind == API_TIME) /* upstream names no times there */
			continue;
		parameter(w, &p, "query", first);
		first = false;
	}
	return first;
}

static void path_parameters(struct writer *w, bool has_name, const struct action *alone)
{
	static const struct parameter name = { "name", "string", "Name of the object." };
	static const struct parameter ns = { "namespace", "string", "Namespace of the object." };
	static const struct parameter below = { "path", "string", "What is asked for there." };
	static const struct parameter pretty = { "pretty", "string",
						 "Whether the answer is indented." };
	member(w->out, "parameters");
	buf_putc(w->out, '[');
	bool first = alone ? query_parameters(w, alone, true) : true;
	if (has_name) {
		parameter(w, &name, "path", first);
		first = false;
	}
	if (w->r->namespaced && !w->all_namespaces) {
		parameter(w, &ns, "path", first);
		first = false;
	}
	if (w->below)
		parameter(w, &below, "path", first);
	if (is_connect(w->sub))
		first = option_parameters(w, w->sub->type, first && !w->below);
	else if (is_log(w->sub))
		first = option_parameters(w, api_type_find(STR("core/v1.PodLogOptions")), first);
	if (!is_connect(w->sub))
		parameter(w, &pretty, "query", first);
	buf_putc(w->out, ']');
}

static bool action_fits(const struct writer *w, const struct action *a, uint32_t verbs,
			bool collection)
{
	bool fits = w->sub ? !(a->verb & (API_LIST_VERB | API_DELETE_COLLECTION))
			   : a->on_collection == collection;
	return verbs & a->verb && fits;
}

static void path(struct writer *w, uint32_t verbs, bool collection, const char *tail)
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
			operation(w, &actions[i], n == 1);
	for (size_t i = 0; i < COUNT_OF(proxy_actions) && is_proxy(w->sub); i++)
		operation(w, &proxy_actions[i], false);
	path_parameters(w, !collection, n == 1 && !is_connect(w->sub) ? only : NULL);
	buf_putc(w->out, '}');
}

static void watch_path(struct writer *w, const struct action *a)
{
	base_path(w);
	buf_puts(w->out, a->on_collection ? "\":{" : "/{name}\":{");
	operation(w, a, true);
	path_parameters(w, !a->on_collection, a);
	buf_putc(w->out, '}');
}

static void watch_paths(struct writer *w)
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
	struct writer w = { .r = r, .v3 = v3, .refers = refers, .out = out };
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

/* SPDX-License-Identifier: Apache-2.0 */
/* Names follow upstream's (readAppsV1NamespacedDeployment), since generated clients show them. */
#include "api/openapi/operation.h"

#include <ctype.h>
#include <stdio.h>

#include "api/openapi/about.h"
#include "api/openapi/openapi.h"
#include "api/registry.h"
#include "base/mem.h"

void openapi_member(struct buf *out, const char *name)
{
	char last = out->p[out->n - 1];
	if (last != '{')
		buf_putc(out, ',');
	buf_printf(out, "\"%s\":", name);
}

void openapi_parameter(struct path_writer *w, const struct parameter *p, const char *in, bool first)
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
static void schema_of(struct path_writer *w, const char *openapi_name)
{
	if (openapi_name)
		openapi_ref(w->v3, openapi_name, w->out);
	else
		buf_puts(w->out, "{\"type\":\"string\"}");
}

static void contents(struct path_writer *w, const char *const *types, size_t n,
		     const char *openapi_name)
{
	buf_puts(w->out, "\"content\":{");
	for (size_t i = 0; i < n; i++) {
		buf_printf(w->out, "%s\"%s\":{\"schema\":", i ? "," : "", types[i]);
		schema_of(w, openapi_name);
		buf_putc(w->out, '}');
	}
	buf_putc(w->out, '}');
}

static const char *name_of(struct path_writer *w, const char *type)
{
	const struct api_type *t = api_type_find(str_from(type));
	openapi_types_add(w->refers, t);
	return t ? t->openapi_name : NULL;
}

static const char *object_name(struct path_writer *w)
{
	const struct api_type *t = w->sub ? w->sub->type : w->r->type;
	openapi_types_add(w->refers, t);
	return t ? t->openapi_name : NULL;
}

static const char *list_name(struct path_writer *w)
{
	char name[256];
	snprintf(name, sizeof name, "%sList", w->r->type->name);
	return name_of(w, name);
}

static const char *body_name(struct path_writer *w, const struct action *a)
{
	return a->body == OBJECT_BODY  ? object_name(w)
	       : a->body == PATCH_BODY ? name_of(w, "meta/v1.Patch")
				       : name_of(w, "meta/v1.DeleteOptions");
}

static void request_body(struct path_writer *w, const struct action *a)
{
	if (a->body == NO_BODY || !w->v3)
		return;
	const char *name = body_name(w, a);
	openapi_member(w->out, "requestBody");
	buf_putc(w->out, '{');
	if (a->body == PATCH_BODY)
		contents(w, patch_types, COUNT_OF(patch_types), name);
	else
		contents(w, any_type, 1, name);
	buf_puts(w->out, a->body == OPTIONS_BODY ? "}" : ",\"required\":true}");
}

static void body_parameter(struct path_writer *w, const struct action *a)
{
	buf_printf(w->out, "{\"in\":\"body\",\"name\":\"body\",%s\"schema\":",
		   a->body == OPTIONS_BODY ? "" : "\"required\":true,");
	schema_of(w, body_name(w, a));
	buf_putc(w->out, '}');
}

bool openapi_query_parameters(struct path_writer *w, const struct action *a, bool first)
{
	for (const struct parameter *p = a->parameters; p->name; p++) {
		openapi_parameter(w, p, "query", first);
		first = false;
	}
	return first;
}

/* Version 2 has the body among the parameters of the operation, always. */
static void parameters(struct path_writer *w, const struct action *a, bool alone)
{
	bool body = !w->v3 && a->body != NO_BODY;
	if (!body && (alone || !a->parameters->name))
		return;
	openapi_member(w->out, "parameters");
	buf_putc(w->out, '[');
	if (body)
		body_parameter(w, a);
	if (!alone)
		openapi_query_parameters(w, a, !body);
	buf_putc(w->out, ']');
}

static size_t media_count(const struct action *a)
{
	return a->answer == ANSWER_LIST || a->answer == ANSWER_EVENT ? COUNT_OF(media_types)
								     : MEDIA_OF_OBJECTS;
}

static void answer(struct path_writer *w, const struct action *a, const char *code,
		   const char *text, const char *name)
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
static bool returns_deleted(const struct path_writer *w, const struct action *a)
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

static void answers(struct path_writer *w, const struct action *a)
{
	bool text = is_connect(w->sub) || is_log(w->sub);
	const char *name = text                        ? NULL
			   : a->answer == ANSWER_LIST  ? list_name(w)
			   : a->answer == ANSWER_EVENT ? name_of(w, "meta/v1.WatchEvent")
			   : a->answer == ANSWER_STATUS && !returns_deleted(w, a)
				   ? name_of(w, "meta/v1.Status")
				   : object_name(w);
	openapi_member(w->out, "responses");
	buf_putc(w->out, '{');
	answer(w, a, "200", "OK", name);
	if (!text && (a->body == OBJECT_BODY || a->body == PATCH_BODY))
		answer(w, a, "201", "Created", name);
	if (!text && (a->verb == API_CREATE || a->verb == API_DELETE))
		answer(w, a, "202", "Accepted", name);
	buf_puts(w->out, "\"401\":{\"description\":\"Unauthorized\"}}");
}

static void operation_id(struct path_writer *w, const struct action *a)
{
	struct buf *out = w->out;
	openapi_member(out, "operationId");
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

void openapi_operation(struct path_writer *w, const struct action *a, bool alone)
{
	struct buf *out = w->out;
	const char *group = w->sub ? w->sub->group : w->r->group,
		   *version = w->sub ? w->sub->version : w->r->version;
	const char *kind = w->sub ? w->sub->kind : w->r->kind;
	openapi_member(out, a->method);
	buf_puts(out, "{\"description\":\"");
	if (w->sub)
		buf_printf(out, "%s the %s of a %s\"", a->word, w->sub->name, w->r->kind);
	else if (a->verb == API_LIST_VERB)
		buf_printf(out, "list or watch objects of kind %s\"", w->r->kind);
	else
		buf_printf(out, "%s a %s\"",
			   a->verb == API_DELETE_COLLECTION ? "delete each" : a->word, w->r->kind);
	if (!w->v3) {
		openapi_member(out, "consumes");
		if (a->body == PATCH_BODY && !is_connect(w->sub))
			name_list(out, patch_types, COUNT_OF(patch_types));
		else
			name_list(out, any_type, 1);
		openapi_member(out, "produces");
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
	openapi_member(out, "tags");
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

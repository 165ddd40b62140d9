/* SPDX-License-Identifier: Apache-2.0 */
/* Where a request goes once it may: a page, a subresource of its own kind, or a verb. Tables; the first row that fits wins. */
#include "api/validation/validation.h"
#include "server/apiserver/crd/registry.h"
#include "server/apiserver/lookup.h"
#include "server/apiserver/pages/pages.h"
#include "server/apiserver/respond.h"
#include "server/apiserver/route.h"
#include "server/apiserver/subresources/subresources.h"
#include "server/apiserver/verbs.h"

struct special {
	const char *group, *plural, *subresource; /* plural NULL: of any resource */
	uint32_t verbs;
	void (*run)(struct api_request *r);
};

static const struct special specials[] = {
	{ "", "pods", "log", API_GET, sub_pod_log },
	{ "", "pods", "exec", API_CONNECT, sub_pod_exec },
	{ "", "pods", "attach", API_CONNECT, sub_pod_attach },
	{ "", "pods", "portforward", API_CONNECT, sub_pod_port_forward },
	{ "", "pods", "proxy", API_CONNECT, sub_pod_proxy },
	{ "", "services", "proxy", API_CONNECT, sub_service_proxy },
	{ "", "nodes", "proxy", API_CONNECT, sub_node_proxy },
	{ "", "pods", "binding", API_CREATE, sub_binding },
	{ "", "bindings", "", API_CREATE, sub_binding },
	{ "", "pods", "eviction", API_CREATE, sub_eviction },
	{ "", "serviceaccounts", "token", API_CREATE, sub_token_request },
	{ "", "componentstatuses", "", API_GET | API_LIST_VERB, sub_component_statuses },
	{ "metrics.k8s.io", "nodes", "", API_GET | API_LIST_VERB, sub_usage },
	{ "metrics.k8s.io", "pods", "", API_GET | API_LIST_VERB, sub_usage },
	{ "authentication.k8s.io", "tokenreviews", "", API_CREATE, review_token },
	{ "authentication.k8s.io", "selfsubjectreviews", "", API_CREATE, review_self },
	{ "authorization.k8s.io", "subjectaccessreviews", "", API_CREATE, review_access },
	{ "authorization.k8s.io", "localsubjectaccessreviews", "", API_CREATE, review_access },
	{ "authorization.k8s.io", "selfsubjectaccessreviews", "", API_CREATE, review_access },
	{ "authorization.k8s.io", "selfsubjectrulesreviews", "", API_CREATE, review_rules },
	{ NULL, NULL, "scale", API_GET, scale_get },
	{ NULL, NULL, "scale", API_UPDATE, scale_update },
	{ NULL, NULL, "scale", API_PATCH, scale_patch },
};

static const struct {
	enum api_verb verb;
	void (*run)(struct api_request *r);
} verbs[] = {
	{ API_GET, verb_get },       { API_LIST_VERB, verb_list },
	{ API_WATCH, verb_watch },   { API_CREATE, verb_create },
	{ API_UPDATE, verb_update }, { API_PATCH, verb_patch },
	{ API_DELETE, verb_delete }, { API_DELETE_COLLECTION, verb_delete_collection },
};

static const struct {
	const char *group, *version, *plural, *text;
} deprecated[] = {
	{ "", "v1", "componentstatuses", "v1 ComponentStatus is deprecated in v1.19+" },
	{ "", "v1", "endpoints",
	  "v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice" },
};

static void warn_deprecated(struct api_request *r)
{
	const struct api_resource *res = r->resource;
	if (res->deprecation)
		request_warn(r, "%s", res->deprecation);
	for (size_t i = 0; i < COUNT_OF(deprecated); i++)
		if (!strcmp(deprecated[i].plural, res->plural) &&
		    !strcmp(deprecated[i].group, res->group) &&
		    !strcmp(deprecated[i].version, res->version))
			request_warn(r, "%s", deprecated[i].text);
}

static void not_served(struct api_request *r)
{
	auto_err err = { 0 };
	request_about(r, "", "", STR(""));
	err_set(&err, ERR_NOT_FOUND, "the server could not find the requested resource");
	respond_err(r, &err);
}

static void not_allowed(struct api_request *r)
{
	auto_err err = { 0 };
	request_about(r, "", "", STR(""));
	err_set(&err, ERR_METHOD_NOT_ALLOWED,
		"the server does not allow this method on the requested resource");
	respond_err(r, &err);
}

/* Custom groups are served by a handler of its own upstream, which says so plainly. */
static void page_not_served(struct api_request *r)
{
	struct buf text = { 0 };
	buf_puts(&text, "404 page not found\n");
	respond_text(r, 404, "text/plain; charset=utf-8", &text);
}

static bool group_served(const struct api_request *r)
{
	for (size_t i = 0; i < api_builtin_count; i++)
		if (str_eqz(r->group, api_builtin[i]->group))
			return true;
	return false;
}

static const struct special *special_find(const struct api_request *r)
{
	const char *sub = r->sub ? r->sub->name : "";
	for (size_t i = 0; i < COUNT_OF(specials); i++) {
		const struct special *s = &specials[i];
		if (strcmp(s->subresource, sub) || !(s->verbs & r->verb))
			continue;
		if (!s->plural || (!strcmp(s->plural, r->resource->plural) &&
				   !strcmp(s->group, r->resource->group)))
			return s;
	}
	return NULL;
}

/* Whether the table of resources lists the verb, and the path has the form it needs. */
static bool verb_served(const struct api_request *r)
{
	uint32_t served = r->sub ? r->sub->verbs : r->resource->verbs;
	bool collection = r->verb & (API_LIST_VERB | API_WATCH);
	if (r->verb == API_CONNECT)
		return true;
	if (!(served & r->verb))
		return false;
	if (r->verb == API_CREATE && !r->sub && r->name.n)
		return false;
	if ((r->verb & (API_UPDATE | API_PATCH)) && r->name.n == 0)
		return false;
	return !r->resource->namespaced || r->ns.n || collection;
}

/* Of a namespaced kind, but no namespace is named: upstream doesn't know such a path. */
static bool custom_misses_namespace(const struct api_request *r)
{
	return r->resource->crd && r->resource->namespaced && r->ns.n == 0 &&
	       !(r->verb & (API_LIST_VERB | API_WATCH));
}

/* What can't be part of a key is refused before anything is looked up. */
static bool name_fits(struct api_request *r)
{
	auto_err err = { 0 };
	struct str n = r->name;
	const char *why = str_eqz(n, ".")    ? "may not be '.'"
			  : str_eqz(n, "..") ? "may not be '..'"
			  : memchr(n.p ? n.p : "", '/', n.n) ? "may not contain '/'"
			  : memchr(n.p ? n.p : "", '%', n.n) ? "may not contain '%'"
							     : NULL;
	if (!why)
		return true;
	err_set(&err, ERR_BAD_REQUEST, "Name parameter invalid: \"%.*s\": %s", STR_ARG(n), why);
	respond_err(r, &err);
	return false;
}

/* What is only asked or made has no pages of one. */
static bool has_named(const struct api_resource *res)
{
	return res->verbs & (API_GET | API_UPDATE | API_PATCH | API_DELETE);
}

static void dispatch_resource(struct api_request *r)
{
	if (r->resource && custom_misses_namespace(r)) {
		page_not_served(r);
		return;
	}
	if (!r->resource && r->custom && r->subresource.n) {
		auto_err err = { 0 };
		lookup_not_found(r, r->custom, r->name, &err);
		respond_err(r, &err);
		return;
	}
	if (!r->resource) {
		if (group_served(r))
			not_served(r);
		else
			page_respond(r);
		return;
	}
	if (r->resource->namespaced && r->ns.n == 0 && r->name.n) {
		not_served(r);
		return;
	}
	if (r->name.n && !r->sub && !has_named(r->resource)) {
		not_served(r);
		return;
	}
	if (!verb_served(r)) {
		not_allowed(r);
		return;
	}
	if (!name_fits(r))
		return;
	warn_deprecated(r);
	const struct special *s = special_find(r);
	if (s) {
		s->run(r);
		return;
	}
	for (size_t i = 0; i < COUNT_OF(verbs); i++) {
		if (verbs[i].verb == r->verb) {
			verbs[i].run(r);
			return;
		}
	}
	not_allowed(r);
}

/* A query that can't be: of the verb's own options when it is about their values. */
static void refuse_options(struct api_request *r)
{
	static const struct {
		enum api_verb verb;
		const char *kind;
	} kinds[] = { { API_CREATE, "CreateOptions" },
		      { API_UPDATE, "UpdateOptions" },
		      { API_PATCH, "PatchOptions" },
		      { API_DELETE, "DeleteOptions" },
		      { API_DELETE_COLLECTION, "DeleteOptions" } };
	auto_err err = { 0 };
	for (size_t i = 0; i < COUNT_OF(kinds) && r->refused.ncauses; i++) {
		if (kinds[i].verb != r->verb)
			continue;
		request_about(r, "meta.k8s.io", kinds[i].kind, STR(""));
		validate_finish(kinds[i].kind, "meta.k8s.io", STR(""), &r->refused);
	}
	bool idle = r->opt.refused_for && !(r->opt.refused_for & r->verb);
	if (idle || (r->refused.ncauses && !r->about.set)) { /* reading verbs don't look at it */
		err_clear(&r->refused);
		dispatch_resource(r);
		return;
	}
	if (r->resource && verb_served(r))
		warn_deprecated(r);
	err_move(&err, &r->refused);
	respond_err(r, &err);
}

void request_dispatch(struct api_request *r)
{
	if (r->refused.reason && r->is_resource_path)
		refuse_options(r);
	else if (r->is_resource_path)
		dispatch_resource(r);
	else
		page_respond(r);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* From method and path to group, version, resource, name, subresource and verb. Follows upstream's RequestInfo resolver, so
 * that authorization sees the same words; whether the resource exists is found here, too, but said only after authorization. */
#include "server/apiserver/route.h"
#include "base/mem.h"
#include "server/apiserver/crd/registry.h"
#include "server/apiserver/request.h"
#include "server/apiserver/server.h"

#define PARTS_MAX 64

static const struct {
	const char *method, *verb_text;
	enum api_verb verb;
} methods[] = {
	{ "POST", "create", API_CREATE },   { "GET", "get", API_GET },
	{ "PUT", "update", API_UPDATE },    { "PATCH", "patch", API_PATCH },
	{ "DELETE", "delete", API_DELETE },
};

struct parts {
	struct str items[PARTS_MAX];
	size_t n, at;
};

static size_t parts_left(const struct parts *p)
{
	return p->n - p->at;
}

static struct str part(const struct parts *p, size_t i)
{
	return p->items[p->at + i];
}

static void parts_split(struct str path, struct parts *out)
{
	while (path.n && path.p[0] == '/')
		path = str_of(path.p + 1, path.n - 1);
	while (path.n && path.p[path.n - 1] == '/')
		path.n--;
	struct str piece;
	while (path.n && out->n < PARTS_MAX && str_next(&path, '/', &piece))
		out->items[out->n++] = piece;
}

static void route_verb(struct api_request *r)
{
	r->verb = 0;
	r->verb_text = "";
	for (size_t i = 0; i < COUNT_OF(methods); i++) {
		if (!str_eqz(r->method, methods[i].method))
			continue;
		r->verb = methods[i].verb;
		r->verb_text = methods[i].verb_text;
		return;
	}
}

static void route_namespace(struct api_request *r, struct parts *p)
{
	if (!str_eqz(part(p, 0), "namespaces") || parts_left(p) < 2)
		return;
	r->ns = part(p, 1);
	if (parts_left(p) > 2 && !str_eqz(part(p, 2), "status") && !str_eqz(part(p, 2), "finalize"))
		p->at += 2;
}

static void route_parts(struct api_request *r, struct parts *p)
{
	r->plural = part(p, 0);
	if (parts_left(p) >= 2)
		r->name = part(p, 1);
	if (parts_left(p) >= 3)
		r->subresource = part(p, 2);
	if (parts_left(p) >= 4) {
		struct str first = part(p, 3);
		r->subpath = str_of(first.p, (size_t)(r->path.p + r->path.n - first.p));
	}
}

/* A request without a name is about the collection. */
static void route_collection(struct api_request *r)
{
	if (r->name.n)
		return;
	if (r->verb == API_GET) {
		r->verb = r->opt.watch ? API_WATCH : API_LIST_VERB;
		r->verb_text = r->opt.watch ? "watch" : "list";
	} else if (r->verb == API_DELETE) {
		r->verb = API_DELETE_COLLECTION;
		r->verb_text = "deletecollection";
	}
}

static const struct api_subresource *sub_find(const struct api_resource *res, struct str name)
{
	for (size_t i = 0; i < res->nsubresources; i++)
		if (str_eqz(name, res->subresources[i].name))
			return &res->subresources[i];
	return NULL;
}

bool route_is_connect(struct str sub)
{
	static const char *const streams[] = { "exec", "attach", "portforward", "proxy" };
	for (size_t i = 0; i < COUNT_OF(streams); i++)
		if (str_eqz(sub, streams[i]))
			return true;
	return false;
}

static void route_resource(struct api_request *r)
{
	r->resource = api_resource_find(r->group, r->version, r->plural);
	if (!r->resource && r->group.n)
		r->resource = r->custom =
			crd_registry_find(r->server->crds, r->group, r->version, r->plural);
	if (!r->resource)
		return;
	bool itself = str_eqz(r->plural, "namespaces") && str_eq(r->name, r->ns);
	bool in_namespace = r->ns.n > 0 && !itself;
	if (in_namespace && !r->resource->namespaced) {
		r->resource = NULL;
		return;
	}
	if (r->subresource.n) {
		r->sub = sub_find(r->resource, r->subresource);
		if (!r->sub)
			r->resource = NULL;
		else if (route_is_connect(r->subresource))
			r->verb = API_CONNECT;
		else if (r->subpath.n)
			r->resource = NULL;
	}
}

static bool route_prefix(struct api_request *r, struct parts *p)
{
	bool core = p->n && str_eqz(p->items[0], "api");
	if (p->n < 3 || (!core && !str_eqz(p->items[0], "apis")))
		return false;
	if (!core && p->n < 4)
		return false;
	r->group = core ? STR("") : p->items[1];
	r->version = p->items[core ? 1 : 2];
	p->at = core ? 2 : 3;
	return true;
}

void request_route(struct api_request *r)
{
	route_verb(r);
	options_parse(&r->arena, r->query, &r->opt, &r->refused);
	struct parts p = { .n = 0 };
	parts_split(r->path, &p);
	if (!route_prefix(r, &p)) {
		r->verb_text = arena_strdup(&r->arena, r->method);
		for (char *c = (char *)r->verb_text; *c; c++)
			*c = (char)(*c >= 'A' && *c <= 'Z' ? *c | 0x20 : *c);
		return;
	}
	r->is_resource_path = true;
	if (str_eqz(part(&p, 0), "watch") && parts_left(&p) >= 2) {
		r->watch_path = true;
		p.at++;
	}
	route_namespace(r, &p);
	route_parts(r, &p);
	if (r->watch_path) {
		r->verb = API_WATCH;
		r->verb_text = "watch";
	}
	route_collection(r);
	route_resource(r);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "server/apiserver/lookup.h"

#include "api/values/go_format.h"

struct cache *server_cache(struct apiserver *s, const struct api_resource *r)
{
	return cache_of(s->caches, r->storage ? r->storage : r);
}

struct str lookup_ns(const struct api_request *r)
{
	return r->resource->namespaced ? r->ns : STR("");
}

struct str lookup_key(struct api_request *r, const struct api_resource *res, struct str ns,
		      struct str name)
{
	const struct api_resource *stored = res->storage ? res->storage : res;
	return str_from(arena_printf(&r->arena, "%s%.*s%s%.*s", stored->storage_prefix, STR_ARG(ns),
				     ns.n ? "/" : "", STR_ARG(name)));
}

struct str lookup_prefix(struct api_request *r)
{
	return lookup_key(r, r->resource, lookup_ns(r), STR(""));
}

struct object *lookup_object(struct api_request *r, const struct api_resource *res, struct str ns,
			     struct str name)
{
	if (name.n == 0)
		return NULL;
	return cache_get(server_cache(r->server, res), lookup_key(r, res, ns, name));
}

struct object *lookup_core(struct apiserver *s, const char *plural, struct str ns, struct str name)
{
	const struct api_resource *res = api_resource_find(STR(""), STR("v1"), str_from(plural));
	if (!res || name.n == 0)
		return NULL;
	auto_buf key = { 0 };
	object_key(res, ns, name, &key);
	return cache_get(cache_of(s->caches, res), buf_view(&key));
}

const char *lookup_qualified(struct api_request *r, const struct api_resource *res)
{
	if (!res->group[0])
		return res->plural;
	return arena_printf(&r->arena, "%s.%s", res->plural, res->group);
}

int lookup_not_found(struct api_request *r, const struct api_resource *res, struct str name,
		     struct err *err)
{
	auto_buf quoted = { 0 };
	text_format_go(name, &quoted);
	return err_set(err, ERR_NOT_FOUND, "%s %s not found", lookup_qualified(r, res), quoted.p);
}

struct object *lookup_target(struct api_request *r, struct err *err)
{
	struct object *o = lookup_object(r, r->resource, lookup_ns(r), r->name);
	if (!o)
		lookup_not_found(r, r->resource, r->name, err);
	return o;
}

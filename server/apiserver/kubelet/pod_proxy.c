/* SPDX-License-Identifier: Apache-2.0 */
/* pods/proxy, services/proxy and nodes/proxy: HTTP to a port of a pod or a node. The name may be SCHEME:NAME:PORT, a pod's
 * port a name or a number. A node's port, unless one is named, is its kubelet's, who sees the server's own certificate. */
#include <stdio.h>

#include "api/object/meta.h"
#include "api/values/addr.h"
#include "base/encode.h"
#include "server/apiserver/kubelet/kubelet_link.h"
#include "server/apiserver/kubelet/passage.h"
#include "server/apiserver/lookup.h"
#include "server/apiserver/respond.h"
#include "server/apiserver/subresources/subresources.h"

struct proxy_name {
	struct str scheme, name, port;
};

/* `what`: "pod", "service" or "node" */
static int name_split(struct str text, const char *what, struct proxy_name *out, struct err *err)
{
	struct str parts[4];
	size_t n = 0;
	struct str rest = text;
	while (n < COUNT_OF(parts) && str_next(&rest, ':', &parts[n]))
		n++;
	*out = (struct proxy_name){ 0 };
	if (n == 1)
		out->name = parts[0];
	else if (n == 2)
		out->name = parts[0], out->port = parts[1];
	else if (n == 3)
		out->scheme = parts[0], out->name = parts[1], out->port = parts[2];
	bool known =
		!out->scheme.n || str_eqz(out->scheme, "http") || str_eqz(out->scheme, "https");
	if (!out->name.n || !known)
		return err_set(err, ERR_BAD_REQUEST, "invalid %s request \"%.*s\"", what,
			       STR_ARG(text));
	return 0;
}

/* A browser needs the slash, or relative links point outside. */
static bool slash_redirect(struct api_request *r, struct str path)
{
	bool reads = str_eqz(r->method, "GET") || str_eqz(r->method, "HEAD");
	if (!reads || path.n || !r->http || http_header(r->http, "upgrade").p)
		return false;
	struct str full = r->http->path;
	struct http_field f = { STR("location"),
				str_from(arena_printf(&r->arena, "%.*s/%s%.*s", STR_ARG(full),
						      r->query.n ? "?" : "", STR_ARG(r->query))) };
	respond_chunks(r, 301, NULL, &f, 1, NULL, 0);
	return true;
}

static struct tls_client *insecure_client(struct api_request *r, struct err *err)
{
	static const char *const alpn[] = { "http/1.1", NULL };
	struct apiserver *s = r->server;
	struct tls_client_config c = { .insecure = true, .alpn = alpn };
	pthread_mutex_lock(&s->links.lock);
	if (!s->insecure_tls)
		tls_client_new(&c, &s->insecure_tls, err);
	struct tls_client *out = s->insecure_tls;
	pthread_mutex_unlock(&s->links.lock);
	return out;
}

static void proxy_open(struct api_request *r, bool tls, const char *host, int port)
{
	auto_err err = { 0 };
	struct str path = passage_subpath(r);
	if (slash_redirect(r, path))
		return;
	struct passage p = { .host = host, .port = port };
	if (tls && !(p.tls = insecure_client(r, &err))) {
		respond_err(r, &err);
		return;
	}
	struct str full = r->http ? r->http->path : r->path;
	p.target = str_from(arena_printf(&r->arena, "%.*s%s%.*s", STR_ARG(path.n ? path : STR("/")),
					 r->query.n ? "?" : "", STR_ARG(r->query)));
	p.prefix = str_of(full.p, full.n - path.n);
	passage_open(r, &p);
}

static int port_number(struct str text, const json_t *containers, int *out, struct err *err)
{
	int64_t n;
	if (text.n && str_to_i64(text, &n) && n > 0 && n < 65536) {
		*out = (int)n;
		return 0;
	}
	for (size_t i = 0; i < json_array_size(containers); i++) {
		const json_t *ports = json_object_get(json_array_get(containers, i), "ports");
		for (size_t k = 0; k < json_array_size(ports); k++) {
			const json_t *p = json_array_get(ports, k);
			if (text.n && !str_eq(tree_get_str(p, "name", NULL), text))
				continue;
			*out = (int)tree_int(json_object_get(p, "containerPort"), 80);
			return 0;
		}
	}
	if (text.n)
		return err_set(err, ERR_BAD_REQUEST, "no port named \"%.*s\" in the pod",
			       STR_ARG(text));
	*out = 80;
	return 0;
}

/* Only what a pod can have: whoever may write a status doesn't reach the server's own ports with it. */
static bool is_proxyable(struct str text)
{
	struct addr ip;
	return addr_parse(text, &ip) && addr_scope(&ip) == ADDR_GLOBAL;
}

void sub_pod_proxy(struct api_request *r)
{
	auto_err err = { 0 };
	struct proxy_name n;
	int port = 0, e = name_split(r->name, "pod", &n, &err);
	struct object *o = e < 0 ? NULL : lookup_object(r, r->resource, r->ns, n.name);
	json_t *pod = o ? object_tree(o, &err) : NULL;
	struct str ip = tree_get_str(pod, "status", "podIP", NULL);
	if (e == 0 && !o)
		e = lookup_not_found(r, r->resource, n.name, &err);
	if (e == 0 && !is_proxyable(ip))
		e = err_set(&err, ERR_BAD_REQUEST, "address not allowed");
	if (e == 0)
		e = port_number(n.port, tree_get(pod, "spec", "containers", NULL), &port, &err);
	const char *host = arena_strdup(&r->arena, ip);
	json_decref(pod);
	object_unref(o);
	if (e < 0)
		respond_err(r, &err);
	else
		proxy_open(r, str_eqz(n.scheme, "https"), host, port);
}

struct endpoints {
	struct api_request *r;
	struct str service, port_name;
	size_t seen;
	char host[64];
	int port;
};

static bool label_is(const struct object *o, const char *key, struct str value)
{
	for (size_t i = 0; i < o->nlabels; i++)
		if (str_eqz(o->labels[i].key, key))
			return str_eq(o->labels[i].value, value);
	return false;
}

static int slice_port(const json_t *slice, struct str name)
{
	const json_t *ports = json_object_get(slice, "ports");
	for (size_t i = 0; i < json_array_size(ports); i++)
		if (str_eq(tree_get_str(json_array_get(ports, i), "name", NULL), name))
			return (int)tree_int(json_object_get(json_array_get(ports, i), "port"), 0);
	return 0;
}

/* The pod that the endpoint names has its address: nothing else is gone to. */
static bool endpoint_is_pod(struct api_request *r, const json_t *endpoint, struct str address)
{
	struct str ns = tree_get_str(endpoint, "targetRef", "namespace", NULL),
		   name = tree_get_str(endpoint, "targetRef", "name", NULL);
	if (!name.n || !str_eq(ns, r->ns))
		return false;
	struct object *o = lookup_core(r->server, "pods", ns, name);
	json_t *pod = o ? object_tree(o, NULL) : NULL;
	const json_t *ips = tree_get(pod, "status", "podIPs", NULL);
	bool found = false;
	for (size_t i = 0; i < json_array_size(ips); i++)
		found = found || str_eq(tree_get_str(json_array_get(ips, i), "ip", NULL), address);
	json_decref(pod);
	object_unref(o);
	return found;
}

/* Keeps one ready endpoint, each with the same chance. */
static bool slice_visit(void *ctx, const struct object *o)
{
	struct endpoints *x = ctx;
	if (!label_is(o, "kubernetes.io/service-name", x->service))
		return true;
	json_t *slice = object_tree(o, NULL);
	const json_t *list = json_object_get(slice, "endpoints");
	int port = slice_port(slice, x->port_name);
	for (size_t i = 0; port && i < json_array_size(list); i++) {
		const json_t *e = json_array_get(list, i);
		struct str address = tree_str(json_array_get(json_object_get(e, "addresses"), 0));
		if (address.n == 0 || json_is_false(tree_get(e, "conditions", "ready", NULL)) ||
		    !endpoint_is_pod(x->r, e, address))
			continue;
		if (rand_u64() % ++x->seen)
			continue;
		snprintf(x->host, sizeof(x->host), "%.*s", STR_ARG(address));
		x->port = port;
	}
	json_decref(slice);
	return true;
}

/* A port's number stands for its name in the Service; a name, and none, is looked for as it is. */
static int service_port(struct api_request *r, const struct proxy_name *n, struct str *name,
			struct err *err)
{
	int64_t number;
	*name = n->port;
	if (!str_to_i64(n->port, &number))
		return 0;
	struct object *o = lookup_object(r, r->resource, r->ns, n->name);
	if (!o)
		return lookup_not_found(r, r->resource, n->name, err);
	json_t *service = object_tree(o, err);
	const json_t *ports = tree_get(service, "spec", "ports", NULL);
	int e = service ? err_set(err, ERR_UNAVAILABLE,
				  "no service port %lld found for service \"%.*s\"",
				  (long long)number, STR_ARG(n->name))
			: -(int)ERR_INTERNAL;
	for (size_t i = 0; service && i < json_array_size(ports); i++) {
		const json_t *p = json_array_get(ports, i);
		if (tree_int(json_object_get(p, "port"), 0) != number)
			continue;
		err_clear(err);
		*name = arena_str(&r->arena, tree_get_str(p, "name", NULL));
		e = 0;
		break;
	}
	json_decref(service);
	object_unref(o);
	return e;
}

void sub_service_proxy(struct api_request *r)
{
	auto_err err = { 0 };
	struct proxy_name n;
	struct endpoints x = { .r = r };
	const struct api_resource *slices =
		api_resource_find(STR("discovery.k8s.io"), STR("v1"), STR("endpointslices"));
	int e = name_split(r->name, "service", &n, &err);
	if (e == 0)
		e = service_port(r, &n, &x.port_name, &err);
	if (e == 0 && slices) {
		struct cache_view view;
		x.service = n.name;
		cache_view_now(server_cache(r->server, slices), &view);
		cache_view_each(&view, lookup_key(r, slices, r->ns, STR("")), STR(""), slice_visit,
				&x);
		cache_view_close(&view);
	}
	if (e == 0 && !x.port)
		e = err_set(&err, ERR_UNAVAILABLE, "no endpoints available for service \"%.*s\"",
			    STR_ARG(n.name));
	if (e < 0)
		respond_err(r, &err);
	else
		proxy_open(r, str_eqz(n.scheme, "https"), arena_strdup(&r->arena, str_from(x.host)),
			   x.port);
}

static void kubelet_open(struct api_request *r, const struct kubelet_address *at)
{
	struct str full = r->http ? r->http->path : r->path, path = passage_subpath(r);
	struct passage p = { .tls = at->tls, .host = at->host, .port = at->port };
	p.target = str_from(arena_printf(&r->arena, "%s%.*s%s%.*s", path.n ? "" : "/",
					 STR_ARG(path), r->query.n ? "?" : "", STR_ARG(r->query)));
	p.prefix = str_of(full.p, full.n - path.n);
	passage_open(r, &p);
}

void sub_node_proxy(struct api_request *r)
{
	auto_err err = { 0 };
	struct kubelet_address at;
	struct proxy_name n;
	int64_t port = 0;
	int e = name_split(r->name, "node", &n, &err);
	if (e == 0)
		e = kubelet_find(r->server, n.name, &r->arena, &at, &err);
	if (e == 0 && n.port.n && (!str_to_i64(n.port, &port) || port <= 0 || port > 65535))
		e = err_set(&err, ERR_BAD_REQUEST, "invalid node request \"%.*s\"",
			    STR_ARG(r->name));
	bool kubelet = !n.port.n || port == at.port;
	if (e == 0 && !kubelet && !is_proxyable(str_from(at.host)))
		e = err_set(&err, ERR_BAD_REQUEST, "address not allowed");
	if (e < 0)
		respond_err(r, &err);
	else if (kubelet)
		kubelet_open(r, &at);
	else
		proxy_open(r, str_eqz(n.scheme, "https"), at.host, (int)port);
}

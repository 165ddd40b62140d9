/* SPDX-License-Identifier: Apache-2.0 */
#include "server/apiserver/local/local_client.h"

#include "api/crd/crd.h"
#include "base/log.h"
#include "base/mem.h"
#include "client/status.h"
#include "server/apiserver/crd/registry.h"
#include "server/apiserver/local/local_reflector.h"
#include "server/apiserver/request.h"
#include "server/apiserver/respond.h"
#include "server/apiserver/server.h"

struct local_call { /* r->state of the transport, freed with the answer */
	struct local_client *client;
	void (*done)(void *ctx, const struct client_result *r);
	void *ctx;
	bool inside; /* client_do() has not returned yet */
	struct loop_msg later;
	int status;
	struct buf body;
};

static const struct {
	enum api_verb verb;
	const char *method, *verb_text;
} verbs[] = {
	{ API_GET, "GET", "get" },
	{ API_LIST_VERB, "GET", "list" },
	{ API_CREATE, "POST", "create" },
	{ API_UPDATE, "PUT", "update" },
	{ API_PATCH, "PATCH", "patch" },
	{ API_DELETE, "DELETE", "delete" },
	{ API_DELETE_COLLECTION, "DELETE", "deletecollection" },
};

static void call_finish(struct local_call *c, struct str body)
{
	auto_err err = { 0 };
	bool failed = c->status >= 400;
	if (failed)
		client_status_read(body, c->status, &err);
	struct client_result result = { .code = c->status,
					.body = body,
					.err = failed ? &err : NULL };
	if (c->done)
		c->done(c->ctx, &result);
	else if (failed)
		log_warn("request failed", LOG_S("user", c->client->client.user),
			 LOG_S("error", err_text(&err)));
	buf_free(&c->body);
	free(c);
}

static void call_later(struct loop_msg *m)
{
	struct local_call *c = CONTAINER_OF(m, struct local_call, later);
	call_finish(c, buf_view(&c->body));
}

static void reply(struct api_request *r, int status, const struct http_field *f, size_t nf,
		  struct chunk *body, size_t n)
{
	struct local_call *c = r->transport;
	(void)f;
	(void)nf;
	c->status = status;
	r->gone = true;
	r->transport = NULL;
	bool borrow = !c->inside && n >= 1 && (n == 1 || (n == 2 && body[1].n == 1));
	if (borrow) {
		struct chunk first = body[0];
		if (n == 2)
			chunk_release(&body[1]);
		call_finish(c, str_of(first.p, first.n));
		chunk_release(&first);
	} else {
		for (size_t i = 0; i < n; i++) {
			buf_add(&c->body, body[i].p, body[i].n);
			chunk_release(&body[i]);
		}
		c->later.run = call_later;
		loop_post(r->loop, &c->later);
	}
	request_unref(r); /* the transport's */
}

static void body(struct api_request *r, void (*next)(struct api_request *r))
{
	next(r);
}

/* No streams: watches are local_reflector.c's. */
static const struct responder in_process = { .reply = reply, .body = body };

static void call_route(struct api_request *r, const struct client_call *call)
{
	struct arena *a = &r->arena;
	const struct api_resource *res = call->resource;
	r->is_resource_path = true;
	r->resource = res;
	r->group = str_from(res->group);
	r->version = str_from(res->version);
	r->plural = str_from(res->plural);
	r->ns = arena_str(a, call->ns);
	r->name = arena_str(a, call->name);
	r->subresource = arena_str(a, call->subresource);
	if (!res->namespaced)
		r->ns = !strcmp(res->plural, "namespaces") ? r->name : STR("");
	r->verb = call->verb;
	for (size_t i = 0; i < COUNT_OF(verbs); i++) {
		if (verbs[i].verb != call->verb)
			continue;
		r->verb_text = verbs[i].verb_text;
		r->method = str_from(verbs[i].method);
	}
	for (size_t i = 0; r->subresource.n && i < res->nsubresources; i++)
		if (str_eqz(r->subresource, res->subresources[i].name))
			r->sub = &res->subresources[i];
	if (r->subresource.n && !r->sub)
		r->resource = NULL;
	r->custom = api_resource_ref(res);
	options_parse(a, r->query, &r->opt, &r->refused);
}

static void local_call(struct client *client, const struct client_call *call)
{
	struct local_client *lc = CONTAINER_OF(client, struct local_client, client);
	struct api_request *r = request_new(lc->server, client->loop, &in_process);
	struct local_call *c = NEW(struct local_call);
	*c = (struct local_call){
		.client = lc, .done = call->done, .ctx = call->ctx, .inside = true
	};
	r->transport = c;
	r->user = lc->user;
	r->user_agent = str_from(lc->agent);
	r->query = arena_str(&r->arena, call->query);
	r->content_type = arena_str(&r->arena, call->content_type);
	r->body = arena_str(&r->arena, call->body);
	call_route(r, call);
	request_ref(r);
	request_enter(r);
	if (r->transport) /* not answered yet: the call is still there */
		c->inside = false;
	request_unref(r);
}

static struct reflector *local_watch(struct client *client, const struct watch_handler *h)
{
	return reflector_start(CONTAINER_OF(client, struct local_client, client), h);
}

static void local_unwatch(struct client *client, struct reflector *r)
{
	(void)client;
	reflector_stop(r);
}

static const struct api_resource **local_custom(struct client *client, size_t *n)
{
	struct local_client *lc = CONTAINER_OF(client, struct local_client, client);
	struct crd_set *set = crd_registry_now(lc->server->crds);
	const struct api_resource **out = mem_zalloc((set->by_name.count + 1) * sizeof(*out));
	size_t at = 0;

	for (struct map_entry *e; (e = map_next(&set->by_name, &at));)
		out[(*n)++] = api_resource_ref(((struct crd *)e->value)->storage);
	crd_set_unref(set);
	return out;
}

static const struct client_ops local_ops = { local_call, local_watch, local_unwatch, local_custom };

/* What field managers are called after: the program that does this work elsewhere. */
static const char *agent_of(struct str user)
{
	static const struct {
		const char *prefix, *agent;
	} programs[] = {
		{ "system:apiserver", "kube-apiserver" },
		{ "system:node:", "kubelet" },
		{ "system:kube-scheduler", "kube-scheduler" },
		{ "system:kube-proxy", "kube-proxy" },
		{ "system:kube-controller-manager", "kube-controller-manager" },
		{ "system:serviceaccount:kube-system:", "kube-controller-manager" },
	};
	for (size_t i = 0; i < COUNT_OF(programs); i++)
		if (str_starts(user, str_from(programs[i].prefix)))
			return programs[i].agent;
	return user.p;
}

struct client *local_client_new(struct apiserver *s, struct loop *l, const char *user,
				const char *const *groups)
{
	struct local_client *c = NEW(struct local_client);
	size_t n = 0;
	while (groups && groups[n])
		n++;
	struct str *list = ARENA_ARRAY(&c->arena, struct str, n + 1);
	for (size_t i = 0; i < n; i++)
		list[i] = arena_str(&c->arena, str_from(groups[i]));
	list[n] = STR("system:authenticated");
	c->user.name = str_from(arena_strdup(&c->arena, str_from(user)));
	c->user.groups = list;
	c->user.ngroups = n + 1;
	c->agent = agent_of(c->user.name);
	c->server = s;
	c->client = (struct client){ .ops = &local_ops, .loop = l, .user = c->user.name.p };
	return &c->client;
}

void local_client_free(struct client *client)
{
	struct local_client *c = CONTAINER_OF(client, struct local_client, client);
	arena_free(&c->arena);
	free(c);
}

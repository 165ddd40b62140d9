/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/kubelet/serve/server.h"

#include <stdio.h>

#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"

#define PEM_MAX (1u << 20)
#define STOP_MS 500

static void healthz(struct server_call *c)
{
	auto_buf b = { 0 };
	buf_puts(&b, "ok");
	server_reply(c->req, 200, "text/plain; charset=utf-8", &b);
}

static const struct route {
	const char *name;
	size_t min_parts, max_parts;
	void (*handle)(struct server_call *c);
} routes[] = {
	{ "healthz", 0, 0, healthz },
	{ "containerLogs", 3, 3, server_logs },
	{ "exec", 3, 4, server_exec },
	{ "attach", 3, 4, server_attach },
	{ "portForward", 2, 3, server_port_forward },
	{ "pods", 0, 0, server_pods },
	{ "runningpods", 0, 0, server_pods },
	{ "stats", 1, 1, server_stats },
	{ "metrics", 0, 1, server_metrics },
};

void server_reply(struct http_request *req, int status, const char *type, struct buf *body)
{
	struct http_field field = { STR("content-type"), str_from(type) };
	size_t n = body->n;
	struct chunk chunk = chunk_take(buf_take(body), n);
	http_reply(req, status, &field, 1, &chunk, 1);
}

void server_error(struct http_request *req, int status, const char *fmt, ...)
{
	auto_buf b = { 0 };
	va_list ap;
	va_start(ap, fmt);
	buf_vprintf(&b, fmt, ap);
	va_end(ap);
	server_reply(req, status, "text/plain; charset=utf-8", &b);
}

struct pod *server_pod(const struct server_call *c)
{
	struct pod *p = pod_find(c->k, c->parts[0], c->parts[1]);
	if (p && p->object)
		return p;
	server_error(c->req, 404, "pod \"%.*s\" does not exist", STR_ARG(c->parts[1]));
	return NULL;
}

struct pod_container *server_container(const struct server_call *c)
{
	struct pod *p = server_pod(c);
	struct str name = c->parts[c->nparts - 1];
	if (!p)
		return NULL;
	struct pod_container *found = pod_container_find(p, name);
	if (!found)
		server_error(c->req, 404, "container \"%.*s\" not found in pod \"%s\"",
			     STR_ARG(name), p->name);
	return found;
}

/* --- who may --- */

static bool is_admitted(const struct tls_peer *peer)
{
	if (!peer)
		return false;
	for (char **o = peer->organizations; o && *o; o++)
		if (!strcmp(*o, "system:masters"))
			return true;
	return peer->common_name && (!strcmp(peer->common_name, "kube-apiserver-kubelet-client") ||
				     !strcmp(peer->common_name, "system:kube-apiserver"));
}

static void on_request(void *ctx, struct http_request *req)
{
	auto_arena a = { 0 };
	struct server_call c = { .k = ctx, .req = req, .arena = &a };
	struct str path = req->path, part, name;
	if (!is_admitted(req->peer)) {
		server_error(req, req->peer ? 403 : 401, req->peer ? "Forbidden" : "Unauthorized");
		return;
	}
	str_cut_prefix(&path, STR("/"));
	str_next(&path, '/', &name);
	while (path.p && path.n && c.nparts < COUNT_OF(c.parts) && str_next(&path, '/', &part))
		if (!percent_decode(&a, part, false, &c.parts[c.nparts++])) {
			server_error(req, 400, "malformed path");
			return;
		}
	params_parse(req->query, &a, &c.query);
	for (size_t i = 0; i < COUNT_OF(routes); i++)
		if (str_eqz(name, routes[i].name) && c.nparts >= routes[i].min_parts &&
		    c.nparts <= routes[i].max_parts) {
			routes[i].handle(&c);
			return;
		}
	server_error(req, 404, "404 page not found\n");
}

/* --- start, stop --- */

/* `reload`: for new connections of a server that runs. */
static int make_tls(struct kubelet *k, bool reload, struct err *err)
{
	static const char *const alpn[] = { "http/1.1",
					    NULL }; /* streams are upgraded connections */
	auto_buf cert = { 0 }, key = { 0 }, ca = { 0 };
	int r = file_read(k->config.serving_cert, PEM_MAX, &cert, err);
	if (r == 0)
		r = file_read(k->config.serving_key, PEM_MAX, &key, err);
	if (r == 0)
		r = file_read(k->config.client_ca, PEM_MAX, &ca, err);
	if (r < 0)
		return r;
	struct tls_server_config c = {
		.cert_pem = buf_view(&cert),
		.key_pem = buf_view(&key),
		.client_ca_pem = buf_view(&ca),
		.alpn = alpn,
	};
	return reload ? tls_server_reload(k->tls, &c, err) : tls_server_new(&c, &k->tls, err);
}

int server_start(struct kubelet *k, struct err *err)
{
	const char *any[] = { "0.0.0.0", file_exists("/proc/net/if_inet6") ? "::" : NULL, NULL };
	int r = make_tls(k, false, err);
	if (r < 0)
		return err_wrap(err, r, "certificates of the kubelet");
	struct http_server_config c = {
		.loops = &k->loop,
		.nloops = 1,
		.tls = k->tls,
		.addresses = any,
		.port = k->config.port,
		.handler = on_request,
		.ctx = k,
	};
	r = http_server_start(&c, &k->server, err);
	return r < 0 ? err_wrap(err, r, "listen on the kubelet's port %d", k->config.port) : 0;
}

int server_reload(struct kubelet *k, struct err *err)
{
	int r = make_tls(k, true, err);
	return r < 0 ? err_wrap(err, r, "certificates of the kubelet") : 0;
}

static void ignore(void *ctx)
{
	(void)ctx;
}

void server_stop(struct kubelet *k)
{
	if (k->server)
		http_server_stop(TAKE(k->server), STOP_MS, ignore, NULL);
}

void server_free(struct kubelet *k)
{
	if (k->tls)
		tls_server_free(k->tls);
}

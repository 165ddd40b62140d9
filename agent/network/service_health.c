/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/network/service_health.h"

#include <stdio.h>

#include "base/log.h"
#include "base/map.h"
#include "base/mem.h"
#include "net/http_server.h"

#define STOP_MS 100

struct probe {
	char *ns, *name;
	int port;
	unsigned local;
	struct http_server *server;
};

struct service_health {
	struct loop *loop;
	struct map probes; /* by "ns/name" */
};

static void answer(void *ctx, struct http_request *req)
{
	const struct probe *p = ctx;
	auto_buf body = { 0 };
	char weight[16];
	snprintf(weight, sizeof(weight), "%u", p->local);
	const struct http_field fields[] = {
		{ STR_INIT("content-type"), STR_INIT("application/json") },
		{ STR_INIT("x-content-type-options"), STR_INIT("nosniff") },
		{ STR_INIT("x-load-balancing-endpoint-weight"), str_from(weight) },
	};
	buf_printf(&body,
		   "{\n\t\"service\": {\n\t\t\"namespace\": \"%s\",\n\t\t\"name\": \"%s\"\n\t},\n"
		   "\t\"localEndpoints\": %u,\n\t\"serviceProxyHealthy\": true\n}",
		   p->ns, p->name, p->local);
	struct chunk c = chunk_copy(buf_view(&body));
	http_reply(req, p->local ? 200 : 503, fields, COUNT_OF(fields), &c, 1);
}

static void probe_free(void *ctx)
{
	struct probe *p = ctx;
	free(p->ns);
	free(p->name);
	free(p);
}

static void probe_close(void *value)
{
	struct probe *p = value;
	if (p->server)
		http_server_stop(p->server, STOP_MS, probe_free, p);
	else
		probe_free(p);
}

static struct probe *probe_open(struct service_health *h, struct str ns, struct str name, int port)
{
	static const char *const addresses[] = { "0.0.0.0", "::", NULL };
	struct probe *p = NEW(struct probe);
	auto_err err = { 0 };
	p->ns = str_dup(ns);
	p->name = str_dup(name);
	p->port = port;
	const struct http_server_config config = {
		.loops = &h->loop,
		.nloops = 1,
		.addresses = addresses,
		.port = port,
		.handler = answer,
		.ctx = p,
	};
	if (http_server_start(&config, &p->server, &err) < 0) {
		log_error("no health check for a Service", LOG_S("service", p->name),
			  LOG_S("namespace", p->ns), LOG_I("port", port),
			  LOG_S("error", err_text(&err)));
		p->server = NULL;
	}
	return p;
}

void service_health_set(struct service_health *h, struct str ns, struct str name, int port,
			unsigned local_endpoints)
{
	auto_buf key = { 0 };
	buf_printf(&key, "%.*s/%.*s", STR_ARG(ns), STR_ARG(name));
	struct probe *p = map_get(&h->probes, buf_view(&key));
	if (p && p->port != port) {
		map_del(&h->probes, buf_view(&key));
		probe_close(p);
		p = NULL;
	}
	if (!port)
		return;
	if (!p) {
		p = probe_open(h, ns, name, port);
		map_put(&h->probes, buf_view(&key), p);
	}
	p->local = local_endpoints;
}

struct service_health *service_health_new(struct loop *l)
{
	struct service_health *h = NEW(struct service_health);
	h->loop = l;
	return h;
}

void service_health_free(struct service_health *h)
{
	map_free(&h->probes, probe_close);
	free(h);
}

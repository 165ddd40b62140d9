/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/network/proxy_health.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/metrics.h"
#include "net/http_server.h"

#define LATE_US 60000000 /* twice kube-proxy's sync period */
#define STOP_MS 100

struct proxy_health {
	const bool *eligible;
	int64_t updated_us, queued_us;
	struct metric *took, *updated;
	struct http_server *healthz, *metrics;
};

static void put_time(struct buf *out, const char *name, int64_t us)
{
	char text[TIME_TEXT_MAX];
	if (us)
		time_format_micro(us, text);
	buf_printf(out, "\"%s\":\"%s\"", name, us ? text : "0001-01-01T00:00:00Z");
}

int proxy_health_page(const struct proxy_view *v, struct buf *out)
{
	static const char *const families[] = { "IPv4", "IPv6" };
	bool healthy = !v->updated_us || !v->queued_us || v->now_us - v->queued_us < LATE_US;
	bool good = healthy && (v->livez || v->eligible);
	const char *word = healthy ? "true" : "false";
	buf_puts(out, "{");
	put_time(out, "lastUpdated", good ? v->now_us : v->updated_us);
	buf_puts(out, ",");
	put_time(out, "currentTime", v->now_us);
	if (!v->livez)
		buf_printf(out, ",\"nodeEligible\":%s", v->eligible ? "true" : "false");
	buf_printf(out, ",\"healthy\":%s", word);
	for (size_t i = 0; v->updated_us && i < COUNT_OF(families); i++) {
		buf_printf(out, "%s\"%s\":{", i ? "," : ",\"status\":{", families[i]);
		put_time(out, "lastUpdated", v->updated_us);
		buf_printf(out, ",\"healthy\":%s}", word);
	}
	buf_puts(out, v->updated_us ? "}}" : "}");
	return good ? 200 : 503;
}

static void reply(struct http_request *req, int status, const char *type, const struct buf *body)
{
	const struct http_field fields[] = {
		{ STR_INIT("content-type"), str_from(type) },
		{ STR_INIT("x-content-type-options"), STR_INIT("nosniff") },
	};
	struct chunk c = chunk_copy(buf_view(body));
	http_reply(req, status, fields, COUNT_OF(fields), &c, 1);
}

static void count(const char *name, const char *help, int status)
{
	static const char *const labels[] = { "code", NULL };
	const char *const values[] = { status == 200 ? "200" : "503", NULL };
	metric_add(metric_with(metric_family(METRIC_COUNTER, name, help, labels, NULL, 0), values),
		   1);
}

static void health_page(struct proxy_health *h, struct http_request *req, bool livez)
{
	auto_buf body = { 0 };
	const struct proxy_view v = { clock_wall_us(clock_real()), h->updated_us, h->queued_us,
				      *h->eligible, livez };
	int status = proxy_health_page(&v, &body);
	if (livez)
		count("kubeproxy_proxy_livez_total", "Cumulative proxy livez HTTP status", status);
	else
		count("kubeproxy_proxy_healthz_total", "Cumulative proxy healthz HTTP status",
		      status);
	reply(req, status, "application/json", &body);
}

static void healthz(struct proxy_health *h, struct http_request *req)
{
	health_page(h, req, false);
}

static void livez(struct proxy_health *h, struct http_request *req)
{
	health_page(h, req, true);
}

static void metrics(struct proxy_health *h, struct http_request *req)
{
	auto_buf body = { 0 };
	(void)h;
	metrics_render(&body);
	reply(req, 200, "text/plain; version=0.0.4; charset=utf-8", &body);
}

static void say(struct http_request *req, const char *word)
{
	auto_buf body = { 0 };
	buf_puts(&body, word);
	reply(req, 200, "text/plain; charset=utf-8", &body);
}

static void ok(struct proxy_health *h, struct http_request *req)
{
	(void)h;
	say(req, "ok");
}

static void mode(struct proxy_health *h, struct http_request *req)
{
	(void)h;
	say(req, "nftables");
}

struct page {
	const char *path;
	void (*fn)(struct proxy_health *h, struct http_request *req);
};
static const struct page healthz_pages[] = { { "/healthz", healthz }, { "/livez", livez } };
static const struct page metrics_pages[] = {
	{ "/metrics", metrics },
	{ "/healthz", ok },
	{ "/proxyMode", mode },
};

static void dispatch(struct proxy_health *h, struct http_request *req, const struct page *pages,
		     size_t n)
{
	auto_buf body = { 0 };
	for (size_t i = 0; i < n; i++) {
		if (!str_eqz(req->path, pages[i].path))
			continue;
		pages[i].fn(h, req);
		return;
	}
	buf_puts(&body, "404 page not found\n");
	reply(req, 404, "text/plain; charset=utf-8", &body);
}

static void on_healthz(void *ctx, struct http_request *req)
{
	dispatch(ctx, req, healthz_pages, COUNT_OF(healthz_pages));
}

static void on_metrics(void *ctx, struct http_request *req)
{
	dispatch(ctx, req, metrics_pages, COUNT_OF(metrics_pages));
}

static struct http_server *serve(struct proxy_health *h, struct loop *l,
				 const char *const *addresses, int port, http_handler handler)
{
	struct http_server *server = NULL;
	auto_err err = { 0 };
	const struct http_server_config config = { .loops = &l,
						   .nloops = 1,
						   .addresses = addresses,
						   .port = port,
						   .handler = handler,
						   .ctx = h };
	if (http_server_start(&config, &server, &err) == 0)
		return server;
	log_warn("the service proxy's health and metrics are not served", LOG_I("port", port),
		 LOG_S("error", err_text(&err)));
	return NULL;
}

struct proxy_health *proxy_health_new(struct loop *l, const bool *eligible)
{
	static const char *const everywhere[] = { "0.0.0.0", "::", NULL };
	static const char *const here[] = { "127.0.0.1", NULL };
	static const double buckets[] = { 0.001, 0.002, 0.004, 0.008, 0.016, 0.032, 0.064, 0.128,
					  0.256, 0.512, 1.024, 2.048, 4.096, 8.192, 16.384 };
	struct proxy_health *h = NEW(struct proxy_health);
	h->eligible = eligible;
	h->took = metric_with(metric_family(METRIC_HISTOGRAM,
					    "kubeproxy_sync_proxy_rules_duration_seconds",
					    "SyncProxyRules latency in seconds", NULL, buckets,
					    COUNT_OF(buckets)),
			      NULL);
	h->updated = metric_with(metric_family(METRIC_GAUGE,
					       "kubeproxy_sync_proxy_rules_last_timestamp_seconds",
					       "The last time proxy rules were successfully synced",
					       NULL, NULL, 0),
				 NULL);
	h->healthz = serve(h, l, everywhere, PROXY_HEALTHZ_PORT, on_healthz);
	h->metrics = serve(h, l, here, PROXY_METRICS_PORT, on_metrics);
	return h;
}

void proxy_health_queued(struct proxy_health *h)
{
	if (!h->queued_us)
		h->queued_us = clock_wall_us(clock_real());
}

void proxy_health_updated(struct proxy_health *h, int64_t took_us, bool more)
{
	h->updated_us = clock_wall_us(clock_real());
	h->queued_us = more ? h->updated_us : 0;
	metric_observe(h->took, (double)took_us / 1e6);
	metric_set(h->updated, (double)h->updated_us / 1e6);
}

static void both_stopped(void *ctx)
{
	free(ctx);
}

static void healthz_stopped(void *ctx)
{
	struct proxy_health *h = ctx;
	if (h->metrics)
		http_server_stop(h->metrics, STOP_MS, both_stopped, h);
	else
		both_stopped(h);
}

void proxy_health_free(struct proxy_health *h)
{
	static const bool gone;
	h->eligible = &gone; /* requests that are open yet */
	if (h->healthz)
		http_server_stop(h->healthz, STOP_MS, healthz_stopped, h);
	else
		healthz_stopped(h);
}

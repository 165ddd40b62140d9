/* SPDX-License-Identifier: Apache-2.0 */
/* /pods, /stats/summary, /metrics and /metrics/resource. Usage is read from the cgroups when it is asked for. */
#include <stdio.h>
#include <sys/statvfs.h>

#include "agent/kubelet/server.h"
#include "base/metrics.h"

void server_pods(struct server_call *c)
{
	auto_buf b = { 0 };
	size_t at = 0;
	buf_puts(&b, "{\"kind\":\"PodList\",\"apiVersion\":\"v1\",\"metadata\":{},\"items\":[");
	bool first = true;
	for (struct map_entry *e; (e = map_next(&c->k->pods, &at));) {
		const struct pod *p = e->value;
		if (!p->object)
			continue;
		buf_puts(&b, first ? "" : ",");
		buf_str(&b, p->object->json);
		first = false;
	}
	buf_puts(&b, "]}");
	server_reply(c->req, 200, "application/json", &b);
}

struct totals {
	uint64_t cpu_us, memory_bytes, working_set_bytes;
};

static bool usage_of(struct kubelet *k, const struct pod_container *c, struct runtime_usage *out)
{
	return (c->life == LIFE_RUNNING || c->life == LIFE_STOPPING) &&
	       runtime_usage(k->runtime, c->id, out, NULL) == 0;
}

static void write_usage(struct buf *b, const char *now, const struct totals *t)
{
	buf_printf(b, "\"cpu\":{\"time\":\"%s\",\"usageCoreNanoSeconds\":%llu},", now,
		   (unsigned long long)t->cpu_us * 1000);
	buf_printf(b, "\"memory\":{\"time\":\"%s\",\"usageBytes\":%llu,\"workingSetBytes\":%llu}",
		   now, (unsigned long long)t->memory_bytes,
		   (unsigned long long)t->working_set_bytes);
}

static void add(struct totals *t, const struct runtime_usage *u)
{
	t->cpu_us += u->cpu_us;
	t->memory_bytes += u->memory_bytes;
	t->working_set_bytes += u->working_set_bytes;
}

static void write_container(struct kubelet *k, const struct pod_container *c, const char *now,
			    struct totals *pod, struct buf *b, bool *first)
{
	struct runtime_usage u;
	char started[TIME_TEXT_MAX];
	if (!usage_of(k, c, &u))
		return;
	struct totals own = { 0 };
	add(&own, &u);
	add(pod, &u);
	time_format(c->started_us / 1000000, started);
	buf_printf(b, "%s{\"name\":\"%s\",\"startTime\":\"%s\",", *first ? "" : ",", c->name,
		   started);
	write_usage(b, now, &own);
	buf_putc(b, '}');
	*first = false;
}

static void write_pod(struct kubelet *k, const struct pod *p, const char *now, struct totals *node,
		      struct buf *b)
{
	struct totals t = { 0 };
	char started[TIME_TEXT_MAX];
	bool first = true;
	time_format(p->start_us / 1000000, started);
	buf_printf(b,
		   "{\"podRef\":{\"name\":\"%s\",\"namespace\":\"%s\",\"uid\":\"%s\"},"
		   "\"startTime\":\"%s\",\"containers\":[",
		   p->name, p->ns, p->uid, started);
	for (size_t i = 0; i < p->ncontainers; i++)
		write_container(k, p->containers[i], now, &t, b, &first);
	buf_puts(b, "],");
	write_usage(b, now, &t);
	buf_putc(b, '}');
	node->cpu_us += t.cpu_us;
	node->memory_bytes += t.memory_bytes;
	node->working_set_bytes += t.working_set_bytes;
}

static void write_fs(struct kubelet *k, const char *now, struct buf *b)
{
	struct statvfs fs;
	if (statvfs(k->config.data_dir, &fs) < 0)
		return;
	unsigned long long size = fs.f_blocks * fs.f_frsize, available = fs.f_bavail * fs.f_frsize,
			   free_bytes = fs.f_bfree * fs.f_frsize;
	buf_printf(b,
		   ",\"fs\":{\"time\":\"%s\",\"availableBytes\":%llu,\"capacityBytes\":%llu,"
		   "\"usedBytes\":%llu}",
		   now, available, size, size - free_bytes);
}

static void summary(struct server_call *c)
{
	auto_buf pods = { 0 }, b = { 0 };
	char now[TIME_TEXT_MAX];
	struct totals node = { 0 };
	size_t at = 0;
	time_format(clock_wall_s(c->k->clock), now);
	for (struct map_entry *e; (e = map_next(&c->k->pods, &at));) {
		buf_puts(&pods, pods.n ? "," : "");
		write_pod(c->k, e->value, now, &node, &pods);
	}
	buf_printf(&b, "{\"node\":{\"nodeName\":\"%s\",", c->k->config.node_name);
	write_usage(&b, now, &node);
	write_fs(c->k, now, &b);
	buf_printf(&b, "},\"pods\":[%s]}", pods.n ? pods.p : "");
	server_reply(c->req, 200, "application/json", &b);
}

void server_stats(struct server_call *c)
{
	if (str_eqz(c->parts[0], "summary"))
		summary(c);
	else
		server_error(c->req, 404, "404 page not found\n");
}

/* --- metrics --- */

static void write_series(struct kubelet *k, struct buf *b, const char *name, const char *help,
			 const char *type, bool cpu)
{
	size_t at = 0;
	buf_printf(b, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
	for (struct map_entry *e; (e = map_next(&k->pods, &at));) {
		const struct pod *p = e->value;
		for (size_t i = 0; i < p->ncontainers; i++) {
			struct runtime_usage u;
			if (!usage_of(k, p->containers[i], &u))
				continue;
			double value = cpu ? (double)u.cpu_us / 1e6 : (double)u.working_set_bytes;
			buf_printf(b, "%s{container=\"%s\",namespace=\"%s\",pod=\"%s\"} %.10g\n",
				   name, p->containers[i]->name, p->ns, p->name, value);
		}
	}
}

void server_metrics(struct server_call *c)
{
	auto_buf b = { 0 };
	if (c->nparts == 0) {
		metrics_render(&b);
	} else if (str_eqz(c->parts[0], "resource")) {
		write_series(c->k, &b, "container_cpu_usage_seconds_total",
			     "Cumulative cpu time consumed by the container in core-seconds",
			     "counter", true);
		write_series(c->k, &b, "container_memory_working_set_bytes",
			     "Current working set of the container in bytes", "gauge", false);
	} else {
		server_error(c->req, 404, "404 page not found\n");
		return;
	}
	buf_puts(&b, "");
	server_reply(c->req, 200, "text/plain; version=0.0.4; charset=utf-8", &b);
}

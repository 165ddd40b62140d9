/* SPDX-License-Identifier: Apache-2.0 */
/* /metrics, /metrics/resource, /metrics/cadvisor and /metrics/probes, with upstream's names. */
#include "agent/kubelet/serve/server.h"
#include "base/metrics.h"

struct family {
	const char *name, *help, *type;
};

static void write_head(struct buf *b, const struct family *f)
{
	buf_printf(b, "# HELP %s %s\n# TYPE %s %s\n", f->name, f->help, f->name, f->type);
}

enum measure { MEASURE_CPU, MEASURE_WORKING_SET, MEASURE_MEMORY, MEASURE_START };

static bool measure(const struct pod_container *c, enum measure m, double *out)
{
	struct runtime_usage u;
	if (!container_usage(c, &u))
		return false;
	switch (m) {
	case MEASURE_CPU: *out = (double)u.cpu_us / 1e6; break;
	case MEASURE_WORKING_SET: *out = (double)u.working_set_bytes; break;
	case MEASURE_MEMORY: *out = (double)u.memory_bytes; break;
	case MEASURE_START: *out = (double)c->started_us / 1e6; break;
	}
	return true;
}

static void write_labels(struct buf *b, const struct pod_container *c, bool cadvisor)
{
	const struct pod *p = c->pod;
	if (cadvisor)
		buf_printf(b, "{container=\"%s\",id=\"%s\",image=\"%s\",name=\"%s\",", c->name,
			   c->id, c->image ? c->image : "", c->id);
	else
		buf_printf(b, "{container=\"%s\",", c->name);
	buf_printf(b, "namespace=\"%s\",pod=\"%s\"}", p->ns, p->name);
}

static void containers(struct kubelet *k, struct buf *b, const struct family *f, enum measure m,
		       bool cadvisor)
{
	size_t at = 0;
	double value;
	write_head(b, f);
	for (struct map_entry *e; (e = map_next(&k->pods, &at));) {
		const struct pod *p = e->value;
		for (size_t i = 0; i < p->ncontainers; i++) {
			if (!measure(p->containers[i], m, &value))
				continue;
			buf_puts(b, f->name);
			write_labels(b, p->containers[i], cadvisor);
			buf_printf(b, " %.13g %lld\n", value,
				   (long long)(clock_wall_us(k->clock) / 1000));
		}
	}
}

static void pods(struct kubelet *k, struct buf *b, const struct family *f, enum measure m)
{
	size_t at = 0;
	write_head(b, f);
	for (struct map_entry *e; (e = map_next(&k->pods, &at));) {
		const struct pod *p = e->value;
		double sum = 0, one;
		bool any = false;
		for (size_t i = 0; i < p->ncontainers; i++)
			if (measure(p->containers[i], m, &one)) {
				sum += one;
				any = true;
			}
		if (any)
			buf_printf(b, "%s{namespace=\"%s\",pod=\"%s\"} %.13g %lld\n", f->name,
				   p->ns, p->name, sum,
				   (long long)(clock_wall_us(k->clock) / 1000));
	}
}

static void single(struct kubelet *k, struct buf *b, const struct family *f, double value)
{
	write_head(b, f);
	buf_printf(b, "%s %.13g %lld\n", f->name, value,
		   (long long)(clock_wall_us(k->clock) / 1000));
}

static void resource(struct kubelet *k, struct buf *b)
{
	static const struct family list[] = {
		{ "container_cpu_usage_seconds_total",
		  "[STABLE] Cumulative cpu time consumed by the container in core-seconds",
		  "counter" },
		{ "container_memory_working_set_bytes",
		  "[STABLE] Current working set of the container in bytes", "gauge" },
		{ "container_start_time_seconds",
		  "[STABLE] Start time of the container since unix epoch in seconds", "gauge" },
		{ "node_cpu_usage_seconds_total",
		  "[STABLE] Cumulative cpu time consumed by the node in core-seconds", "counter" },
		{ "node_memory_working_set_bytes",
		  "[STABLE] Current working set of the node in bytes", "gauge" },
		{ "pod_cpu_usage_seconds_total",
		  "[STABLE] Cumulative cpu time consumed by the pod in core-seconds", "counter" },
		{ "pod_memory_working_set_bytes",
		  "[STABLE] Current working set of the pod in bytes", "gauge" },
		{ "resource_scrape_error",
		  "[STABLE] 1 if there was an error while getting container metrics, 0 otherwise",
		  "gauge" },
	};
	struct machine_usage m = { 0 };
	bool known = machine_usage_read(&m);
	containers(k, b, &list[0], MEASURE_CPU, false);
	containers(k, b, &list[1], MEASURE_WORKING_SET, false);
	containers(k, b, &list[2], MEASURE_START, false);
	single(k, b, &list[3], (double)m.cpu_us / 1e6);
	single(k, b, &list[4], (double)m.working_set_bytes);
	pods(k, b, &list[5], MEASURE_CPU);
	pods(k, b, &list[6], MEASURE_WORKING_SET);
	write_head(b, &list[7]);
	buf_printf(b, "%s %d\n", list[7].name, !known);
}

static void cadvisor(struct kubelet *k, struct buf *b)
{
	static const struct family list[] = {
		{ "container_cpu_usage_seconds_total", "Cumulative cpu time consumed in seconds.",
		  "counter" },
		{ "container_memory_working_set_bytes", "Current working set in bytes.", "gauge" },
		{ "container_memory_usage_bytes",
		  "Current memory usage in bytes, including all memory regardless of when it was "
		  "accessed",
		  "gauge" },
		{ "container_start_time_seconds",
		  "Start time of the container since unix epoch in seconds.", "gauge" },
		{ "machine_cpu_cores", "Number of logical CPU cores.", "gauge" },
		{ "machine_memory_bytes", "Amount of memory installed on the machine.", "gauge" },
	};
	containers(k, b, &list[0], MEASURE_CPU, true);
	containers(k, b, &list[1], MEASURE_WORKING_SET, true);
	containers(k, b, &list[2], MEASURE_MEMORY, true);
	containers(k, b, &list[3], MEASURE_START, true);
	single(k, b, &list[4], (double)k->machine.cpu_milli / 1000);
	single(k, b, &list[5], (double)k->machine.memory_bytes);
}

static void write_probes(const struct pod_container *c, struct buf *b)
{
	static const char *const kinds[PROBE_KINDS] = { "Startup", "Liveness", "Readiness" };
	static const char *const results[PROBE_RESULTS] = { "successful", "failed", "unknown" };
	for (int i = 0; i < PROBE_KINDS; i++)
		for (int r = 0; r < PROBE_RESULTS; r++)
			if (c->probed[i][r])
				buf_printf(
					b,
					"prober_probe_total{container=\"%s\",namespace=\"%s\",pod="
					"\"%s\",pod_uid=\"%s\",probe_type=\"%s\",result=\"%s\"} "
					"%llu\n",
					c->name, c->pod->ns, c->pod->name, c->pod->uid, kinds[i],
					results[r], (unsigned long long)c->probed[i][r]);
}

static void probes(struct kubelet *k, struct buf *b)
{
	static const struct family total = { "prober_probe_total",
					     "[BETA] Cumulative number of a liveness, readiness or "
					     "startup probe for a container "
					     "by result.",
					     "counter" };
	size_t at = 0;
	write_head(b, &total);
	for (struct map_entry *e; (e = map_next(&k->pods, &at));) {
		const struct pod *p = e->value;
		for (size_t i = 0; i < p->ncontainers; i++)
			write_probes(p->containers[i], b);
	}
}

static const struct {
	const char *name;
	void (*write)(struct kubelet *k, struct buf *b);
} pages[] = { { "resource", resource }, { "cadvisor", cadvisor }, { "probes", probes } };

void server_metrics(struct server_call *c)
{
	auto_buf b = { 0 };
	bool found = c->nparts == 0;
	if (found)
		metrics_render(&b);
	for (size_t i = 0; c->nparts && i < COUNT_OF(pages); i++)
		if (str_eqz(c->parts[0], pages[i].name)) {
			pages[i].write(c->k, &b);
			found = true;
		}
	if (!found) {
		server_error(c->req, 404, "404 page not found\n");
		return;
	}
	buf_puts(&b, "");
	server_reply(c->req, 200, "text/plain; version=0.0.4; charset=utf-8", &b);
}

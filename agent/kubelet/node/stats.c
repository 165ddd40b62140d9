/* SPDX-License-Identifier: Apache-2.0 */
/* /pods and /stats/summary, as upstream's kubelet/apis/stats/v1alpha1 names them. Usage is read from the cgroups when it is asked
 * for; rates are over the time since the node's timer looked last. */
#include <stdio.h>
#include <sys/statvfs.h>

#include "agent/kubelet/pod/qos.h"
#include "agent/kubelet/serve/server.h"

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
	uint64_t cpu_us, nano_cores, memory_bytes, working_set_bytes, available_bytes;
};

bool container_usage(const struct pod_container *c, struct runtime_usage *out)
{
	return (c->life == LIFE_RUNNING || c->life == LIFE_STOPPING) &&
	       runtime_usage(c->pod->k->runtime, c->id, out, NULL) == 0;
}

static void write_usage(struct buf *b, const char *now, const struct totals *t)
{
	buf_printf(b,
		   "\"cpu\":{\"time\":\"%s\",\"usageNanoCores\":%llu,"
		   "\"usageCoreNanoSeconds\":%llu},",
		   now, (unsigned long long)t->nano_cores, (unsigned long long)t->cpu_us * 1000);
	buf_printf(b, "\"memory\":{\"time\":\"%s\",", now);
	if (t->available_bytes)
		buf_printf(b, "\"availableBytes\":%llu,", (unsigned long long)t->available_bytes);
	buf_printf(b, "\"usageBytes\":%llu,\"workingSetBytes\":%llu}",
		   (unsigned long long)t->memory_bytes, (unsigned long long)t->working_set_bytes);
}

static uint64_t available(int64_t limit, uint64_t used)
{
	return limit > 0 && (uint64_t)limit > used ? (uint64_t)limit - used : 0;
}

static void write_container(const struct pod_container *c, int64_t now_us, const char *now,
			    struct totals *pod, struct buf *b, bool *first)
{
	struct runtime_usage u;
	char started[TIME_TEXT_MAX];
	if (!container_usage(c, &u))
		return;
	struct usage_rate rate =
		usage_rate_of(&c->usage, (struct usage_sample){ now_us, u.cpu_us });
	struct totals own = {
		.cpu_us = u.cpu_us,
		.nano_cores = rate.nano_cores,
		.memory_bytes = u.memory_bytes,
		.working_set_bytes = u.working_set_bytes,
		.available_bytes = available(resource_amount(&c->actuated.limits, "memory"),
					     u.working_set_bytes),
	};
	pod->cpu_us += u.cpu_us;
	pod->nano_cores += rate.nano_cores;
	pod->memory_bytes += u.memory_bytes;
	pod->working_set_bytes += u.working_set_bytes;
	time_format(c->started_us / 1000000, started);
	buf_printf(b, "%s{\"name\":\"%s\",\"startTime\":\"%s\",", *first ? "" : ",", c->name,
		   started);
	write_usage(b, now, &own);
	buf_putc(b, '}');
	*first = false;
}

static void write_pod(const struct pod *p, int64_t now_us, const char *now, struct buf *b)
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
		write_container(p->containers[i], now_us, now, &t, b, &first);
	buf_puts(b, "],");
	write_usage(b, now, &t);
	buf_putc(b, '}');
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

static void write_node(struct kubelet *k, int64_t now_us, const char *now, struct buf *b)
{
	struct machine_usage m = { 0 };
	machine_usage_read(&m);
	struct usage_rate rate =
		usage_rate_of(&k->usage, (struct usage_sample){ now_us, m.cpu_us });
	struct totals t = { m.cpu_us, rate.nano_cores, m.memory_bytes, m.working_set_bytes,
			    m.available_bytes };
	buf_printf(b, "\"node\":{\"nodeName\":\"%s\",", k->config.node_name);
	write_usage(b, now, &t);
	write_fs(k, now, b);
	buf_putc(b, '}');
}

static void summary(struct server_call *c)
{
	auto_buf b = { 0 };
	char now[TIME_TEXT_MAX];
	size_t at = 0;
	int64_t now_us = clock_wall_us(c->k->clock);
	bool first = true;
	time_format(now_us / 1000000, now);
	buf_putc(&b, '{');
	write_node(c->k, now_us, now, &b);
	buf_puts(&b, ",\"pods\":[");
	for (struct map_entry *e; (e = map_next(&c->k->pods, &at)); first = false) {
		buf_puts(&b, first ? "" : ",");
		write_pod(e->value, now_us, now, &b);
	}
	buf_puts(&b, "]}");
	server_reply(c->req, 200, "application/json", &b);
}

void server_stats(struct server_call *c)
{
	if (str_eqz(c->parts[0], "summary"))
		summary(c);
	else
		server_error(c->req, 404, "404 page not found\n");
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/kubelet/node/usage.h"

#include <unistd.h>

#include "agent/kubelet/pod/pod.h"
#include "base/file.h"

#define WINDOW_MIN_US 5000000
#define TEXT_MAX      (1u << 20)

void usage_add(struct usage_history *h, struct usage_sample now)
{
	if (h->newer.cpu_us > now.cpu_us)
		h->newer = (struct usage_sample){ 0 };
	h->older = h->newer;
	h->newer = now;
}

struct usage_rate usage_rate_of(const struct usage_history *h, struct usage_sample now)
{
	bool fresh = now.at_us - h->newer.at_us < WINDOW_MIN_US && h->older.at_us;
	const struct usage_sample *since = fresh ? &h->older : &h->newer;
	struct usage_rate r = { 0 };
	if (!since->at_us || now.at_us <= since->at_us || now.cpu_us < since->cpu_us)
		return r;
	r.window_us = now.at_us - since->at_us;
	r.nano_cores = (uint64_t)((unsigned __int128)(now.cpu_us - since->cpu_us) * 1000000000u /
				  (uint64_t)r.window_us);
	return r;
}

/* --- the machine --- */

/* The first line: cpu user nice system idle iowait irq softirq steal … in ticks. */
static bool read_cpu(uint64_t *us)
{
	auto_buf text = { 0 };
	uint64_t ticks = 0, n = 0;
	if (file_read("/proc/stat", TEXT_MAX, &text, NULL) < 0)
		return false;
	struct str rest = buf_view(&text), line, word;
	str_next(&rest, '\n', &line);
	for (int i = 0; str_next(&line, ' ', &word) && i < 9;) {
		if (!str_to_u64(word, &n))
			continue;
		if (i != 3 && i != 4) /* idle, iowait */
			ticks += n;
		if (++i == 8)
			break; /* guests are counted as users already */
	}
	*us = ticks * (1000000u / (uint64_t)sysconf(_SC_CLK_TCK));
	return true;
}

static bool read_memory(struct machine_usage *out)
{
	static const char *const names[] = { "MemTotal:", "MemFree:", "Inactive(file):",
					     "MemAvailable:" };
	auto_buf text = { 0 };
	uint64_t values[4] = { 0 };
	struct str line, word;
	if (file_read("/proc/meminfo", TEXT_MAX, &text, NULL) < 0)
		return false;
	for (struct str rest = buf_view(&text); str_next(&rest, '\n', &line);)
		for (size_t i = 0; i < 4; i++) {
			struct str value = line;
			if (!str_cut_prefix(&value, str_from(names[i])))
				continue;
			value = str_trim(value);
			str_next(&value, ' ', &word);
			str_to_u64(word, &values[i]);
		}
	out->memory_bytes = (values[0] - values[1]) * 1024;
	out->working_set_bytes = out->memory_bytes - values[2] * 1024;
	out->available_bytes = values[3] * 1024;
	return true;
}

bool machine_usage_read(struct machine_usage *out)
{
	*out = (struct machine_usage){ 0 };
	return read_cpu(&out->cpu_us) && read_memory(out);
}

/* --- on the timer --- */

static void look_at(struct pod_container *c, int64_t now_us)
{
	struct runtime_usage u;
	if (c->life == LIFE_RUNNING && runtime_usage(c->pod->k->runtime, c->id, &u, NULL) == 0)
		usage_add(&c->usage, (struct usage_sample){ now_us, u.cpu_us });
}

void usage_look(struct kubelet *k)
{
	struct machine_usage m;
	int64_t now_us = clock_wall_us(k->clock);
	size_t at = 0;
	for (struct map_entry *e; (e = map_next(&k->pods, &at));) {
		struct pod *p = e->value;
		for (size_t i = 0; i < p->ncontainers; i++)
			look_at(p->containers[i], now_us);
	}
	if (machine_usage_read(&m))
		usage_add(&k->usage, (struct usage_sample){ now_us, m.cpu_us });
}

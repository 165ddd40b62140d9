/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/kubelet/node/pressure.h"

#include <stdlib.h>

#include "agent/kubelet/pod/qos.h"
#include "api/values/quantity.h"
#include "base/mem.h"
#include "client/placement.h"

#define CRITICAL 2000000000 /* upstream's SystemCriticalPriority */

static const struct {
	const char *name, *resource;
	enum node_condition condition;
} signals[PRESSURE_SIGNALS] = {
	[PRESSURE_MEMORY] = { "memory.available", "memory", NODE_MEMORY_PRESSURE },
	[PRESSURE_NODEFS] = { "nodefs.available", "ephemeral-storage", NODE_DISK_PRESSURE },
	[PRESSURE_NODEFS_INODES] = { "nodefs.inodesFree", "inodes", NODE_DISK_PRESSURE },
	[PRESSURE_IMAGEFS] = { "imagefs.available", "ephemeral-storage", NODE_DISK_PRESSURE },
	[PRESSURE_IMAGEFS_INODES] = { "imagefs.inodesFree", "inodes", NODE_DISK_PRESSURE },
	[PRESSURE_PIDS] = { "pid.available", "pids", NODE_PID_PRESSURE },
};
static const char *const condition_names[PRESSURE_CONDITIONS] = {
	[NODE_MEMORY_PRESSURE] = "MemoryPressure",
	[NODE_DISK_PRESSURE] = "DiskPressure",
	[NODE_PID_PRESSURE] = "PIDPressure",
};

const char *pressure_resource(enum pressure_signal s)
{
	return signals[s].resource;
}

bool pressure_is_of_disk(enum pressure_signal s)
{
	return signals[s].condition == NODE_DISK_PRESSURE;
}

bool pressure_signal_find(struct str name, enum pressure_signal *out)
{
	for (enum pressure_signal s = 0; s < PRESSURE_SIGNALS; s++)
		if (str_eqz(name, signals[s].name)) {
			*out = s;
			return true;
		}
	return false;
}

const char *pressure_signal_name(enum pressure_signal s)
{
	return signals[s].name;
}

static int parse_value(struct str text, struct pressure_threshold *out, struct err *err)
{
	struct quantity q;
	if (!str_ends(text, STR("%"))) {
		int r = quantity_parse(text, &q, err);
		if (r == 0 && quantity_i64(q) < 0)
			r = err_set(err, ERR_INVALID, "must not be negative");
		if (r == 0)
			out->amount = quantity_i64(q);
		return r;
	}
	auto_free char *number = str_dup(str_of(text.p, text.n - 1));
	char *end;
	double v = strtod(number, &end);
	if (end == number || *end || !(v >= 0 && v < 100))
		return err_set(err, ERR_INVALID, "must be from 0%% to less than 100%%");
	out->percent = v;
	return 0;
}

static int parse_one(struct str word, struct pressure_thresholds *out, struct err *err)
{
	struct str value = word, name;
	str_next(&value, '<', &name);
	enum pressure_signal s;
	if (pressure_signal_find(name, &s))
		return parse_value(value, &out->of[s], err);
	return err_set(err, ERR_INVALID, "no such signal: %.*s", STR_ARG(name));
}

int pressure_parse(struct str text, struct pressure_thresholds *out, struct err *err)
{
	struct pressure_thresholds all = { 0 };
	struct str word;
	while (text.n && str_next(&text, ',', &word)) {
		int r = parse_one(str_trim(word), &all, err);
		if (r < 0)
			return err_wrap(err, r, "%.*s", STR_ARG(word));
	}
	*out = all;
	return 0;
}

int64_t pressure_limit(const struct pressure_thresholds *t, enum pressure_signal s,
		       int64_t capacity)
{
	const struct pressure_threshold *one = &t->of[s];
	return one->amount ? one->amount : (int64_t)((double)capacity * one->percent / 100);
}

unsigned pressure_met(const struct pressure_thresholds *t,
		      const struct pressure_amount now[PRESSURE_SIGNALS])
{
	unsigned met = 0;
	for (enum pressure_signal s = 0; s < PRESSURE_SIGNALS; s++)
		if (now[s].capacity && now[s].available < pressure_limit(t, s, now[s].capacity))
			met |= 1u << s;
	return met;
}

int64_t pressure_tasks(struct str loadavg)
{
	struct str word;
	int64_t n;
	for (int i = 0; i < 4; i++)
		if (!str_next(&loadavg, ' ', &word))
			return -1;
	size_t slash = str_find(word, '/');
	if (slash >= word.n || !str_to_i64(str_of(word.p + slash + 1, word.n - slash - 1), &n))
		return -1;
	return n;
}

void pressure_conditions(unsigned met, int64_t now_us, int64_t transition_us,
			 int64_t seen_us[PRESSURE_CONDITIONS], bool out[PRESSURE_CONDITIONS])
{
	for (size_t s = 0; s < PRESSURE_SIGNALS; s++)
		if (met & 1u << s)
			seen_us[signals[s].condition] = now_us;
	for (size_t c = 0; c < PRESSURE_CONDITIONS; c++)
		out[c] =
			seen_us[c] && (seen_us[c] == now_us || now_us - seen_us[c] < transition_us);
}

bool pressure_spares(const struct core_v1_pod *pod)
{
	return pod->spec.priority && *pod->spec.priority >= CRITICAL;
}

/* Memory alone: only those are kept out that asked for none. */
static bool bears_memory_pressure(const struct core_v1_pod *pod)
{
	return !str_eqz(str_from(qos_class(&pod->spec)), "BestEffort") ||
	       pod_tolerates(&pod->spec, STR("node.kubernetes.io/memory-pressure"),
			     (struct str){ 0 }, STR("NoSchedule"));
}

bool pressure_admits(const bool conditions[PRESSURE_CONDITIONS], const struct core_v1_pod *pod,
		     struct buf *out)
{
	size_t n = 0;
	for (size_t c = 0; c < PRESSURE_CONDITIONS; c++)
		n += conditions[c];
	if (n == 0 || pressure_spares(pod) ||
	    (n == 1 && conditions[NODE_MEMORY_PRESSURE] && bears_memory_pressure(pod)))
		return true;
	buf_puts(out, "The node had condition: [");
	for (size_t c = 0, k = 0; c < PRESSURE_CONDITIONS; c++)
		if (conditions[c])
			buf_printf(out, "%s%s", k++ ? " " : "", condition_names[c]);
	buf_puts(out, "]. ");
	return false;
}

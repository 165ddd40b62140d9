/* SPDX-License-Identifier: Apache-2.0 */
/*   eviction_look ─► amounts ─► conditions ─► nothing is short, no pod is limited: done
 *                                    │
 *       worker: unused images go, directories are measured ◄┘
 *                                    │
 *       loop: pods beyond their own limits go; still short: the first in rank goes ─► until it is gone: look again each second */
#include "agent/kubelet/node/eviction.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "agent/kubelet/node/eviction_rank.h"
#include "agent/kubelet/node/image_gc.h"
#include "agent/kubelet/node/local_storage.h"
#include "agent/kubelet/node/node.h"
#include "agent/kubelet/node/pressure_look.h"
#include "agent/kubelet/pod/pod.h"
#include "agent/kubelet/pod/pod_status.h"
#include "agent/kubelet/pod/qos.h"
#include "base/log.h"
#include "base/mem.h"

#define GRACE_US       1000000 /* upstream's immediateEvictionGracePeriodSeconds */
#define VICTIM_WAIT_US (30 * 1000000ll)
#define AGAIN_MS       1000
#define STALL          "some 150000 2000000" /* 150 ms in 2 s; finer windows need a capability */

struct eviction {
	struct kubelet *k;
	struct pressure_rules rules;
	struct pressure_amount now[PRESSURE_SIGNALS];
	int64_t seen_us[PRESSURE_CONDITIONS];
	bool conditions[PRESSURE_CONDITIONS];
	unsigned met,
		hard; /* that are acted upon: hard ones at once, soft ones after their grace */
	int64_t soft_since_us[PRESSURE_SIGNALS];
	bool busy, stopped;
	char victim[64]; /* uid of the pod that goes */
	int64_t victim_until_us;
	struct loop_timer again;
	uv_poll_t stalls;
	int stalls_fd; /* -1: this kernel does not tell */
};

const bool *eviction_conditions(const struct eviction *e)
{
	return e->conditions;
}

static void look_around(struct eviction *e)
{
	pressure_look(e->k->config.data_dir, e->k->machine.memory_bytes, e->now);
	int64_t now_us = clock_wall_us(e->k->clock);
	unsigned soft = pressure_met(&e->rules.soft, e->now);
	e->hard = pressure_met(&e->rules.hard, e->now);
	e->met = e->hard | pressure_soft_due(&e->rules, soft, now_us, e->soft_since_us);
	pressure_conditions(e->hard | soft, now_us, e->rules.transition_us, e->seen_us,
			    e->conditions);
}

/* --- who goes --- */

static bool is_active(const struct pod *p)
{
	struct str phase = str_from(pod_phase(p));
	return p->admitted && !p->frozen && !p->finished && !pod_is_terminating(p) &&
	       !str_eqz(phase, "Succeeded") && !str_eqz(phase, "Failed");
}

/* Of one that goes for a soft threshold: its own, but no longer than the node allows. */
static int64_t soft_grace_us(const struct eviction *e, const struct pod *p)
{
	int64_t us = e->rules.max_pod_grace_us;
	const int64_t *own = p->api.spec.termination_grace_period_seconds;
	if (own && grace_us_of(*own) < us)
		us = grace_us_of(*own);
	return us > GRACE_US ? us : GRACE_US;
}

static void evict(struct eviction *e, struct pod *p, struct str message, bool by_node,
		  int64_t grace_us)
{
	p->stop_message = str_dup(message);
	log_warn("pod evicted", LOG_S("pod", p->name), LOG_S("namespace", p->ns),
		 LOG_S("message", p->stop_message));
	pod_event(p, NULL, true, "Evicted", "%s", p->stop_message);
	p->stop_reason = str_dup(STR("Evicted"));
	p->stop_grace_us = grace_us;
	p->disrupted = by_node;
	snprintf(e->victim, sizeof(e->victim), "%s", p->uid);
	e->victim_until_us = clock_wall_us(e->k->clock) + VICTIM_WAIT_US;
	loop_timer_start(&e->again, AGAIN_MS);
	pod_sync(p);
}

/* The next one has to wait until what the last one held is free. */
static bool victim_goes_still(const struct eviction *e)
{
	const struct pod *p = e->victim[0] ? pod_by_uid(e->k, e->victim) : NULL;
	return p && p->sandbox != SANDBOX_NONE && p->sandbox != SANDBOX_REMOVED &&
	       clock_wall_us(e->k->clock) < e->victim_until_us;
}

struct pass { /* over the directories of pods, on a worker */
	struct eviction *e;
	struct local_storage *pods;
	size_t n;
	bool all; /* not only those with limits */
};

static const struct local_storage *measured(const struct pass *s, const struct pod *p)
{
	for (size_t i = 0; s && i < s->n; i++)
		if (str_eqz(str_from(s->pods[i].uid), p->uid))
			return &s->pods[i];
	return NULL;
}

static int64_t container_uses(const struct pod_container *c, enum pressure_signal s,
			      const struct local_storage *disk)
{
	struct runtime_usage u;
	int64_t n = 0;
	if (s == PRESSURE_MEMORY || s == PRESSURE_PIDS) {
		if (c->life != LIFE_RUNNING ||
		    runtime_usage(c->pod->k->runtime, c->id, &u, NULL) < 0)
			return 0;
		return (int64_t)(s == PRESSURE_MEMORY ? u.working_set_bytes : u.pids);
	}
	for (size_t i = 0; disk && i < disk->n; i++)
		if (disk->parts[i].kind != LOCAL_VOLUME &&
		    str_eqz(str_from(disk->parts[i].name), c->name))
			n += s == PRESSURE_NODEFS || s == PRESSURE_IMAGEFS ? disk->parts[i].bytes
									   : disk->parts[i].inodes;
	return n;
}

static int64_t pod_uses(const struct pod *p, enum pressure_signal s,
			const struct local_storage *disk)
{
	int64_t n = 0;
	if (pressure_is_of_disk(s)) {
		bool bytes = s == PRESSURE_NODEFS || s == PRESSURE_IMAGEFS;
		return !disk ? 0 : bytes ? local_storage_bytes(disk) : local_storage_inodes(disk);
	}
	for (size_t i = 0; i < p->ncontainers; i++)
		n += container_uses(p->containers[i], s, NULL);
	return n;
}

static void tell(const struct eviction *e, const struct pod *p, enum pressure_signal s,
		 const struct local_storage *disk, struct buf *out)
{
	auto_free struct eviction_usage *all = mem_zalloc((p->ncontainers + 1) * sizeof(*all));
	for (size_t i = 0; i < p->ncontainers; i++) {
		const struct pod_container *c = p->containers[i];
		all[i] = (struct eviction_usage){
			c->name, s == PRESSURE_PIDS ? 0 : container_uses(c, s, disk),
			resource_amount(&c->spec->resources.requests, pressure_resource(s))
		};
	}
	const struct pressure_thresholds *t = e->hard & 1u << s ? &e->rules.hard : &e->rules.soft;
	eviction_message(s, pressure_limit(t, s, e->now[s].capacity), e->now[s].available, all,
			 p->ncontainers, out);
}

static void evict_first(struct eviction *e, enum pressure_signal s, const struct pass *pass)
{
	struct kubelet *k = e->k;
	size_t n = 0, at = 0;
	auto_free struct eviction_candidate *list = mem_zalloc((k->pods.count + 1) * sizeof(*list));
	auto_buf message = { 0 };
	for (struct map_entry *m; (m = map_next(&k->pods, &at));) {
		struct pod *p = m->value;
		if (!is_active(p) || pressure_spares(&p->api))
			continue;
		list[n++] = (struct eviction_candidate){
			.pod = p,
			.priority = p->api.spec.priority ? *p->api.spec.priority : 0,
			.usage = pod_uses(p, s, measured(pass, p)),
			.request = qos_pod_request(&p->api.spec, pressure_resource(s)),
		};
	}
	if (n == 0) {
		log_warn("no pod to evict", LOG_S("resource", pressure_resource(s)));
		return;
	}
	eviction_rank(list, n, s);
	tell(e, list[0].pod, s, measured(pass, list[0].pod), &message);
	struct pod *first = list[0].pod;
	evict(e, first, buf_view(&message), true,
	      e->hard & 1u << s ? GRACE_US : soft_grace_us(e, first));
}

static void relieve(struct eviction *e, const struct pass *pass)
{
	auto_buf text = { 0 };
	for (enum pressure_signal s = 0; s < PRESSURE_SIGNALS; s++) {
		if (!(e->met & 1u << s))
			continue;
		buf_printf(&text, "Attempting to reclaim %s", pressure_resource(s));
		node_event(e->k, true, "EvictionThresholdMet", text.p);
		evict_first(e, s, pass);
		return;
	}
}

/* --- with a worker's help --- */

static bool disk_is_short(const struct eviction *e)
{
	for (enum pressure_signal s = 0; s < PRESSURE_SIGNALS; s++)
		if (e->met & 1u << s && pressure_is_of_disk(s))
			return true;
	return false;
}

static void measure(void *ctx)
{
	struct pass *s = ctx;
	for (size_t i = 0; i < s->n; i++)
		local_storage_measure(&s->pods[i]);
}

static void enforce_limits(struct eviction *e, const struct pass *s)
{
	for (size_t i = 0; i < s->n; i++) {
		struct pod *p = pod_by_uid(e->k, s->pods[i].uid);
		auto_buf why = { 0 };
		if (p && is_active(p) && !pressure_spares(&p->api) &&
		    local_storage_exceeds(&s->pods[i], &why))
			evict(e, p, buf_view(&why), false, GRACE_US);
	}
}

static void measured_all(void *ctx)
{
	struct pass *s = ctx;
	struct eviction *e = s->e;
	e->busy = false;
	if (!e->stopped) {
		enforce_limits(e, s);
		look_around(e); /* images may have made room */
		if (disk_is_short(e) && !s->all)
			eviction_look(e); /* since then: who takes the room was not measured */
		else if (e->met && !victim_goes_still(e))
			relieve(e, s);
	}
	for (size_t i = 0; i < s->n; i++)
		arena_free(&s->pods[i].arena);
	free(s->pods);
	free(s);
}

static void start_pass(void *ctx)
{
	struct eviction *e = ctx;
	if (e->stopped)
		return;
	struct pass *s = NEW(struct pass);
	size_t at = 0;
	s->e = e;
	s->all = disk_is_short(e);
	s->pods = mem_zalloc((e->k->pods.count + 1) * sizeof(*s->pods));
	for (struct map_entry *m; (m = map_next(&e->k->pods, &at));) {
		const struct pod *p = m->value;
		if (is_active(p) && (s->all || local_storage_is_limited(&p->api)))
			local_storage_take(p, &s->pods[s->n++]);
	}
	loop_work(e->k->loop, measure, measured_all, s);
}

static bool somebody_is_limited(const struct eviction *e)
{
	size_t at = 0;
	for (struct map_entry *m; (m = map_next(&e->k->pods, &at));) {
		const struct pod *p = m->value;
		if (is_active(p) && local_storage_is_limited(&p->api))
			return true;
	}
	return false;
}

void eviction_look(struct eviction *e)
{
	bool before[PRESSURE_CONDITIONS];
	memcpy(before, e->conditions, sizeof(before));
	look_around(e);
	if (e->k->node && memcmp(before, e->conditions, sizeof(before)) != 0)
		node_pressure_changed(e->k->node);
	if (e->busy || e->stopped || !e->k->pods_synced)
		return;
	if (victim_goes_still(e)) {
		loop_timer_start(&e->again, AGAIN_MS);
		return;
	}
	e->victim[0] = 0;
	if (disk_is_short(e)) {
		e->busy = true;
		image_gc_unused(e->k, start_pass, e);
	} else if (somebody_is_limited(e)) {
		e->busy = true;
		start_pass(e);
	} else if (e->met) {
		relieve(e, NULL);
	}
}

/* --- when to look --- */

static void on_again(struct loop_timer *t)
{
	eviction_look(CONTAINER_OF(t, struct eviction, again));
}

static void on_stall(uv_poll_t *h, int status, int events)
{
	struct eviction *e = CONTAINER_OF(h, struct eviction, stalls);
	if (status < 0)
		uv_poll_stop(h);
	else if (events & UV_PRIORITIZED)
		eviction_look(e);
}

/* Documentation/accounting/psi.rst: whoever writes a trigger is woken with POLLPRI, at most once per window. */
static void watch_stalls(struct eviction *e)
{
	static const char *const files[] = { "/sys/fs/cgroup/memory.pressure",
					     "/proc/pressure/memory" };
	e->stalls_fd = -1;
	for (size_t i = 0; i < COUNT_OF(files) && e->stalls_fd < 0; i++) {
		int fd = open(files[i], O_RDWR | O_NONBLOCK | O_CLOEXEC);
		if (fd < 0)
			continue;
		if (write(fd, STALL, sizeof(STALL)) > 0 &&
		    uv_poll_init(&e->k->loop->uv, &e->stalls, fd) == 0 &&
		    uv_poll_start(&e->stalls, UV_PRIORITIZED, on_stall) == 0)
			e->stalls_fd = fd;
		else
			close(fd);
	}
}

struct eviction *eviction_new(struct kubelet *k, const struct pressure_rules *rules)
{
	struct eviction *e = NEW(struct eviction);
	e->k = k;
	const struct pressure_threshold *hard = &rules->hard.of[PRESSURE_MEMORY];
	e->rules = *rules;
	loop_timer_init(k->loop, &e->again, on_again);
	if (hard->amount || hard->percent > 0)
		watch_stalls(e);
	else
		e->stalls_fd = -1;
	return e;
}

void eviction_stop(struct eviction *e)
{
	if (!e || e->stopped)
		return;
	e->stopped = true;
	loop_timer_stop(&e->again);
	if (e->stalls_fd >= 0)
		uv_poll_stop(&e->stalls);
}

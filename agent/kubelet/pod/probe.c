/* SPDX-License-Identifier: Apache-2.0 */
/* Each probe is a timer and at most one handler. Results are counted against the thresholds by probe_judge(), which is pure.
 *
 *   startup ──passed──► liveness, readiness        startup or liveness gave up ──► the container is restarted
 */
#include "agent/kubelet/pod/probe.h"

#include "agent/kubelet/pod/handler.h"
#include "agent/kubelet/pod/probe_count.h"
#include "base/mem.h"

struct one_probe {
	struct probes *owner;
	enum probe_kind kind;
	struct loop_timer timer;
	struct handler *handler;
	struct probe_count count;
};
struct probes {
	struct pod_container *c; /* NULL: stopped; frees itself when the last timer is closed */
	struct one_probe list[PROBE_KINDS];
	int open; /* timers */
};

static const struct {
	const char *name, *lower;
} words[] = {
	[PROBE_STARTUP] = { "Startup", "startup" },
	[PROBE_LIVENESS] = { "Liveness", "liveness" },
	[PROBE_READINESS] = { "Readiness", "readiness" },
};

static const struct core_v1_probe *spec_of(const struct pod_container *c, enum probe_kind kind)
{
	switch (kind) {
	case PROBE_STARTUP: return c->spec->startup_probe;
	case PROBE_LIVENESS: return c->spec->liveness_probe;
	default: return c->spec->readiness_probe;
	}
}

static uint64_t positive(int32_t seconds, uint64_t fallback)
{
	return seconds > 0 ? (uint64_t)seconds : fallback;
}

static struct probe_limits limits_of(const struct core_v1_probe *s)
{
	return (struct probe_limits){ s->success_threshold > 0 ? s->success_threshold : 1,
				      s->failure_threshold > 0 ? s->failure_threshold : 3 };
}

static void arm(struct one_probe *p, uint64_t ms)
{
	loop_timer_start(&p->timer, ms);
}

static void give_up(struct pod_container *c, enum probe_kind kind, const struct core_v1_probe *s)
{
	if (c->kill_message)
		return;
	c->kill_message = str_printf("Container %s failed %s probe, will be restarted", c->name,
				     words[kind].lower);
	if (s->termination_grace_period_seconds)
		c->kill_grace_us = grace_us_of(*s->termination_grace_period_seconds);
}

static void start_others(struct probes *list)
{
	for (int i = PROBE_LIVENESS; i < PROBE_KINDS; i++) {
		const struct core_v1_probe *s = spec_of(list->c, (enum probe_kind)i);
		if (s)
			arm(&list->list[i], 0);
	}
}

static void apply(struct one_probe *p, const struct core_v1_probe *s, enum probe_verdict v)
{
	struct pod_container *c = p->owner->c;
	if (v == VERDICT_NONE)
		return;
	if (p->kind == PROBE_READINESS) {
		c->ready = v == VERDICT_PASSED;
	} else if (v == VERDICT_FAILED) {
		give_up(c, p->kind, s);
	} else if (p->kind == PROBE_STARTUP && !c->started) {
		c->started = true;
		loop_timer_stop(&p->timer);
		start_others(p->owner);
	}
}

static void on_result(void *ctx, enum handler_result r, const char *output)
{
	struct one_probe *p = ctx;
	struct pod_container *c = p->owner->c;
	const struct core_v1_probe *s = spec_of(c, p->kind);
	p->handler = NULL;
	if (!s)
		return;
	c->probed[p->kind][r == HANDLER_WARNING ? HANDLER_SUCCESS : r]++;
	if (r == HANDLER_FAILURE)
		pod_event(c->pod, c, true, "Unhealthy", "%s probe failed: %s", words[p->kind].name,
			  output);
	else if (r == HANDLER_ERROR)
		pod_event(c->pod, c, true, "Unhealthy",
			  "%s probe errored and resulted in unknown state: %s", words[p->kind].name,
			  output);
	else if (r == HANDLER_WARNING)
		pod_event(c->pod, c, true, "ProbeWarning", "%s probe warning: %s",
			  words[p->kind].name, output);
	struct probe_limits limits = limits_of(s);
	arm(p, positive(s->period_seconds, 10) * 1000);
	apply(p, s, probe_judge(&p->count, &limits, r == HANDLER_SUCCESS || r == HANDLER_WARNING));
	pod_sync(c->pod);
}

static void on_timer(struct loop_timer *t)
{
	struct one_probe *p = CONTAINER_OF(t, struct one_probe, timer);
	struct pod_container *c = p->owner->c;
	const struct core_v1_probe *s = c ? spec_of(c, p->kind) : NULL;
	if (!s || c->life != LIFE_RUNNING || p->handler)
		return;
	struct handler_spec h = {
		.exec = s->exec,
		.http_get = s->http_get,
		.tcp_socket = s->tcp_socket,
		.grpc = s->grpc,
		.purpose = "probe",
		.timeout_ms = positive(s->timeout_seconds, 1) * 1000,
	};
	p->handler = handler_start(c, &h, on_result, p);
}

void probes_start(struct pod_container *c, bool adopted)
{
	bool any = false;
	c->started = (adopted && c->started) || !c->spec->startup_probe;
	c->ready = (adopted && c->ready) || !c->spec->readiness_probe;
	for (int i = 0; i < PROBE_KINDS; i++)
		any = any || spec_of(c, (enum probe_kind)i);
	if (!any || c->role == ROLE_INIT || c->role == ROLE_EPHEMERAL)
		return;
	struct probes *list = NEW(struct probes);
	list->c = c;
	c->probes = list;
	for (int i = 0; i < PROBE_KINDS; i++) {
		struct one_probe *p = &list->list[i];
		const struct core_v1_probe *s = spec_of(c, (enum probe_kind)i);
		*p = (struct one_probe){ .owner = list, .kind = (enum probe_kind)i };
		loop_timer_init(c->pod->k->loop, &p->timer, on_timer);
		list->open++;
		if (s && (i == PROBE_STARTUP) == !c->started)
			arm(p, adopted ? 0 : positive(s->initial_delay_seconds, 0) * 1000);
	}
}

static void timer_closed(struct loop_timer *t)
{
	struct one_probe *p = CONTAINER_OF(t, struct one_probe, timer);
	struct probes *list = p->owner;
	if (--list->open == 0)
		free(list);
}

void probes_stop(struct pod_container *c)
{
	struct probes *list = TAKE(c->probes);
	if (!list)
		return;
	list->c = NULL;
	for (int i = 0; i < PROBE_KINDS; i++) {
		if (list->list[i].handler)
			handler_cancel(list->list[i].handler);
		loop_timer_close(&list->list[i].timer, timer_closed);
	}
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Ready, status and restarts of a pod come out of one walk over its container statuses, as upstream's printPod. */
#include <stdio.h>

#include "api/table/printer_cells.h"
#include "api/values/duration.h"

struct summary {
	int64_t restarts, total, ready;
	int64_t restarted_s; /* latest restart that counts; 0: none known */
	char reason[160];
};

static void set_reason(struct summary *s, const char *prefix, struct at reason)
{
	auto_buf text = { 0 };
	at_text(reason, &text);
	snprintf(s->reason, sizeof(s->reason), "%s%.*s", prefix, (int)text.n, text.n ? text.p : "");
}

static void set_exit(struct summary *s, const char *prefix, struct at terminated)
{
	int64_t signal = at_int(at_get(terminated, "signal"), 0);
	if (!at_empty(at_get(terminated, "reason")))
		set_reason(s, prefix, at_get(terminated, "reason"));
	else if (signal)
		snprintf(s->reason, sizeof(s->reason), "%sSignal:%lld", prefix, (long long)signal);
	else
		snprintf(s->reason, sizeof(s->reason), "%sExitCode:%lld", prefix,
			 (long long)at_int(at_get(terminated, "exitCode"), 0));
}

static bool is_restartable(struct at pod, struct at status)
{
	auto_buf name = { 0 };
	at_text(at_get(status, "name"), &name);
	buf_putc(&name, 0);
	struct at container = cell_find(at_path(pod, "spec.initContainers"), "name", name.p);
	return at_eq(at_get(container, "restartPolicy"), "Always");
}

static void count_restarts(struct at status, int64_t *restarts, int64_t *latest_s)
{
	int64_t finished;
	*restarts += at_int(at_get(status, "restartCount"), 0);
	if (cell_time(at_path(status, "lastState.terminated.finishedAt"), &finished) &&
	    finished > *latest_s)
		*latest_s = finished;
}

static void start_reason(struct summary *s, struct at pod)
{
	struct at status = at_get(pod, "status");
	struct at gate = cell_find(at_get(status, "conditions"), "type", "PodScheduled");
	struct at reason = at_get(status, "reason");
	set_reason(s, "", at_empty(reason) ? at_get(status, "phase") : reason);
	if (at_eq(at_get(gate, "reason"), "SchedulingGated"))
		snprintf(s->reason, sizeof(s->reason), "SchedulingGated");
}

/* True when this init container is what the pod waits for. */
static bool stops_at(struct summary *s, struct at status, bool restartable, size_t i, size_t n)
{
	struct at terminated = at_path(status, "state.terminated");
	struct at waiting = at_path(status, "state.waiting.reason");
	if (terminated.v && at_int(at_get(terminated, "exitCode"), 0) == 0)
		return false;
	if (restartable && at_true(at_get(status, "started"))) {
		s->ready += at_true(at_get(status, "ready")) ? 1 : 0;
		return false;
	}
	if (terminated.v)
		set_exit(s, "Init:", terminated);
	else if (!at_empty(waiting) && !at_eq(waiting, "PodInitializing"))
		set_reason(s, "Init:", waiting);
	else
		snprintf(s->reason, sizeof(s->reason), "Init:%zu/%zu", i, n);
	return true;
}

/* Sums over the init containers; what counts once the pod is past them goes to *sidecars. */
static bool walk_init(struct summary *s, struct at pod, struct summary *sidecars)
{
	size_t i = 0, n = at_count(at_path(pod, "spec.initContainers"));
	AT_EACH(at_path(pod, "status.initContainerStatuses"), status)
	{
		bool restartable = is_restartable(pod, status);
		count_restarts(status, &s->restarts, &s->restarted_s);
		if (restartable)
			count_restarts(status, &sidecars->restarts, &sidecars->restarted_s);
		if (stops_at(s, status, restartable, i++, n))
			return true;
	}
	return false;
}

static void after_completion(struct summary *s, struct at pod, bool running, const char *error)
{
	if (running && cell_has_condition(at_path(pod, "status.conditions"), "Ready", "True"))
		snprintf(s->reason, sizeof(s->reason), "Running");
	else if (*error)
		snprintf(s->reason, sizeof(s->reason), "%s", error);
	else if (running)
		snprintf(s->reason, sizeof(s->reason), "NotReady");
}

static void walk_containers(struct summary *s, struct at pod)
{
	struct at list = at_path(pod, "status.containerStatuses");
	char error[sizeof(s->reason)] = "";
	bool running = false;
	for (size_t i = at_count(list); i-- > 0;) {
		struct at status = at_item(list, i),
			  terminated = at_path(status, "state.terminated");
		struct at waiting = at_path(status, "state.waiting.reason");
		count_restarts(status, &s->restarts, &s->restarted_s);
		if (!at_empty(waiting)) {
			set_reason(s, "", waiting);
		} else if (terminated.v) {
			set_exit(s, "", terminated);
			if (at_int(at_get(terminated, "exitCode"), 0))
				snprintf(error, sizeof(error), "%s", s->reason);
		} else if (at_true(at_get(status, "ready")) && at_path(status, "state.running").v) {
			running = true;
			s->ready++;
		}
	}
	if (strcmp(s->reason, "Completed") == 0)
		after_completion(s, pod, running, error);
}

static void deletion_reason(struct summary *s, struct at pod)
{
	struct at status = at_get(pod, "status"), phase = at_get(status, "phase");
	if (at_empty(at_path(pod, "metadata.deletionTimestamp")))
		return;
	if (at_eq(at_get(status, "reason"), "NodeLost"))
		snprintf(s->reason, sizeof(s->reason), "Unknown");
	else if (!at_eq(phase, "Succeeded") && !at_eq(phase, "Failed"))
		snprintf(s->reason, sizeof(s->reason), "Terminating");
}

static void summarize(struct at pod, struct summary *s)
{
	struct summary sidecars = { 0 };
	*s = (struct summary){ 0 };
	start_reason(s, pod);
	s->total = (int64_t)at_count(at_path(pod, "spec.containers"));
	AT_EACH(at_path(pod, "spec.initContainers"), it)
	s->total += at_eq(at_get(it, "restartPolicy"), "Always") ? 1 : 0;
	bool initializing = walk_init(s, pod, &sidecars);
	if (!initializing ||
	    cell_has_condition(at_path(pod, "status.conditions"), "Initialized", "True")) {
		s->restarts = sidecars.restarts;
		s->restarted_s = sidecars.restarted_s;
		walk_containers(s, pod);
	}
	deletion_reason(s, pod);
}

void cell_pods_ready(struct cell *c)
{
	struct summary s;
	summarize(c->root, &s);
	buf_printf(&c->text, "%lld/%lld", (long long)s.ready, (long long)s.total);
}

void cell_pods_status(struct cell *c)
{
	struct summary s;
	summarize(c->root, &s);
	cell_puts(c, s.reason);
}

void cell_pods_restarts(struct cell *c)
{
	struct summary s;
	char age[DURATION_TEXT_MAX];
	summarize(c->root, &s);
	buf_i64(&c->text, s.restarts);
	if (s.restarts && s.restarted_s) {
		duration_human(c->now_s - s.restarted_s, age);
		buf_printf(&c->text, " (%s ago)", age);
	}
}

void cell_pods_readiness_gates(struct cell *c)
{
	struct at gates = at_path(c->root, "spec.readinessGates");
	size_t n = at_count(gates), passed = 0;
	AT_EACH(gates, it)
	{
		auto_buf type = { 0 };
		at_text(at_get(it, "conditionType"), &type);
		buf_putc(&type, 0);
		passed += cell_has_condition(at_path(c->root, "status.conditions"), type.p, "True")
				  ? 1
				  : 0;
	}
	if (n)
		buf_printf(&c->text, "%zu/%zu", passed, n);
	else
		cell_puts(c, "<none>");
}

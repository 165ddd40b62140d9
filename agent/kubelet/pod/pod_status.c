/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/kubelet/pod/pod_status.h"

#include "agent/kubelet/pod/container_report.h"
#include "agent/kubelet/pod/qos.h"
#include "api/values/quantity.h"

struct api_time status_time(int64_t us)
{
	return (struct api_time){ us / 1000000 * 1000000,
				  us != 0 }; /* metav1.Time has whole seconds */
}

struct str status_text(struct arena *a, const char *text)
{
	return text ? arena_str(a, str_from(text)) : (struct str){ 0 };
}

/* --- phase --- */

struct tally {
	int running, waiting, stopped, succeeded;
	bool init_pending, init_failed;
};

static void count_init(struct tally *t, const struct pod_container *c)
{
	if (c->role == ROLE_SIDECAR) {
		t->init_pending = t->init_pending || !c->started;
		return;
	}
	bool done = c->life == LIFE_EXITED && c->end.exit_code == 0;
	t->init_pending = t->init_pending || !done;
	t->init_failed = t->init_failed || (c->life == LIFE_EXITED && c->end.exit_code != 0 &&
					    !c->reset && pod_container_verdict(c) == RESTART_NOT);
}

static void count_main(struct tally *t, const struct pod_container *c)
{
	if (c->life == LIFE_RUNNING || c->life == LIFE_STOPPING) {
		t->running++;
	} else if (c->life == LIFE_EXITED) {
		t->stopped++;
		t->succeeded += c->end.exit_code == 0;
	} else if (c->last.valid) {
		t->stopped++;
	} else {
		t->waiting++;
	}
}

static struct tally count(const struct pod *p)
{
	struct tally t = { 0 };
	for (size_t i = 0; i < p->ncontainers; i++) {
		const struct pod_container *c = p->containers[i];
		if (c->role == ROLE_MAIN)
			count_main(&t, c);
		else if (c->role != ROLE_EPHEMERAL)
			count_init(&t, c);
	}
	return t;
}

/* Nothing will run again: what all main containers said is the pod's word. */
static const char *final_phase(const struct pod *p, const struct tally *t)
{
	int mains = t->running + t->waiting + t->stopped;
	return t->succeeded == mains && !p->stop_reason ? "Succeeded" : "Failed";
}

const char *pod_phase(const struct pod *p)
{
	struct tally t = count(p);
	bool over = pod_is_terminating(p) && t.running == 0 && p->sandbox != SANDBOX_STARTING;
	for (size_t i = 0; over && i < p->ncontainers; i++)
		over = p->containers[i]->life == LIFE_EXITED || p->containers[i]->life == LIFE_NONE;
	if (over)
		return final_phase(p, &t);
	if (t.init_failed)
		return "Failed";
	if ((t.init_pending && !p->initialized) || t.waiting > 0)
		return "Pending";
	if (t.running > 0)
		return "Running";
	if (t.stopped == 0)
		return "Pending";
	if (!p->ended)
		return "Running";
	return t.stopped == t.succeeded ? "Succeeded" : "Failed";
}

static bool is_over(struct str phase)
{
	return str_eqz(phase, "Succeeded") || str_eqz(phase, "Failed");
}

/* --- conditions --- */

static const struct core_v1_pod_condition *previous(const struct pod *p, const char *type)
{
	for (size_t i = 0; i < p->nconditions; i++)
		if (str_eqz(p->conditions[i].type, type))
			return &p->conditions[i];
	for (size_t i = 0; !p->nconditions && i < p->api.status.conditions.n; i++)
		if (str_eqz(p->api.status.conditions.items[i].type, type))
			return &p->api.status.conditions.items[i];
	return NULL;
}

struct verdict {
	bool ok;
	const char *reason, *message;
};

static void add_condition(const struct pod *p, int64_t now_us, struct core_v1_pod_status *out,
			  const char *type, struct verdict v)
{
	const struct core_v1_pod_condition *old = previous(p, type);
	struct str status = v.ok ? STR("True") : STR("False");
	struct core_v1_pod_condition *c = &out->conditions.items[out->conditions.n++];
	*c = (struct core_v1_pod_condition){
		.type = str_from(type),
		.observed_generation = p->api.metadata.generation,
		.status = status,
		.reason = str_from(v.reason),
		.message = str_from(v.message),
		.last_transition_time = status_time(now_us),
	};
	if (old && str_eq(old->status, status) && old->last_transition_time.set)
		c->last_transition_time = old->last_transition_time;
}

/* "containers with incomplete status: [a b]" */
static const char *list_of(const struct pod *p, struct arena *a, const char *what, bool init,
			   bool (*good)(const struct pod_container *))
{
	auto_buf b = { 0 };
	for (size_t i = 0; i < p->ncontainers; i++) {
		const struct pod_container *c = p->containers[i];
		bool counts = init ? c->role == ROLE_INIT || c->role == ROLE_SIDECAR
				   : c->role == ROLE_MAIN || c->role == ROLE_SIDECAR;
		if (counts && !good(c))
			buf_printf(&b, "%s%s", b.n ? " " : "", c->name);
	}
	return b.n ? arena_printf(a, "containers with %s status: [%s]", what, b.p) : NULL;
}

static bool init_good(const struct pod_container *c)
{
	return c->role == ROLE_SIDECAR ? c->life == LIFE_RUNNING && c->started
				       : pod_container_is_ready(c);
}

static struct verdict initialized(const struct pod *p, struct arena *a, bool succeeded)
{
	if (succeeded)
		return (struct verdict){ true, "PodCompleted", NULL };
	const char *missing = p->initialized ? NULL : list_of(p, a, "incomplete", true, init_good);
	return (struct verdict){ !missing, missing ? "ContainersNotInitialized" : NULL, missing };
}

static struct verdict containers_ready(const struct pod *p, struct arena *a, const char *phase)
{
	if (str_eqz(str_from(phase), "Succeeded"))
		return (struct verdict){ false, "PodCompleted", NULL };
	if (str_eqz(str_from(phase), "Failed"))
		return (struct verdict){ false, "PodFailed", NULL };
	const char *missing = list_of(p, a, "unready", false, pod_container_is_ready);
	return (struct verdict){ !missing, missing ? "ContainersNotReady" : NULL, missing };
}

static struct verdict ready(const struct pod *p, struct arena *a, struct verdict containers)
{
	if (!containers.ok)
		return containers;
	for (size_t i = 0; i < p->api.spec.readiness_gates.n; i++) {
		struct str gate = p->api.spec.readiness_gates.items[i].condition_type;
		bool ok = false;
		for (size_t k = 0; k < p->api.status.conditions.n; k++)
			if (str_eq(p->api.status.conditions.items[k].type, gate))
				ok = str_eqz(p->api.status.conditions.items[k].status, "True");
		if (!ok)
			return (struct verdict){
				false, "ReadinessGatesNotReady",
				arena_printf(a,
					     "corresponding condition of pod readiness gate "
					     "\"%.*s\" does not exist.",
					     STR_ARG(gate))
			};
	}
	return containers;
}

static void fill_resize(const struct pod *p, int64_t now_us, struct core_v1_pod_status *out)
{
	const struct pod_resize *r = &p->resize;
	if (r->desired)
		add_condition(p, now_us, out, "PodResizePending",
			      (struct verdict){ true, "Deferred", r->pending_message });
	if (!r->in_progress)
		return;
	add_condition(p, now_us, out, "PodResizeInProgress",
		      (struct verdict){ true, r->error ? "Error" : NULL, r->error });
	out->conditions.items[out->conditions.n - 1].observed_generation = r->generation;
}

/* Told of pods that may be restarted as a whole. */
static void fill_restart(const struct pod *p, int64_t now_us, struct core_v1_pod_status *out)
{
	struct verdict v = { 0 };
	if (!restart_all_possible(&p->api.spec))
		return;
	if (is_over(out->phase))
		v.reason = str_eqz(out->phase, "Failed") ? "PodFailed" : "PodCompleted";
	else if (p->restart_all)
		v = (struct verdict){ true, "RestartAllContainersStarted",
				      "container exited with restart policy rule" };
	add_condition(p, now_us, out, "AllContainersRestarting", v);
}

static void fill_conditions(const struct pod *p, int64_t now_us, struct arena *a,
			    struct core_v1_pod_status *out)
{
	const char *phase = out->phase.p;
	struct verdict all = containers_ready(p, a, phase);
	out->conditions.items = ARENA_ARRAY(a, struct core_v1_pod_condition, 9);
	add_condition(p, now_us, out, "PodReadyToStartContainers",
		      (struct verdict){ .ok = p->sandbox == SANDBOX_READY });
	add_condition(p, now_us, out, "Initialized",
		      initialized(p, a, str_eqz(out->phase, "Succeeded")));
	add_condition(p, now_us, out, "Ready", ready(p, a, all));
	add_condition(p, now_us, out, "ContainersReady", all);
	add_condition(p, now_us, out, "PodScheduled", (struct verdict){ .ok = true });
	fill_restart(p, now_us, out);
	fill_resize(p, now_us, out);
	if (p->disrupted && is_over(out->phase))
		add_condition(p, now_us, out, "DisruptionTarget",
			      (struct verdict){ true, "TerminationByKubelet", p->stop_message });
}

/* --- resources of the pod itself --- */

static void add_amount(struct api_quantity_map *m, const char *name, int64_t amount,
		       struct arena *a)
{
	struct quantity q = !strcmp(name, "cpu") ? quantity_from_milli(amount, QUANTITY_DECIMAL_SI)
						 : quantity_from_i64(amount, QUANTITY_BINARY_SI);
	char text[QUANTITY_TEXT_MAX];
	if (!amount)
		return;
	quantity_text(q, text);
	m->items[m->n].key = str_from(name);
	m->items[m->n++].value.text = arena_str(a, str_from(text));
}

/* Sums, or what the pod says of itself: as allocated, and as its cgroup has them. */
static void fill_pod_resources(const struct pod *p, struct arena *a, struct core_v1_pod_status *out)
{
	static const char *const names[] = { "cpu", "memory" };
	const struct core_v1_pod_spec *spec = &p->api.spec;
	struct core_v1_resource_requirements *r =
		ARENA_NEW(a, struct core_v1_resource_requirements);
	struct container_resources limits;
	out->allocated_resources.items = ARENA_ARRAY(a, struct api_quantity_pair, 2);
	for (size_t i = 0; i < COUNT_OF(names); i++)
		add_amount(&out->allocated_resources, names[i], qos_pod_request(spec, names[i]), a);
	out->resources = r;
	if (p->resize.actuated) {
		*r = *p->resize.actuated;
		return;
	}
	qos_pod_resources(spec, &limits);
	r->requests = out->allocated_resources;
	r->limits.items = ARENA_ARRAY(a, struct api_quantity_pair, 2);
	add_amount(&r->limits, "cpu", limits.cpu_limit_milli, a);
	add_amount(&r->limits, "memory", limits.memory_limit_bytes, a);
}

/* --- addresses --- */

static void fill_addresses(const struct pod *p, struct arena *a, struct core_v1_pod_status *out)
{
	size_t n = 0;
	const char *const *ips = p->k->host_ips;
	while (ips[n])
		n++;
	out->host_ip = status_text(a, ips[0]);
	out->host_ips.items = ARENA_ARRAY(a, struct core_v1_host_ip, n + 1);
	for (size_t i = 0; i < n; i++)
		out->host_ips.items[out->host_ips.n++].ip = status_text(a, ips[i]);
	ips = pod_ips(p, a);
	if (!ips[0] || p->sandbox == SANDBOX_NONE || p->sandbox == SANDBOX_STARTING)
		return;
	out->pod_ip = status_text(a, ips[0]);
	out->pod_ips.items = ARENA_ARRAY(a, struct core_v1_pod_ip, 3);
	for (size_t i = 0; ips[i] && i < 2; i++)
		out->pod_ips.items[out->pod_ips.n++].ip = status_text(a, ips[i]);
}

void pod_status_build(const struct pod *p, int64_t now_us, struct arena *a,
		      struct core_v1_pod_status *out)
{
	*out = (struct core_v1_pod_status){
		.observed_generation = p->api.metadata.generation,
		.phase = str_from(pod_phase(p)),
		.qos_class = str_from(qos_class(&p->api.spec)),
		.start_time = status_time(p->start_us),
	};
	if (is_over(out->phase)) { /* until then its containers may run, as upstream's kubelet waits for them */
		out->reason = status_text(a, p->stop_reason);
		out->message = status_text(a, p->stop_message);
	}
	if (p->rejected)
		return; /* nothing was ever made for it */
	fill_conditions(p, now_us, a, out);
	fill_pod_resources(p, a, out);
	fill_addresses(p, a, out);
	container_report_fill(p, a, out);
}

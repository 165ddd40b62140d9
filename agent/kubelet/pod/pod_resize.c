/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/kubelet/pod/pod_resize.h"

#include <stdlib.h>

#include "agent/kubelet/pod/pod.h"
#include "agent/kubelet/pod/qos.h"
#include "api/decode.h"
#include "base/mem.h"
#include "client/amounts.h"

#define RETRY_US (10 * 1000000ll)

/* --- events --- */

static void write_containers(const char *key, const struct core_v1_container *items, size_t n,
			     struct buf *b)
{
	if (!n)
		return;
	buf_printf(b, "\"%s\":[", key);
	for (size_t i = 0; i < n; i++) {
		buf_puts(b, i ? ",{\"name\":" : "{\"name\":");
		buf_json_string(b, items[i].name);
		buf_puts(b, ",\"resources\":");
		struct_write_json(api_struct_core_v1_resource_requirements, &items[i].resources, b);
		buf_putc(b, '}');
	}
	buf_puts(b, "],");
}

/* Upstream's summary: {"containers":[…],"generation":2,"error":"…"} */
static void tell(struct pod *p, bool warning, const char *reason, const char *what,
		 const struct core_v1_pod_spec *spec, int64_t generation, const char *error)
{
	auto_buf b = { 0 };
	buf_putc(&b, '{');
	write_containers("initContainers", spec->init_containers.items, spec->init_containers.n,
			 &b);
	write_containers("containers", spec->containers.items, spec->containers.n, &b);
	buf_printf(&b, "\"generation\":%lld", (long long)generation);
	if (error) {
		buf_puts(&b, ",\"error\":");
		buf_json_string(&b, str_from(error));
	}
	buf_putc(&b, '}');
	pod_event(p, NULL, warning, reason, "%s: %s", what, b.p);
}

/* --- does it fit --- */

static bool is_active(const struct pod *p)
{
	return p->object && !p->gone && !p->ended && !p->frozen &&
	       !str_eqz(p->api.status.phase, "Succeeded") &&
	       !str_eqz(p->api.status.phase, "Failed");
}

static struct core_v1_pod as_pod(const struct pod *p, const struct core_v1_pod_spec *resources)
{
	struct core_v1_pod out = { 0 };
	out.spec = p->api.spec;
	if (resources) {
		out.spec.containers = resources->containers;
		out.spec.init_containers = resources->init_containers;
		out.spec.resources = resources->resources;
	}
	return out;
}

/* What the others were allocated. */
static void sum_others(const struct pod *p, struct amounts *out)
{
	size_t at = 0;
	for (struct map_entry *e; (e = map_next(&p->k->pods, &at));) {
		const struct pod *other = e->value;
		struct pod_usage u = { 0 };
		if (other == p || !is_active(other))
			continue;
		pod_usage_read(&other->api, &u);
		amounts_add(out, &u.request, 1);
		pod_usage_free(&u);
	}
}

static char *lacks(const char *name, int64_t wanted, int64_t used, int64_t capacity)
{
	if (wanted <= capacity - used)
		return NULL;
	return str_printf("Node didn't have enough resource: %s, requested: %lld, used: %lld, "
			  "capacity: %lld",
			  name, (long long)wanted, (long long)used, (long long)capacity);
}

/* NULL: it fits. */
static char *misfit(const struct pod *p, const struct core_v1_pod_spec *desired)
{
	const struct machine *m = &p->k->machine;
	struct core_v1_pod pod = as_pod(p, desired), now = as_pod(p, p->resize.allocated);
	struct pod_usage wanted = { 0 }, had = { 0 };
	struct amounts used = { 0 };
	char *why = NULL;
	pod_usage_read(&pod, &wanted);
	pod_usage_read(&now, &had);
	sum_others(p, &used);
	if (wanted.request.milli_cpu > had.request.milli_cpu)
		why = lacks("cpu", wanted.request.milli_cpu, used.milli_cpu, m->cpu_milli);
	if (!why && wanted.request.memory > had.request.memory)
		why = lacks("memory", wanted.request.memory, used.memory, m->allocatable_bytes);
	amounts_free(&used);
	pod_usage_free(&wanted);
	pod_usage_free(&had);
	return why;
}

static void nothing_pending(struct pod_resize *r)
{
	r->allocated = r->desired = NULL;
	free(r->pending_message);
	r->pending_message = NULL;
	arena_free(&r->arena);
	r->arena = (struct arena){ 0 };
}

static void begin(struct pod *p)
{
	struct pod_resize *r = &p->resize;
	resources_overlay(&p->api.spec, r->desired, &p->arena);
	nothing_pending(r);
	free(r->error);
	r->error = NULL;
	r->in_progress = true;
	r->retry_at_us = 0;
	r->generation = p->api.metadata.generation;
	tell(p, false, "ResizeStarted", "Pod resize started", &p->api.spec, r->generation, NULL);
}

/* The desired resources become the allocated ones, or are put off. */
static void decide(struct pod *p, bool changed)
{
	struct pod_resize *r = &p->resize;
	char *why = misfit(p, r->desired);
	r->ever = true;
	if (!why) {
		begin(p);
		return;
	}
	resources_overlay(&p->api.spec, r->allocated, &p->arena);
	if (changed || !r->pending_message)
		tell(p, true, "ResizeDeferred", "Pod resize Deferred", r->desired,
		     p->api.metadata.generation, why);
	free(r->pending_message);
	r->pending_message = why;
}

void pod_resize_changed(struct pod *p, const struct core_v1_pod_spec *before)
{
	struct pod_resize *r = &p->resize;
	const struct core_v1_pod_spec *had = r->allocated ? r->allocated : before;
	struct arena fresh = { 0 };
	if (resources_same(had, &p->api.spec)) {
		if (r->allocated) /* asked for, and taken back */
			nothing_pending(r);
		return;
	}
	struct core_v1_pod_spec *allocated = resources_keep(had, &fresh);
	struct core_v1_pod_spec *desired = resources_keep(&p->api.spec, &fresh);
	bool again = r->desired && resources_same(r->desired, desired);
	arena_free(&r->arena);
	r->arena = fresh;
	r->allocated = allocated;
	r->desired = desired;
	decide(p, !again);
}

static int pending_cmp(const void *a, const void *b)
{
	const struct pod *x = *(struct pod *const *)a, *y = *(struct pod *const *)b;
	int32_t px = x->api.spec.priority ? *x->api.spec.priority : 0;
	int32_t py = y->api.spec.priority ? *y->api.spec.priority : 0;
	if (px != py)
		return px > py ? -1 : 1;
	bool gx = qos_class(&x->api.spec)[0] == 'G', gy = qos_class(&y->api.spec)[0] == 'G';
	return gx == gy ? 0 : gx ? -1 : 1;
}

void pod_resize_retry_all(struct kubelet *k)
{
	size_t at = 0, n = 0;
	struct pod **pending = mem_alloc((k->pods.count + 1) * sizeof(*pending));
	for (struct map_entry *e; (e = map_next(&k->pods, &at));) {
		struct pod *p = e->value;
		if (p->resize.desired && is_active(p))
			pending[n++] = p;
	}
	if (n)
		qsort(pending, n, sizeof(struct pod *), pending_cmp);
	for (size_t i = 0; i < n; i++) {
		decide(pending[i], false);
		if (!pending[i]->resize.desired)
			pod_sync(pending[i]);
	}
	free(pending);
}

/* --- carrying out --- */

void pod_resize_container_started(struct pod_container *c, const struct core_v1_container *spec)
{
	arena_free(&c->actuated_arena);
	c->actuated_arena = (struct arena){ 0 };
	c->actuated = resources_copy(&spec->resources, &c->actuated_arena);
}

static void pod_level(struct pod *p, const struct core_v1_resource_requirements *r)
{
	struct pod_resize *s = &p->resize;
	struct arena fresh = { 0 };
	struct core_v1_resource_requirements *copy = NULL;
	if (r) {
		copy = ARENA_NEW(&fresh, struct core_v1_resource_requirements);
		*copy = resources_copy(r, &fresh);
	}
	arena_free(&s->actuated_arena);
	s->actuated_arena = fresh;
	s->actuated = copy;
}

void pod_resize_started(struct pod *p, const struct core_v1_pod_spec *spec,
			const struct container_resources *r)
{
	p->resize.pod = *r;
	pod_level(p, spec->resources);
}

static bool policy_restarts(const struct core_v1_container *c, const char *name)
{
	for (size_t i = 0; i < c->resize_policy.n; i++)
		if (str_eqz(c->resize_policy.items[i].resource_name, name))
			return str_eqz(c->resize_policy.items[i].restart_policy,
				       "RestartContainer");
	return false;
}

static struct resource_amounts wanted_of(const struct pod_container *c)
{
	return resources_of(&c->spec->resources, c->pod->api.spec.resources);
}

static struct resource_amounts actual_of(const struct pod_container *c)
{
	return resources_of(&c->actuated, c->pod->resize.actuated);
}

static bool needs_restart(const struct pod_container *c)
{
	struct resource_amounts want = wanted_of(c), is = actual_of(c);
	bool cpu = want.cpu_request != is.cpu_request || want.cpu_limit != is.cpu_limit;
	bool memory =
		want.memory_request != is.memory_request || want.memory_limit != is.memory_limit;
	return (cpu && policy_restarts(c->spec, "cpu")) ||
	       (memory && policy_restarts(c->spec, "memory"));
}

static bool is_resizable(const struct pod_container *c)
{
	return c->role != ROLE_EPHEMERAL && c->life == LIFE_RUNNING;
}

/* A limit below what is used would kill instead. */
static char *too_small(const struct pod_container *c)
{
	struct runtime_usage u;
	struct resource_amounts want = wanted_of(c), is = actual_of(c);
	if (!want.memory_limit || (is.memory_limit && want.memory_limit >= is.memory_limit) ||
	    runtime_usage(c->pod->k->runtime, c->id, &u, NULL) < 0 ||
	    u.memory_bytes < (uint64_t)want.memory_limit)
		return NULL;
	return str_printf(
		"cannot decrease memory limits: attempting to set container \"%s\" memory "
		"limit (%lld) below current usage (%llu)",
		c->name, (long long)want.memory_limit, (unsigned long long)u.memory_bytes);
}

static void fail(struct pod *p, const char *why)
{
	struct pod_resize *r = &p->resize;
	if (!r->error || strcmp(r->error, why) != 0)
		tell(p, true, "ResizeError", "Pod resize error", &p->api.spec, r->generation, why);
	char *copy = str_dup(str_from(why));
	free(r->error);
	r->error = copy;
	r->failed = true;
	r->retry_at_us = clock_wall_us(p->k->clock) + RETRY_US;
}

struct update { /* of a container, or of the pod's own cgroup */
	struct pod *pod;
	struct pod_container *c;
	struct arena arena;
	struct core_v1_container spec; /* what the container has then */
};

static void on_updated(void *ctx, const struct err *err)
{
	struct update *u = ctx;
	struct pod *p = u->pod;
	p->resize.updating--;
	if (err && !(u->c && u->c->life != LIFE_RUNNING))
		fail(p, err_text(err));
	else if (u->c && !err)
		pod_resize_container_started(u->c, &u->spec);
	arena_free(&u->arena);
	free(u);
	pod_unhold(p);
}

static struct update *update_new(struct pod *p, struct pod_container *c)
{
	struct update *u = NEW(struct update);
	u->pod = p;
	u->c = c;
	if (c)
		u->spec.resources = resources_copy(&c->spec->resources, &u->arena);
	p->resize.updating++;
	pod_hold(p);
	return u;
}

static bool pod_has(const struct pod *p, const struct container_resources *r)
{
	return r->cpu_shares_milli == p->resize.pod.cpu_shares_milli &&
	       r->cpu_limit_milli == p->resize.pod.cpu_limit_milli &&
	       r->memory_limit_bytes == p->resize.pod.memory_limit_bytes;
}

static void update_container(struct pod_container *c)
{
	struct pod *p = c->pod;
	struct container_resources r;
	qos_resources(&p->api.spec, c->spec, p->k->machine.memory_bytes, &r);
	runtime_container_update(p->k->runtime, c->id, &r, on_updated, update_new(p, c));
}

static void update_pod(struct pod *p, const struct container_resources *r)
{
	if (pod_has(p, r))
		return;
	runtime_sandbox_update(p->k->runtime, p->uid, r, on_updated, update_new(p, NULL));
	p->resize.pod = *r;
}

/* Wide enough for both, then the containers, then the pod as narrow as it is to be. */
static void update_all(struct pod *p, struct pod_container *const *changed, size_t n,
		       const struct container_resources *wide,
		       const struct container_resources *target)
{
	p->resize.failed = false;
	if (n)
		update_pod(p, wide);
	for (size_t i = 0; i < n; i++)
		update_container(changed[i]);
	update_pod(p, target);
	pod_level(p, p->api.spec.resources);
}

static void done(struct pod *p)
{
	struct pod_resize *r = &p->resize;
	r->in_progress = false;
	free(r->error);
	r->error = NULL;
	tell(p, false, "ResizeCompleted", "Pod resize completed", &p->api.spec, r->generation,
	     NULL);
	pod_resize_retry_all(p->k);
}

void pod_resize_actuate(struct pod *p)
{
	struct pod_resize *r = &p->resize;
	struct container_resources wide, after;
	const struct container_resources *target;
	bool restarts = false;
	size_t n = 0;
	if (!r->in_progress || r->updating || r->retry_at_us > clock_wall_us(p->k->clock))
		return;
	struct pod_container **changed = mem_alloc((p->ncontainers + 1) * sizeof(*changed));
	auto_free char *why = NULL;
	for (size_t i = 0; i < p->ncontainers; i++) {
		struct pod_container *c = p->containers[i];
		struct resource_amounts want = wanted_of(c), is = actual_of(c);
		restarts = restarts || c->kill_message || c->life == LIFE_STARTING ||
			   c->life == LIFE_STOPPING;
		if (!is_resizable(c) || resources_equal(&want, &is))
			continue;
		if (!c->kill_message && needs_restart(c)) {
			c->kill_message =
				str_printf("Container %s resize requires restart", c->name);
			restarts = true;
		} else if (!c->kill_message) {
			changed[n++] = c;
			why = why ? why : too_small(c);
		}
	}
	qos_pod_resources(&p->api.spec, &after);
	wide = resources_wider(&r->pod, &after);
	target = restarts ? &wide : &after; /* what is to go still has what it had */
	if (why)
		fail(p, why);
	else if (n || !pod_has(p, target))
		update_all(p, changed, n, &wide, target);
	else if (!restarts && !r->failed)
		done(p);
	free(changed);
}

/* --- after a restart --- */

static const struct core_v1_container_status *status_of(const struct pod *p, const char *name)
{
	const struct core_v1_pod_status *s = &p->api.status;
	for (size_t i = 0; i < s->container_statuses.n; i++)
		if (str_eqz(s->container_statuses.items[i].name, name))
			return &s->container_statuses.items[i];
	for (size_t i = 0; i < s->init_container_statuses.n; i++)
		if (str_eqz(s->init_container_statuses.items[i].name, name))
			return &s->init_container_statuses.items[i];
	return NULL;
}

/* True: the allocation was another. `out`: the pod as it was allocated. */
static bool was_allocated(struct pod *p, struct core_v1_pod_spec *out)
{
	bool other = false;
	for (size_t i = 0; i < out->containers.n; i++) {
		struct core_v1_container *c = &out->containers.items[i];
		auto_free char *name = str_dup(c->name);
		const struct core_v1_container_status *s = status_of(p, name);
		struct core_v1_resource_requirements before = { 0 };
		if (!s || !s->resources)
			continue;
		before.requests = s->allocated_resources;
		before.limits = s->resources->limits;
		struct resource_amounts was = resources_of(&before, NULL),
					wants = resources_of(&c->resources, NULL);
		if (was.cpu_request == wants.cpu_request &&
		    was.memory_request == wants.memory_request)
			continue;
		c->resources = before;
		other = true;
	}
	return other;
}

void pod_resize_adopt(struct pod *p)
{
	struct pod_resize *r = &p->resize;
	auto_arena a = { 0 };
	struct core_v1_pod_spec *before = resources_keep(&p->api.spec, &a);
	const struct core_v1_pod_status *s = &p->api.status;
	for (size_t i = 0; i < s->conditions.n; i++)
		r->ever = r->ever || str_starts(s->conditions.items[i].type, STR("PodResize"));
	for (size_t i = 0; i < p->ncontainers; i++) {
		struct pod_container *c = p->containers[i];
		const struct core_v1_container_status *cs = status_of(p, c->name);
		struct core_v1_container as = { 0 };
		as.resources = cs && cs->resources && c->life == LIFE_RUNNING ? *cs->resources
									      : c->spec->resources;
		pod_resize_container_started(c, &as);
		struct resource_amounts want = wanted_of(c), is = actual_of(c);
		r->in_progress =
			r->in_progress || (is_resizable(c) && !resources_equal(&want, &is));
	}
	pod_level(p, p->api.spec.resources);
	if (was_allocated(p, before)) {
		r->in_progress = false;
		pod_resize_changed(p, before);
	}
	r->generation = p->api.metadata.generation;
	qos_pod_resources(&p->api.spec, &r->pod);
}

void pod_resize_free(struct pod *p)
{
	free(p->resize.pending_message);
	free(p->resize.error);
	arena_free(&p->resize.arena);
	arena_free(&p->resize.actuated_arena);
}

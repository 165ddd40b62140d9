/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/kubelet/pod/container_report.h"

static bool *bool_of(struct arena *a, bool value)
{
	bool *p = ARENA_NEW(a, bool);
	*p = value;
	return p;
}

const char *container_end_reason(const struct container_end *e)
{
	if (e->reason)
		return e->reason;
	if (e->oom_killed)
		return "OOMKilled";
	return e->exit_code == 0 ? "Completed" : "Error";
}

static struct core_v1_container_state_terminated *terminated(struct arena *a,
							     const struct container_end *e)
{
	struct core_v1_container_state_terminated *t =
		ARENA_NEW(a, struct core_v1_container_state_terminated);
	t->exit_code = e->exit_code;
	t->signal = 0;
	t->reason = status_text(a, container_end_reason(e));
	t->message = status_text(a, e->message);
	t->started_at = (struct api_time){ status_time(e->started_us).us,
					   true }; /* 1970 when it never started */
	t->finished_at = (struct api_time){ status_time(e->finished_us).us, true };
	if (e->id[0])
		t->container_id = str_from(arena_printf(a, CONTAINER_ID_SCHEME "%s", e->id));
	return t;
}

static struct core_v1_container_state_waiting *waiting(struct arena *a, const char *reason,
						       const char *message)
{
	struct core_v1_container_state_waiting *w =
		ARENA_NEW(a, struct core_v1_container_state_waiting);
	w->reason = status_text(a, reason);
	w->message = status_text(a, message);
	return w;
}

const char *container_first_reason(const struct pod_container *c)
{
	return c->pod->api.spec.init_containers.n > 0 ? "PodInitializing" : "ContainerCreating";
}

static void fill_state(const struct pod_container *c, struct arena *a,
		       struct core_v1_container_status *out)
{
	bool waits = c->waiting_reason &&
		     (c->life == LIFE_NONE || c->life == LIFE_EXITED || c->life == LIFE_STARTING);
	if (waits) {
		out->state.waiting = waiting(a, c->waiting_reason, c->waiting_message);
		if (c->end.valid)
			out->last_state.terminated = terminated(a, &c->end);
	} else if (c->life == LIFE_RUNNING || c->life == LIFE_STOPPING) {
		out->state.running = ARENA_NEW(a, struct core_v1_container_state_running);
		out->state.running->started_at = status_time(c->started_us);
	} else if (c->life == LIFE_EXITED || c->end.valid) {
		out->state.terminated = terminated(a, &c->end);
	} else {
		out->state.waiting = waiting(a, container_first_reason(c), NULL);
	}
	if (c->last.valid && !out->last_state.terminated)
		out->last_state.terminated = terminated(a, &c->last);
}

static bool was_started(const struct pod_container *c)
{
	if (c->role == ROLE_INIT)
		return false;
	return (c->life == LIFE_RUNNING || c->life == LIFE_STOPPING) && c->started;
}

bool pod_container_is_ready(const struct pod_container *c)
{
	if (c->role == ROLE_INIT)
		return c->life == LIFE_EXITED && c->end.exit_code == 0;
	/* one that is stopped to be started anew serves until it has ended */
	bool serves = c->life == LIFE_RUNNING ||
		      (c->life == LIFE_STOPPING && c->kill_message && !pod_is_terminating(c->pod));
	return c->role != ROLE_EPHEMERAL && serves && c->started && c->ready;
}

/* As the runtime mounted it: ours can do so everywhere. */
static struct str recursive_mode(const struct core_v1_volume_mount *m)
{
	if (!m->read_only)
		return (struct str){ 0 };
	bool recursive = str_eqz(m->recursive_read_only, "Enabled") ||
			 str_eqz(m->recursive_read_only, "IfPossible");
	return recursive ? STR("Enabled") : STR("Disabled");
}

static void fill_mounts(const struct pod_container *c, struct arena *a,
			struct core_v1_container_status *out)
{
	size_t n = c->spec->volume_mounts.n;
	if (!n)
		return;
	out->volume_mounts.items = ARENA_ARRAY(a, struct core_v1_volume_mount_status, n);
	out->volume_mounts.n = n;
	for (size_t i = 0; i < n; i++) {
		const struct core_v1_volume_mount *m = &c->spec->volume_mounts.items[i];
		out->volume_mounts.items[i] = (struct core_v1_volume_mount_status){
			.name = m->name,
			.mount_path = m->mount_path,
			.read_only = m->read_only,
			.recursive_read_only = recursive_mode(m),
		};
	}
}

static void fill_resources(const struct pod_container *c, struct arena *a,
			   struct core_v1_container_status *out)
{
	bool runs = c->life == LIFE_RUNNING || c->life == LIFE_STOPPING;
	if (c->role == ROLE_EPHEMERAL || !(runs || c->end.valid || c->last.valid))
		return;
	out->allocated_resources = c->spec->resources.requests;
	out->resources = ARENA_NEW(a, struct core_v1_resource_requirements);
	*out->resources = runs ? c->actuated : c->spec->resources;
}

static void fill_user(const struct pod_container *c, struct arena *a,
		      struct core_v1_container_status *out)
{
	const struct container_user *u = c->user;
	if (!u)
		return;
	struct core_v1_linux_container_user *l = ARENA_NEW(a, struct core_v1_linux_container_user);
	l->uid = u->uid;
	l->gid = u->gid;
	l->supplemental_groups.items = ARENA_ARRAY(a, int64_t, u->ngroups + 1);
	l->supplemental_groups.n = u->ngroups;
	for (size_t i = 0; i < u->ngroups; i++)
		l->supplemental_groups.items[i] = u->groups[i];
	out->user = ARENA_NEW(a, struct core_v1_container_user);
	out->user->linux_ = l;
}

static void fill_container(const struct pod_container *c, struct arena *a,
			   struct core_v1_container_status *out)
{
	out->name = status_text(a, c->name);
	out->restart_count = c->restart_count;
	out->image = c->image ? status_text(a, c->image) : c->spec->image;
	out->image_id = c->image_ref ? status_text(a, c->image_ref) : STR("");
	const char *id = c->life == LIFE_STARTING
				 ? c->end.id
				 : c->id; /* until the new one runs, the old one is shown */
	if (id[0])
		out->container_id = str_from(arena_printf(a, CONTAINER_ID_SCHEME "%s", id));
	out->ready = pod_container_is_ready(c);
	out->started = bool_of(a, was_started(c));
	fill_state(c, a, out);
	fill_mounts(c, a, out);
	fill_user(c, a, out);
	fill_resources(c, a, out);
}

void container_report_fill(const struct pod *p, struct arena *a, struct core_v1_pod_status *out)
{
	size_t n = p->ncontainers + 1;
	out->init_container_statuses.items = ARENA_ARRAY(a, struct core_v1_container_status, n);
	out->container_statuses.items = ARENA_ARRAY(a, struct core_v1_container_status, n);
	out->ephemeral_container_statuses.items =
		ARENA_ARRAY(a, struct core_v1_container_status, n);
	for (size_t i = 0; i < p->ncontainers; i++) {
		const struct pod_container *c = p->containers[i];
		if (c->role == ROLE_MAIN)
			fill_container(c, a,
				       &out->container_statuses.items[out->container_statuses.n++]);
		else if (c->role == ROLE_EPHEMERAL)
			fill_container(c, a,
				       &out->ephemeral_container_statuses
						.items[out->ephemeral_container_statuses.n++]);
		else
			fill_container(c, a,
				       &out->init_container_statuses
						.items[out->init_container_statuses.n++]);
	}
}

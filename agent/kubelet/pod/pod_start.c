/* SPDX-License-Identifier: Apache-2.0 */
/* The first and the last steps of a launch: values, then spec, create, start; the images between them are launch_image.c's. */
#include <stdio.h>

#include "agent/kubelet/pod/container_spec.h"
#include "agent/kubelet/pod/handler.h"
#include "agent/kubelet/pod/launch.h"
#include "agent/kubelet/pod/log_link.h"
#include "agent/kubelet/pod/probe.h"
#include "base/log.h"
#include "base/mem.h"

void launch_free(struct launch *l)
{
	image_free(l->image);
	err_clear(&l->err);
	arena_free(&l->arena);
	free(l);
}

static void set_text(char **place, const char *text)
{
	char *fresh = text ? str_dup(str_from(text)) : NULL;
	free(*place);
	*place = fresh;
}

void pod_container_waits(struct pod_container *c, const char *reason, const char *message)
{
	set_text(&c->waiting_reason, reason);
	set_text(&c->waiting_message, message);
}

void pod_container_user_set(struct pod_container *c, const struct container_user *u)
{
	free(c->user);
	c->user = u ? container_user_new(u->uid, u->gid, u->groups, u->ngroups) : NULL;
}

void launch_give_up(struct launch *l, const char *reason, const char *message, int64_t retry_us)
{
	struct pod_container *c = l->c;
	struct pod *p = c->pod;
	c->life = c->end.valid ? LIFE_EXITED : LIFE_NONE;
	c->replaces = false;
	pod_container_waits(c, reason, message);
	c->pull_retry_at_us = clock_wall_us(l->k->clock) + retry_us;
	launch_free(l);
	pod_unhold(p);
}

void launch_config_error(struct launch *l, const struct err *err)
{
	auto_err copy = { 0 };
	err_copy(&copy, err);
	pod_event(l->c->pod, l->c, true, "Failed", "Error: %s", err_text(&copy));
	launch_give_up(l, "CreateContainerConfigError", err_text(&copy), LAUNCH_RETRY_US);
}

static void start_failed(struct launch *l, const char *message)
{
	struct pod_container *c = l->c;
	struct container_status s = { .exit_code = 128, .state = CONTAINER_EXITED };
	pod_event(c->pod, c, true, "Failed", "Error: %s", message);
	snprintf(s.id, sizeof(s.id), "%s", l->id);
	s.finished_us = clock_wall_us(l->k->clock);
	pod_container_ended(c, &s, "StartError", message);
}

static void on_post_start(void *ctx, enum handler_result r, const char *output)
{
	struct pod_container *c = ctx;
	struct pod *p = c->pod;
	(void)output;
	if (r != HANDLER_SUCCESS && c->life == LIFE_RUNNING) {
		pod_event(p, c, true, "FailedPostStartHook", "PostStartHook failed");
		set_text(&c->kill_message, "FailedPostStartHook");
	}
	pod_unhold(p);
}

static void run_post_start(struct pod_container *c)
{
	const struct core_v1_lifecycle *hooks = c->spec->lifecycle;
	if (!hooks || !hooks->post_start)
		return;
	const struct core_v1_lifecycle_handler *h = hooks->post_start;
	struct handler_spec s = {
		.exec = h->exec,
		.http_get = h->http_get,
		.tcp_socket = h->tcp_socket,
		.sleep = h->sleep,
		.purpose = "lifecycle",
	};
	pod_hold(c->pod);
	handler_start(c, &s, on_post_start, c);
}

static void link_log(const struct pod_container *c, const char *id)
{
	struct container_status s;
	auto_err err = { 0 };
	const struct log_link l = { c->pod->name, c->pod->ns, c->name, id };
	if (runtime_container_status(c->pod->k->runtime, id, &s) && s.log_path &&
	    log_link_make(LOG_LINKS, &l, s.log_path, &err) < 0)
		log_warn("collectors of logs don't see a container", LOG_S("pod", l.pod),
			 LOG_S("container", l.container), LOG_S("error", err_text(&err)));
}

static void on_started(void *ctx, const struct err *err)
{
	struct launch *l = ctx;
	struct pod_container *c = l->c;
	struct pod *p = c->pod;
	struct container_status s;
	if (!err) {
		pod_event(p, c, false, "Started", "Container started");
		link_log(c, l->id);
	}
	if (err) {
		start_failed(l, err_text(err));
	} else if (c->life == LIFE_STARTING) { /* else its exit was told first */
		c->life = LIFE_RUNNING;
		c->replaces = false;
		c->started_us = runtime_container_status(l->k->runtime, c->id, &s) && s.started_us
					? s.started_us
					: clock_wall_us(l->k->clock);
		container_end_clear(&c->last);
		c->last = c->end;
		c->end = (struct container_end){ 0 };
		pod_container_waits(c, NULL, NULL);
		c->usage = (struct usage_history){ .newer = { c->started_us, 0 } };
		probes_start(c, false);
		run_post_start(c);
		if (runtime_container_status(l->k->runtime, c->id, &s) &&
		    s.state == CONTAINER_EXITED)
			pod_container_ended(c, &s, NULL, NULL);
	}
	launch_free(l);
	pod_unhold(p);
}

/* It never was: the one before it is still the last one. */
static void create_failed(struct launch *l, const char *message)
{
	struct pod_container *c = l->c;
	auto_free char *text = str_dup(str_from(message));
	pod_event(c->pod, c, true, "Failed", "Error: %s", text);
	snprintf(c->id, sizeof(c->id), "%s", c->end.id);
	if (c->end.valid || c->last.valid)
		c->restart_count--;
	launch_give_up(l, "CreateContainerError", text, LAUNCH_RETRY_US);
}

static void on_created(void *ctx, const struct err *err)
{
	struct launch *l = ctx;
	struct pod_container *c = l->c;
	struct pod *p = c->pod;
	struct container_status s;
	if (err) {
		create_failed(l, err_text(err));
		return;
	}
	pod_event(p, c, false, "Created", "Container created");
	if (runtime_container_status(l->k->runtime, l->id, &s))
		pod_container_user_set(c, s.user);
	runtime_container_start(l->k->runtime, l->id, on_started, l);
}

/* Whose processes an ephemeral container sees. */
static int find_target(const struct launch *l, const char **out, struct err *err)
{
	const struct core_v1_ephemeral_container *e = (const void *)l->spec;
	if (l->c->role != ROLE_EPHEMERAL || !e->target_container_name.n)
		return 0;
	const struct pod_container *target =
		pod_container_find(l->c->pod, e->target_container_name);
	if (!target || target->life != LIFE_RUNNING)
		return err_set(err, ERR_INVALID, "unable to find target container %.*s",
			       STR_ARG(e->target_container_name));
	*out = target->id;
	return 0;
}

void launch_create(struct launch *l)
{
	struct container_spec spec;
	struct pod_container *c = l->c;
	l->view.image_user = l->image->user;
	l->view.image_id = l->image->id;
	l->view.attempt = c->restart_count;
	if (container_spec_build(&l->view, &l->arena, &spec, &l->err) < 0 ||
	    find_target(l, &spec.pid_target, &l->err) < 0) {
		launch_config_error(l, &l->err);
		return;
	}
	set_text(&c->image, l->image->name);
	auto_free char *repository = str_dup(str_from(l->image->name));
	char *tag = strrchr(repository, ':');
	if (tag && !strchr(tag, '/'))
		*tag = '\0';
	auto_free char *ref = l->image->digest && *l->image->digest
				      ? str_printf("%s@%s", repository, l->image->digest)
				      : str_printf("sha256:%s", l->image->id);
	set_text(&c->image_ref, ref);
	c->image_wanted = (free(c->image_wanted), str_dup(l->spec->image));
	set_text(&c->termination_log, l->view.termination_log);
	pod_resize_container_started(c, l->spec);
	runtime_container_create(l->k->runtime, &spec, l->id, on_created, l);
	snprintf(c->id, sizeof(c->id), "%s", l->id);
}

static const struct core_v1_container *spec_in(const struct core_v1_pod *pod, struct str name)
{
	const struct core_v1_container *c = field_container(pod, name);
	for (size_t i = 0; !c && i < pod->spec.ephemeral_containers.n; i++)
		if (str_eq(pod->spec.ephemeral_containers.items[i].name, name))
			c = (const void *)&pod->spec.ephemeral_containers.items[i];
	return c;
}

static int collect_values(struct launch *l, struct err *err)
{
	struct pod *p = l->c->pod;
	pod_source(p, &l->arena, &l->source);
	l->spec = spec_in(l->source.fields.pod, str_from(l->c->name));
	if (!l->spec)
		return err_set(err, ERR_INVALID, "container %s is no longer in the pod",
			       l->c->name);
	l->uid = arena_strdup(&l->arena, str_from(p->uid));
	l->dirs.data = arena_strdup(&l->arena, str_from(p->dirs.data));
	l->dirs.run = arena_strdup(&l->arena, str_from(p->dirs.run));
	int r = env_build(&l->source, l->spec, &l->arena, &l->env, err);
	if (r == 0)
		r = volumes_plan(&l->source, &l->dirs, &l->arena, &l->volumes, err);
	if (r < 0)
		return r;
	l->view = (struct container_view_spec){
		.pod = l->source.fields.pod,
		.container = l->spec,
		.env = &l->env,
		.volumes = &l->volumes,
		.dirs = &l->dirs,
		.termination_log = arena_printf(&l->arena, "%s/containers/%s/%d", l->dirs.data,
						l->c->name, l->c->restart_count),
		.seccomp_dir =
			arena_printf(&l->arena, "%s/agent/kubelet/seccomp", l->k->config.data_dir),
		.node_memory_bytes = l->k->machine.memory_bytes,
	};
	l->nsubs = container_sub_paths(&l->view, &l->arena, &l->subs);
	return 0;
}

void pod_container_start(struct pod_container *c)
{
	struct launch *l = NEW(struct launch);
	l->c = c;
	l->k = c->pod->k;
	c->life = LIFE_STARTING;
	c->pull_retry_at_us = 0;
	pod_hold(c->pod);
	if (collect_values(l, &l->err) < 0)
		launch_config_error(l, &l->err);
	else
		launch_next_image(l);
}

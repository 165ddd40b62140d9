/* SPDX-License-Identifier: Apache-2.0 */
/* A container on its way up:
 *   values (loop) → image look-up, files, sub paths (worker) → pull if asked for → spec, create, start (runtime) → running
 * Every failure ends in a waiting reason and a time to try again; what goes on lives in a `launch` with memory of its own. */
#include <fcntl.h>
#include <stdio.h>

#include "agent/kubelet/image_auth.h"
#include "agent/kubelet/pod/container_spec.h"
#include "agent/kubelet/pod/handler.h"
#include "agent/kubelet/pod/pod.h"
#include "agent/kubelet/pod/probe.h"
#include "agent/runtime/image_volume.h"
#include "base/encode.h"
#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"

#define CONFIG_RETRY_US (10 * 1000000ll)
#define PULL_NOTE_US    (2 * 1000000ll) /* ErrImagePull is shown this long, then ImagePullBackOff */

enum pull_policy { PULL_IF_NOT_PRESENT, PULL_ALWAYS, PULL_NEVER };

struct launch {
	struct arena arena;
	struct pod_container *c;
	struct kubelet *k;
	struct pod_source source;
	const struct core_v1_container *spec; /* in the arena */
	struct env_list env;
	struct volume_list volumes;
	struct container_view_spec view;
	struct sub_path *subs;
	size_t nsubs;
	struct pod_dirs dirs;
	const char *uid;
	const struct volume
		*for_volume; /* whose image is looked for now; NULL: the container's own */
	size_t next_volume;
	struct str wanted; /* that image */
	enum pull_policy policy;
	struct image *image;
	struct err err;
	bool name_invalid;
	bool abandoned; /* its pod ended while the image was on its way */
	int64_t pull_began_us;
	char id[65];
};

static void launch_free(struct launch *l)
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

/* The attempt is over without a container. */
static void give_up(struct launch *l, const char *reason, const char *message, int64_t retry_us)
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

static void config_error(struct launch *l, const struct err *err)
{
	auto_err copy = { 0 };
	err_copy(&copy, err);
	pod_event(l->c->pod, l->c, true, "Failed", "Error: %s", err_text(&copy));
	give_up(l, "CreateContainerConfigError", err_text(&copy), CONFIG_RETRY_US);
}

/* --- runtime --- */

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

static void on_started(void *ctx, const struct err *err)
{
	struct launch *l = ctx;
	struct pod_container *c = l->c;
	struct pod *p = c->pod;
	struct container_status s;
	if (!err)
		pod_event(p, c, false, "Started", "Container started");
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

static void on_created(void *ctx, const struct err *err)
{
	struct launch *l = ctx;
	struct pod_container *c = l->c;
	struct pod *p = c->pod;
	if (err) {
		start_failed(l, err_text(err));
		launch_free(l);
		pod_unhold(p);
		return;
	}
	pod_event(p, c, false, "Created", "Container created");
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

static void create(struct launch *l)
{
	struct container_spec spec;
	struct pod_container *c = l->c;
	l->view.image_user = l->image->user;
	l->view.image_id = l->image->id;
	l->view.attempt = c->restart_count;
	if (container_spec_build(&l->view, &l->arena, &spec, &l->err) < 0 ||
	    find_target(l, &spec.pid_target, &l->err) < 0) {
		config_error(l, &l->err);
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

/* --- image --- */

static void next_image(struct launch *l);

static void mount_volume(void *ctx)
{
	struct launch *l = ctx;
	auto_free char *name = str_dup(l->for_volume->name);
	image_volume_mount(l->k->images, l->image, l->for_volume->path, l->uid, name, &l->err);
}

static void volume_mounted(void *ctx)
{
	struct launch *l = ctx;
	image_free(TAKE(l->image));
	if (l->err.reason != ERR_NONE)
		config_error(l, &l->err);
	else
		next_image(l);
}

static void image_ready(struct launch *l)
{
	struct pod_container *c = l->c;
	c->pull_backoff_us = 0;
	c->pull_until_us = c->pull_retry_at_us = 0;
	if (pod_is_terminating(c->pod)) {
		give_up(l, NULL, NULL, 0);
		return;
	}
	if (l->for_volume) {
		loop_work(l->k->loop, mount_volume, volume_mounted, l);
		return;
	}
	if (c->end.valid || c->last.valid)
		c->restart_count++;
	create(l);
}

static void format_ms(int64_t us, char out[32])
{
	if (us < 1000000)
		snprintf(out, 32, "%lldms", (long long)(us / 1000));
	else
		snprintf(out, 32, "%lld.%03llds", (long long)(us / 1000000),
			 (long long)(us / 1000 % 1000));
}

static void pull_failed(struct launch *l, const char *text)
{
	struct pod_container *c = l->c;
	auto_free char *message = str_dup(str_from(text));
	pod_event(c->pod, c, true, "Failed", "Failed to pull image \"%.*s\": %s",
		  STR_ARG(l->wanted), message);
	pod_event(c->pod, c, true, "Failed", "Error: ErrImagePull");
	c->pull_backoff_us = backoff_next_us(c->pull_backoff_us, 0);
	c->pull_until_us = clock_wall_us(l->k->clock) + c->pull_backoff_us;
	give_up(l, "ErrImagePull", message, PULL_NOTE_US);
}

static void on_pulled(void *ctx, struct image *image, const struct err *err)
{
	struct launch *l = ctx;
	struct pod *p = l->c->pod;
	char took[32];
	if (l->abandoned) {
		image_free(image);
		launch_free(l);
		pod_unhold(p);
		return;
	}
	l->c->pulling = NULL;
	if (!image) {
		pull_failed(l, err_text(err));
		return;
	}
	l->image = image;
	format_ms(clock_wall_us(l->k->clock) - l->pull_began_us, took);
	pod_event(l->c->pod, l->c, false, "Pulled",
		  "Successfully pulled image \"%.*s\" in %s (%s including waiting). Image size: "
		  "%lld bytes.",
		  STR_ARG(l->wanted), took, took, (long long)image->size_bytes);
	image_ready(l);
}

/* Between two pulls: says so and waits for the rest of the back-off. */
static bool in_pull_backoff(struct launch *l)
{
	struct pod_container *c = l->c;
	int64_t now_us = clock_wall_us(l->k->clock);
	if (c->pull_until_us <= now_us)
		return false;
	bool first = !c->waiting_reason || strcmp(c->waiting_reason, "ImagePullBackOff") != 0;
	auto_free char *before = str_dup(str_from(c->waiting_message));
	auto_free char *message =
		first ? str_printf("Back-off pulling image \"%.*s\": %s: %s", STR_ARG(l->wanted),
				   c->waiting_reason ? c->waiting_reason : "ErrImagePull", before)
		      : str_dup(str_from(before));
	if (first) {
		pod_event(c->pod, c, false, "BackOff", "Back-off pulling image \"%.*s\"",
			  STR_ARG(l->wanted));
		pod_event(c->pod, c, true, "Failed", "Error: ImagePullBackOff");
	}
	give_up(l, "ImagePullBackOff", message, c->pull_until_us - now_us);
	return true;
}

static void pull(struct launch *l)
{
	struct image_auth auth = { 0 };
	if (in_pull_backoff(l))
		return;
	pod_event(l->c->pod, l->c, false, "Pulling", "Pulling image \"%.*s\"", STR_ARG(l->wanted));
	l->pull_began_us = clock_wall_us(l->k->clock);
	l->c->pulling = l;
	bool known = image_auth_find(&l->source, l->wanted, &l->arena, &auth);
	image_pull(l->k->images, l->k->loop, l->wanted.p, known ? &auth : NULL, NULL, on_pulled, l);
}

static void never_pull(struct launch *l)
{
	auto_free char *message =
		str_printf("Container image \"%.*s\" is not present with pull policy of Never",
			   STR_ARG(l->wanted));
	pod_event(l->c->pod, l->c, true, "ErrImageNeverPull", "%s", message);
	pod_event(l->c->pod, l->c, true, "Failed", "Error: ErrImageNeverPull");
	give_up(l, "ErrImageNeverPull", message, CONFIG_RETRY_US);
}

static void invalid_name(struct launch *l)
{
	auto_free char *message =
		str_printf("Failed to apply default image tag \"%.*s\": couldn't parse image name "
			   "\"%.*s\": %s",
			   STR_ARG(l->wanted), STR_ARG(l->wanted), err_text(&l->err));
	pod_event(l->c->pod, l->c, true, "InspectFailed", "%s", message);
	pod_event(l->c->pod, l->c, true, "Failed", "Error: InvalidImageName");
	give_up(l, "InvalidImageName", message, CONFIG_RETRY_US * 6);
}

/* --- on a worker --- */

static int make_termination_log(const struct launch *l, struct err *err)
{
	auto_free char *dir =
		str_printf("%s/containers/%.*s", l->dirs.data, STR_ARG(l->spec->name));
	int r = dir_make(dir, 0750, err);
	if (r < 0)
		return r;
	auto_fd int fd =
		open(l->view.termination_log, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
	if (fd < 0)
		return err_sys(err, "create %s", l->view.termination_log);
	return fchmod(fd, 0666) < 0
		       ? err_sys(err, "open %s to its container", l->view.termination_log)
		       : 0;
}

static int bind_sub_paths(const struct launch *l, struct err *err)
{
	for (size_t i = 0; i < l->nsubs; i++) {
		int r = volume_sub_path(l->subs[i].volume, l->subs[i].sub, l->subs[i].target, err);
		if (r < 0)
			return r;
	}
	return 0;
}

static void prepare(void *ctx)
{
	struct launch *l = ctx;
	auto_free char *name = NULL;
	if (image_normalize(l->wanted.p, &name, &l->err) < 0) {
		l->name_invalid = true;
		return;
	}
	if (!l->for_volume &&
	    (make_termination_log(l, &l->err) < 0 || bind_sub_paths(l, &l->err) < 0))
		return;
	if (l->policy != PULL_ALWAYS)
		image_find(l->k->images, name, &l->image, NULL);
}

/* --- on the loop --- */

static void prepared(void *ctx)
{
	struct launch *l = ctx;
	if (l->name_invalid) {
		invalid_name(l);
	} else if (l->err.reason != ERR_NONE) {
		config_error(l, &l->err);
	} else if (l->image) {
		pod_event(l->c->pod, l->c, false, "Pulled",
			  "Container image \"%.*s\" already present on machine and can be accessed "
			  "by the pod",
			  STR_ARG(l->wanted));
		image_ready(l);
	} else if (l->policy == PULL_NEVER) {
		never_pull(l);
	} else {
		pull(l);
	}
}

static enum pull_policy policy_of(struct str policy)
{
	if (str_eqz(policy, "Always"))
		return PULL_ALWAYS;
	return str_eqz(policy, "Never") ? PULL_NEVER : PULL_IF_NOT_PRESENT;
}

static bool mounts(const struct core_v1_container *c, struct str volume)
{
	for (size_t i = 0; i < c->volume_mounts.n; i++)
		if (str_eq(c->volume_mounts.items[i].name, volume))
			return true;
	return false;
}

/* Those of its volumes, one after another, then its own. */
static void next_image(struct launch *l)
{
	l->for_volume = NULL;
	while (!l->for_volume && l->next_volume < l->volumes.n) {
		const struct volume *v = &l->volumes.items[l->next_volume++];
		if (v->kind == VOLUME_IMAGE && mounts(l->spec, v->name))
			l->for_volume = v;
	}
	l->wanted = l->for_volume ? l->for_volume->image : l->spec->image;
	l->policy =
		policy_of(l->for_volume ? l->for_volume->pull_policy : l->spec->image_pull_policy);
	loop_work(l->k->loop, prepare, prepared, l);
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
		config_error(l, &l->err);
	else
		next_image(l);
}

void pod_container_start_not(struct pod_container *c)
{
	struct launch *l = TAKE(c->pulling);
	if (!l)
		return;
	l->abandoned = true;
	c->life = c->end.valid ? LIFE_EXITED : LIFE_NONE;
}

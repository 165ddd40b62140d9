/* SPDX-License-Identifier: Apache-2.0 */
/* The images of a launch, one after another: those of its image volumes, each mounted, then its own. Each is looked for on a worker,
 * with the container's files and sub paths, and pulled if asked for, with back-off between two pulls. */
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>

#include "agent/kubelet/image_auth.h"
#include "agent/kubelet/pod/launch.h"
#include "agent/runtime/image_volume.h"
#include "base/file.h"
#include "base/mem.h"

#define PULL_NOTE_US (2 * 1000000ll) /* ErrImagePull is shown this long, then ImagePullBackOff */

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
		launch_config_error(l, &l->err);
	else
		launch_next_image(l);
}

static void image_ready(struct launch *l)
{
	struct pod_container *c = l->c;
	c->pull_backoff_us = 0;
	c->pull_until_us = c->pull_retry_at_us = 0;
	if (pod_is_terminating(c->pod)) {
		launch_give_up(l, NULL, NULL, 0);
		return;
	}
	if (l->for_volume) {
		loop_work(l->k->loop, mount_volume, volume_mounted, l);
		return;
	}
	if (c->end.valid || c->last.valid)
		c->restart_count++;
	launch_create(l);
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
	launch_give_up(l, "ErrImagePull", message, PULL_NOTE_US);
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
	launch_give_up(l, "ImagePullBackOff", message, c->pull_until_us - now_us);
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
	launch_give_up(l, "ErrImageNeverPull", message, LAUNCH_RETRY_US);
}

static void invalid_name(struct launch *l)
{
	auto_free char *message =
		str_printf("Failed to apply default image tag \"%.*s\": couldn't parse image name "
			   "\"%.*s\": %s",
			   STR_ARG(l->wanted), STR_ARG(l->wanted), err_text(&l->err));
	pod_event(l->c->pod, l->c, true, "InspectFailed", "%s", message);
	pod_event(l->c->pod, l->c, true, "Failed", "Error: InvalidImageName");
	launch_give_up(l, "InvalidImageName", message, LAUNCH_RETRY_US * 6);
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

static void prepared(void *ctx)
{
	struct launch *l = ctx;
	if (l->name_invalid) {
		invalid_name(l);
	} else if (l->err.reason != ERR_NONE) {
		launch_config_error(l, &l->err);
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
void launch_next_image(struct launch *l)
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

void pod_container_start_not(struct pod_container *c)
{
	struct launch *l = TAKE(c->pulling);
	if (!l)
		return;
	l->abandoned = true;
	c->life = c->end.valid ? LIFE_EXITED : LIFE_NONE;
}

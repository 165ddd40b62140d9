/* SPDX-License-Identifier: Apache-2.0 */
/* A container on its way up:
 *   values (loop) → image look-up, files, sub paths (worker) → pull if asked for → spec, create, start (runtime) → running
 * Every failure ends in a waiting reason and a time to try again; what goes on lives in a `launch` with memory of its own, which holds
 * its pod. Inside of pod_container_start(): pod_start.c and launch_image.c. */
#ifndef AGENT_KUBELET_POD_LAUNCH_H
#define AGENT_KUBELET_POD_LAUNCH_H

#include "agent/kubelet/pod/container_spec.h"
#include "agent/kubelet/pod/pod.h"

#define LAUNCH_RETRY_US \
	(10 * 1000000ll) /* after what only a change of the pod or its sources mends */

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
	/* Whose image is looked for now, `wanted`; NULL: the container's own. */
	const struct volume *for_volume;
	size_t next_volume;
	struct str wanted;
	enum pull_policy policy;
	struct image *image;
	struct err err;
	bool name_invalid;
	bool abandoned; /* its pod ended while the image was on its way */
	int64_t pull_began_us;
	char id[65];
};

void launch_free(struct launch *l);
/* The attempt is over without a container; l is gone. `reason` and `message` may be NULL. */
void launch_give_up(struct launch *l, const char *reason, const char *message, int64_t retry_us);
void launch_config_error(struct launch *l, const struct err *err); /* gives up, told in an event */
void launch_next_image(
	struct launch *l);            /* the next of its images; after the last: launch_create() */
void launch_create(struct launch *l); /* the image is there: spec, create, start */

#endif

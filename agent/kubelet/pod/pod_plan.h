/* SPDX-License-Identifier: Apache-2.0 */
/* Decide apart from do: what a pod needs next, from a view of its spec, of what runs and of the clock. Pure: no memory, no
 * I/O. The pod's worker (pod.h) carries the actions out and asks again after each change.
 *
 *   sandbox → init containers one after another (sidecars: started, then left running) → containers → …
 *   deletion, deadline, end of all containers → kills → sandbox removed → gone
 */
#ifndef AGENT_KUBELET_POD_POD_PLAN_H
#define AGENT_KUBELET_POD_POD_PLAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define BACKOFF_FIRST_US (10 * 1000000ll)
#define BACKOFF_MAX_US   (300 * 1000000ll)
#define BACKOFF_RESET_US \
	(600 * 1000000ll) /* a container that ran this long starts over with the first back-off */

enum container_role { ROLE_INIT, ROLE_SIDECAR, ROLE_MAIN, ROLE_EPHEMERAL };
enum container_life { LIFE_NONE, LIFE_STARTING, LIFE_RUNNING, LIFE_STOPPING, LIFE_EXITED };
enum sandbox_life {
	SANDBOX_NONE,
	SANDBOX_STARTING,
	SANDBOX_READY,
	SANDBOX_REMOVING,
	SANDBOX_REMOVED
};

struct container_view {
	enum container_role role;
	enum container_life life;
	bool started;        /* startup probe passed, or there is none (RUNNING only) */
	bool unhealthy;      /* a liveness or startup probe gave up: to be restarted */
	int exit_code;       /* EXITED */
	bool again;          /* EXITED: its policy starts it anew (restart.h) */
	int64_t retry_at_us; /* do not start before (crash or pull back-off); 0: at once */
};
struct pod_view {
	enum sandbox_life sandbox;
	bool volumes_ready;  /* what containers mount and name is there */
	bool terminating;    /* deletion, eviction, deadline: everything is to stop */
	bool deleted;        /* the API object has a deletionTimestamp */
	bool restart_all;    /* a rule wants all containers to end and to begin anew */
	int64_t deadline_us; /* activeDeadlineSeconds; 0: none */
	const struct container_view *containers; /* in order: init, main, ephemeral */
	size_t n;
};

enum pod_act {
	ACT_SANDBOX_START,
	ACT_SANDBOX_REMOVE,
	ACT_START,
	ACT_KILL,
	ACT_RESET, /* all have ended: as if none had run */
	ACT_DEADLINE,
	ACT_FINISH
};
struct pod_action {
	enum pod_act act;
	size_t container; /* ACT_START, ACT_KILL */
};
#define POD_ACTIONS_MAX 64
struct pod_plan {
	struct pod_action actions[POD_ACTIONS_MAX];
	size_t n;
	int64_t wake_at_us; /* ask again then; 0: only after a change */
	bool initialized;   /* all init containers did their work */
	bool ended;         /* no container will run again: the pod succeeded or failed */
	bool failed;
};
void pod_plan(const struct pod_view *v, int64_t now_us, struct pod_plan *out);

/* The delay before the next start of a container that exited: doubles from the last one, starts over after a long run. */
int64_t backoff_next_us(int64_t last_us, int64_t ran_us);

#endif

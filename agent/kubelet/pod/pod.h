/* SPDX-License-Identifier: Apache-2.0 */
/* One pod at work: an actor on the node loop. Everything that happens to it (API changes, exits, timers, finished steps) ends in
 * pod_sync(), which makes a view, asks pod_plan() and carries the actions out; steps are asynchronous and counted in `pending`.
 * A pod is freed when its API object is gone, its plan is through and nothing is pending. Loop thread only.
 *
 *   pod.c          life of the object, API changes       pod_start.c    a container: image, spec, create, start
 *   pod_values.c   what files and variables are made of  pod_stop.c     grace, hooks, exits
 *   pod_sync.c     view, plan, actions, timers           status_sync.c  the status at the API server
 *   pod_sandbox.c  network, volumes, sandbox             pod_end.c      what is freed, what is removed
 */
#ifndef AGENT_KUBELET_POD_POD_H
#define AGENT_KUBELET_POD_POD_H

#include "agent/kubelet/node/usage.h"
#include "agent/kubelet/pod/pod_plan.h"
#include "agent/kubelet/pod/pod_resize.h"
#include "agent/kubelet/pod/pod_source.h"
#include "agent/kubelet/pod/probe.h"
#include "agent/kubelet/pod/restart.h"
#include "agent/kubelet/state.h"
#include "agent/kubelet/volumes/tokens.h"
#include "agent/kubelet/volumes/volume.h"

struct launch;
struct probes;
struct pod;

struct container_end { /* how a container ended */
	bool valid;
	char id[65];
	int exit_code, signal;
	bool oom_killed;
	char *reason, *message; /* reason NULL: from the exit code */
	int64_t started_us, finished_us;
};

struct pod_container {
	struct pod *pod;
	char *name;
	enum container_role role;
	const struct core_v1_container *spec; /* in the pod's arena */
	enum container_life life;
	char id[65]; /* of the present one; "" before the first */
	int restart_count;
	int64_t started_us;
	struct container_end end, last; /* of the present one (EXITED), of the one before */
	bool reset; /* EXITED: all containers begin anew, as if it had never run */
	char *waiting_reason, *waiting_message;
	char *image,
		*image_ref; /* as the runtime names them: docker.io/library/busybox:1, …@sha256:… */
	struct container_user *user; /* of the newest that was created; NULL: not known */
	char *termination_log;       /* file on the host */
	struct launch *pulling;      /* STARTING: waits for its image */
	char *image_wanted;          /* spec.image that the present one was started with */
	int64_t backoff_us, retry_at_us;
	int64_t pull_backoff_us; /* the last delay between pulls */
	int64_t pull_until_us;   /* no pull before */
	int64_t pull_retry_at_us; /* look again then: to say ImagePullBackOff, to pull, to read the spec's sources again */
	bool started, ready;     /* as the probes see it */
	char *kill_message;      /* why it is to be restarted; NULL: it is not */
	bool replaces;           /* STARTING: in the place of one that we stopped for it */
	int64_t kill_grace_us;   /* -1: the pod's */
	struct loop_timer grace; /* STOPPING: SIGKILL */
	bool grace_open, killed_hard;
	struct core_v1_resource_requirements actuated; /* what the present one runs with */
	struct arena actuated_arena;
	struct usage_history usage;
	uint64_t probed[PROBE_KINDS][PROBE_RESULTS]; /* how often with which result */
	struct probes *probes;
};

struct pod {
	struct kubelet *k;
	const struct object *object; /* newest version */
	struct arena arena;          /* of api */
	struct core_v1_pod api;      /* decoded */
	char *uid, *ns, *name, *log_dir;
	struct pod_dirs dirs;
	struct pod_container **containers;
	size_t ncontainers;
	enum sandbox_life sandbox;
	struct network_pod network;
	int64_t sandbox_retry_us, sandbox_backoff_us;
	bool sandbox_lost;  /* died on its own: to be removed and started again, volumes stay */
	bool sandbox_tried; /* there may be something to remove */
	bool volumes_ready, volumes_dirty, volumes_busy;
	bool initialized, ended, failed;
	bool restart_all;           /* a rule wants all containers to begin anew: first they end */
	bool admitted;              /* it was asked whether it may run here */
	bool rejected;              /* and it may not */
	bool asks_node, asked_node; /* for the newest labels of the node, before it is rejected */
	bool frozen;                /* ended before we started: the API's status stands */
	bool gone;                  /* the API object is deleted */
	char *stop_reason, *stop_message; /* deadline, eviction: status.reason, status.message */
	int64_t stop_grace_us;            /* of an eviction; 0: the pod's own */
	bool disrupted;                   /* evicted for the node's sake: DisruptionTarget */
	bool finishing, finished;         /* the last DELETE is on its way, is done */
	int64_t finish_retry_us;
	int64_t start_us; /* status.startTime */
	struct tokens *tokens;
	struct pod_resize resize;
	/* status at the API server */
	char *status_sent; /* last body that was accepted */
	bool status_busy;
	int64_t status_retry_us, status_backoff_us; /* not before; the last delay */
	struct core_v1_pod_condition *conditions;   /* of the last built status: transition times */
	struct arena conditions_arena;
	size_t nconditions;
	/* work */
	struct loop_timer timer;
	bool syncing, sync_again, closing;
	int pending;
};

void pod_on_change(struct kubelet *k, const struct object *old, const struct object *new);
void pod_sync(struct pod *p);
void pod_close_if_through(struct pod *p);
void pod_hold(struct pod *p);   /* a step is pending: the pod stays */
void pod_unhold(struct pod *p); /* it is not any more; may free the pod; syncs */
struct pod *pod_find(struct kubelet *k, struct str ns,
		     struct str name); /* the newest of that name */
struct pod *pod_by_uid(struct kubelet *k, const char *uid);
struct pod_container *pod_container_find(struct pod *p, struct str name);
void pod_event(struct pod *p, const struct pod_container *c, bool warning, const char *reason,
	       const char *fmt, ...) __attribute__((format(printf, 5, 6)));

void pod_refs_release(struct pod *p, const struct core_v1_pod *version); /* what it referred to */
/* Where the pod's values come from; decodes into the arena. */
void pod_source(struct pod *p, struct arena *a, struct pod_source *out);
const char *const *pod_ips(const struct pod *p,
			   struct arena *a); /* NULL-terminated; the host's in its network */
bool pod_is_terminating(const struct pod *p);
bool pod_admit(struct pod *p);      /* false: not known yet, comes again */
void pods_admit(struct kubelet *k); /* something that they waited for is known */
/* Of seconds that a client chose, as many as it liked: from one second to what is forever. */
int64_t grace_us_of(int64_t s);
int64_t pod_grace_us(const struct pod *p);

void pod_sandbox_start(struct pod *p);
void pod_sandbox_remove(struct pod *p);
void pod_sandbox_lost(struct pod *p);
void pod_volumes_refresh(struct pod *p);

void pod_container_start(struct pod_container *c);
void pod_containers_reset(struct pod *p);              /* all have ended, and begin anew */
void pod_container_start_not(struct pod_container *c); /* its pod ends: a pull is not waited for */
void pod_container_stop(struct pod_container *c, const char *message);
/* reason, message: NULL: as the exit code and the termination log say. */
void pod_container_ended(struct pod_container *c, const struct container_status *s,
			 const char *reason, const char *message);
void pod_container_waits(struct pod_container *c, const char *reason, const char *message);
void pod_container_user_set(struct pod_container *c, const struct container_user *u); /* a copy */
enum restart pod_container_verdict(const struct pod_container *c); /* EXITED: what follows */
void pod_container_adopt(
	struct pod_container *c); /* what the runtime and the API know of it after a restart */
void container_end_clear(struct container_end *e);

void pod_status_sync(struct pod *p);
void pod_status_heed(struct pod *p); /* another version of it has come */
void pod_finish(struct pod *p);      /* deletes the API object for good */

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* What the runtime knows of its sandboxes and containers, in memory and on disk. Private to agent/runtime. Loop thread only,
 * but for what an op's work() touches (op.h says what that may be).
 *
 *   RUN_DIR/pods/UID/     gone after a reboot: socket of the shim, sandbox.json, shm/, hostname, crun/ (its state), exec-N/
 *   ROOT_DIR/containers/ID/   config.json, meta.json, state (kept by the shim), upper/ work/ rootfs/ (overlay), log, pid */
#ifndef AGENT_RUNTIME_STATE_H
#define AGENT_RUNTIME_STATE_H

#include "agent/runtime/cgroup.h"
#include "agent/runtime/image_store.h"
#include "agent/runtime/runtime.h"
#include "agent/runtime/shim_conn.h"
#include "agent/runtime/state_file.h"
#include "base/list.h"
#include "base/map.h"

struct runtime {
	struct loop *loop;
	char *root_dir, *run_dir, *shim_cgroup;
	char *cgroup_name; /* "kubepods" */
	struct cgroup_host cgroups;
	struct image_store *images;
	int crun_fd, shim_fd;
	int oom_score_floor;
	struct map sandboxes;  /* pod uid -> struct sandbox */
	struct map containers; /* id -> struct ctr */
	uint64_t next_exec;
	void (*on_exit)(void *ctx, const char *pod_uid, const char *container_id);
	void *ctx;
};

struct sandbox {
	struct runtime *rt;
	char *uid, *hostname, *log_dir, *netns_path,
		*cgroup_path; /* cgroup_path: with "kubepods/" */
	bool host_pid, host_ipc, share_pid;
	int64_t shm_bytes;
	char *run_dir;
	bool alive, removing;
	pid_t shim_pid, pause_pid;
	struct shim_conn *conn;
	struct list containers; /* struct ctr */
	struct list ops;        /* waiting; the first one runs */
	bool op_runs;
};

struct ctr {
	struct list link;
	struct sandbox *sandbox;
	char id[65];
	char *name, *image, *image_ref, *log_path, *dir, *cgroup_path;
	struct container_user *user;
	int attempt, stop_signal;
	bool tty, stdin_open, stdin_once;
	enum container_state state;
	int64_t created_us, started_us, finished_us;
	int exit_code, signal, pid;
	bool oom_killed, starting, removing;
	struct list waiters; /* struct exit_waiter: until it has exited */
	struct list execs;   /* struct runtime_exec */
};

struct exit_waiter {
	struct list link;
	void (*fn)(struct exit_waiter *w,
		   bool removed); /* removed: with its sandbox, all is done */
};

struct sandbox *sandbox_new(struct runtime *rt, const char *uid);
void sandbox_free(struct sandbox *s); /* also out of the map, with its containers */
struct sandbox *sandbox_find(struct runtime *rt, const char *uid);
int sandbox_save(const struct sandbox *s, struct err *err);
int sandbox_load(struct runtime *rt, const char *uid, struct sandbox **out, struct err *err);
void sandbox_adopt(struct sandbox *s, int fd); /* a connected shim */
void sandbox_lost(struct sandbox *s);          /* what ran in it is over */

struct ctr *ctr_alloc(struct sandbox *s, const char *id); /* known to nobody yet */
void ctr_link(struct ctr *c);
void ctr_free(struct ctr *c);
struct ctr *ctr_find(struct runtime *rt, const char *id);
int ctr_save(const struct ctr *c, struct err *err);
int ctr_load(struct runtime *rt, const char *id, struct ctr **out,
	     struct err *err); /* also makes a dead sandbox when there is none */
/* The words of a `state` message from PID on. true: it has exited just now. */
bool ctr_apply(struct ctr *c, const struct shim_message *m);
bool ctr_read_state(struct ctr *c);        /* from the file; false if it was never started */
void ctr_exited(struct ctr *c, bool tell); /* state is set: wakes who waits, ends its execs */
void ctr_status(const struct ctr *c, struct container_status *out);

/* exec.c */
void execs_told(struct ctr *c, const struct shim_message *m); /* exec-exit */
void execs_end(struct ctr *c);                                /* the container is gone */

#endif

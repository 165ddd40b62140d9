/* SPDX-License-Identifier: Apache-2.0 */
/* The container runtime above crun: pod sandboxes (pinned namespaces + one shim process per pod), containers, exit events, exec
 * and attach. Knows nothing of Kubernetes objects. Asynchronous on one loop (the node loop); blocking work goes to the pool with
 * per-pod order. State survives a restart of the process: shims keep running, runtime_restore() finds them again. */
#ifndef AGENT_RUNTIME_RUNTIME_H
#define AGENT_RUNTIME_RUNTIME_H

#include "agent/runtime/image.h"
#include "base/err.h"
#include "net/stream.h"

struct runtime;
struct runtime_config {
	struct loop *loop;
	const char *root_dir;    /* DATADIR/agent: images/, containers/ */
	const char *run_dir;     /* /run/allinone */
	const char *cgroup_root; /* "kubepods" below our own cgroup; see cgroup.h */
	/* State changed: ask runtime_container_status. container_id == NULL: the sandbox itself died (its shim was killed, the host
	 * rebooted); what ran in it is exited, and it has to be removed and started again. */
	void (*on_exit)(void *ctx, const char *pod_uid, const char *container_id);
	void *ctx;
};
int runtime_new(const struct runtime_config *c, struct runtime **out,
		struct err *err); /* checks cgroups, crun, overlayfs */
void runtime_leave(
	struct runtime *rt); /* before the end: without pods, nothing of ours stays on the host */
void runtime_free(struct runtime *rt); /* pods keep running */
struct image_store *runtime_images(struct runtime *rt);

typedef void (*runtime_done)(void *ctx, const struct err *err); /* err == NULL: done */

struct container_resources {
	int64_t cpu_shares_milli;   /* request, 0: none (weight 2 shares) */
	int64_t cpu_limit_milli;    /* 0: none */
	int64_t memory_limit_bytes; /* 0: none */
	int64_t pids_limit;         /* 0: none */
	int oom_score_adj;          /* clamped to what we may set; not used for a sandbox */
};

struct sandbox_spec { /* everything is copied */
	const char *pod_uid, *pod_name, *pod_ns;
	const char *hostname;
	const char *log_dir;    /* /var/log/pods/NS_NAME_UID */
	const char *netns_path; /* made by network/; NULL: the host's */
	bool host_pid, host_ipc, share_pid;
	const char *const *sysctls;           /* "name=value", NULL-terminated */
	const char *cgroup_path;              /* relative to the cgroup root: "burstable/podUID" */
	struct container_resources resources; /* of the pod's cgroup: the sums; all 0: no limits */
	int64_t shm_bytes;                    /* of /dev/shm; 0: 64 MiB */
};
/* After a failure what was made so far is still there: remove it before starting again. */
void runtime_sandbox_start(struct runtime *rt, const struct sandbox_spec *s, runtime_done done,
			   void *ctx);
/* Kills what still runs, ends the shim, unmounts, removes cgroup and files (not the logs). Works for a half-made sandbox, too. */
void runtime_sandbox_remove(struct runtime *rt, const char *pod_uid, runtime_done done, void *ctx);
/* Other limits for the pod's own cgroup. */
void runtime_sandbox_update(struct runtime *rt, const char *pod_uid,
			    const struct container_resources *r, runtime_done done, void *ctx);
bool runtime_sandbox_alive(struct runtime *rt,
			   const char *pod_uid); /* started, and its shim answers */

struct container_mount {
	const char *source, *target;
	bool read_only, recursive_read_only;
	const char *propagation; /* "private", "rslave", "rshared" */
	const char *type;        /* NULL: bind; "tmpfs", … with options */
	const char *options;     /* comma-separated extra options or NULL */
};
struct container_device { /* a block device of the host, under another name */
	const char *source, *target;
	bool read_only;
};
struct container_spec { /* everything is copied */
	const char *pod_uid, *name;
	int attempt;                /* restart count: log file NAME/ATTEMPT.log */
	const char *image;          /* struct image's id, or any name of it */
	const char *const *command; /* replaces the entrypoint; NULL: the image's */
	const char *const *args; /* replaces cmd; NULL: the image's (dropped when command is set) */
	const char *const *env;  /* "K=V"; on top of the image's */
	const char *working_dir; /* NULL: the image's */
	const struct container_mount *mounts;
	size_t nmounts;
	const struct container_device *devices;
	size_t ndevices;
	struct container_resources resources;
	int64_t run_as_user, run_as_group; /* -1: the image's */
	const int64_t *supplemental_groups;
	size_t nsupplemental_groups;
	bool strict_groups;   /* none of those that the image's /etc/group gives the user */
	bool run_as_non_root; /* refuse uid 0 */
	bool privileged, read_only_root, no_new_privileges;
	const char *const *add_capabilities, *const *drop_capabilities; /* "NET_ADMIN", "ALL" */
	const char *seccomp; /* "RuntimeDefault", "Unconfined" or the path of a profile */
	bool tty, stdin_open, stdin_once;
	int stop_signal; /* 0: the image's, else SIGTERM */
	const char *
		pid_target; /* id of a running container of the pod whose processes it sees; NULL: its own */
};
/* Creates (not starts); the id (64 hex digits) goes to out_id[65] at once, in any case. */
void runtime_container_create(struct runtime *rt, const struct container_spec *s, char out_id[65],
			      runtime_done done, void *ctx);
void runtime_container_start(struct runtime *rt, const char *id, runtime_done done, void *ctx);
void runtime_container_kill(struct runtime *rt, const char *id,
			    int signal); /* 0: the container's stop signal */
void runtime_container_remove(struct runtime *rt, const char *id, runtime_done done, void *ctx);
/* After the log file was renamed: the next line goes to a new file at log_path. */
void runtime_container_reopen_log(struct runtime *rt, const char *id, runtime_done done, void *ctx);
void runtime_container_update(struct runtime *rt, const char *id,
			      const struct container_resources *r, runtime_done done, void *ctx);

struct container_user { /* who its first process begins as */
	int64_t uid, gid;
	size_t ngroups;
	int64_t groups[]; /* gid among them */
};
struct container_user *container_user_new(int64_t uid, int64_t gid, const int64_t *groups,
					  size_t ngroups); /* heap: free() */
enum container_state { CONTAINER_CREATED, CONTAINER_RUNNING, CONTAINER_EXITED };
struct container_status {
	char id[65];
	const char *pod_uid, *name; /* borrowed from the runtime, as are the rest */
	int attempt;
	const char *image, *image_ref; /* id; name@digest */
	enum container_state state;
	int64_t created_us, started_us, finished_us; /* wall clock */
	int exit_code, signal;
	bool oom_killed;
	const char *log_path;
	const struct container_user *user; /* NULL: not known */
	int pid;
};
bool runtime_container_status(struct runtime *rt, const char *id, struct container_status *out);
void runtime_each_container(struct runtime *rt, const char *pod_uid /* NULL: all */,
			    void (*fn)(void *ctx, const struct container_status *s), void *ctx);
/* After a start: sandboxes found on disk with their shims, before anything else is asked. fn per sandbox. */
int runtime_restore(struct runtime *rt,
		    void (*fn)(void *ctx, const char *pod_uid, const char *netns_path), void *ctx,
		    struct err *err);

/* Streams of a process in the container. exec: starts argv; attach: the main process. Any of the outs may be NULL when not wanted. */
struct runtime_io {
	struct stream *in, *out,
		*err_out; /* in: written by us; out, err_out: read by us; tty: only in and out */
};
/* Last call. May come before the last output was read: streams end by themselves (on_end), and are closed by who got them. */
typedef void (*runtime_exec_exit)(void *ctx, int exit_code, const struct err *err);
struct runtime_exec;
struct runtime_exec *runtime_exec(struct runtime *rt, const char *id, const char *const *argv,
				  bool tty, bool in, struct runtime_io *io,
				  runtime_exec_exit on_exit, void *ctx, struct err *err);
struct runtime_exec *runtime_attach(struct runtime *rt, const char *id, bool in,
				    struct runtime_io *io, runtime_exec_exit on_exit, void *ctx,
				    struct err *err);
void runtime_exec_resize(struct runtime_exec *e, uint16_t rows, uint16_t columns);
void runtime_exec_cancel(struct runtime_exec *e); /* detaches (attach) or kills (exec) */

/* cgroup usage for stats. */
struct runtime_usage {
	uint64_t cpu_us, memory_bytes, working_set_bytes, pids;
};
int runtime_usage(struct runtime *rt, const char *id, struct runtime_usage *out, struct err *err);

#define SHIM_NAME "allinone-shim" /* argv[0] under which the program is a shim and nothing else */
/* The shim's main. Normally it is a program of its own inside this one; builds with a shared C library re-execute themselves with
 * argv[0] "allinone-shim", and cmd/ calls this. */
int shim_main(int argc, char **argv);

#endif

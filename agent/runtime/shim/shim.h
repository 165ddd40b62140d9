/* SPDX-License-Identifier: Apache-2.0 */
/* The shim: one small process per pod. It lives in the pod's IPC and UTS namespaces (which is what keeps them), is the parent
 * of the pod's processes, and owns their stdio, logs and exit codes. It outlives the server.
 *
 * Memory is what counts here: it is the same executable as the server, so its code costs nothing, but every page that it
 * writes is its own. Hence no heap (pages come from mmap, per container), no stdio, one thread, nothing done when idle. */
#ifndef AGENT_RUNTIME_SHIM_SHIM_H
#define AGENT_RUNTIME_SHIM_SHIM_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "agent/runtime/shim/message.h"

/* Descriptors that the server hands to a new shim. */
#define SHIM_FD_LISTEN 3
#define SHIM_FD_CRUN   4

#define SHIM_ID_MAX     65
#define SHIM_PATH_MAX   512
#define SHIM_LINE_BYTES 16384        /* a longer line is logged in parts, as CRI wants it */
#define SHIM_PIPE_BYTES (256 * 1024) /* what an attached client may lag behind */
#define SHIM_CLIENTS    8
#define SHIM_ATTACHERS  8
#define SHIM_UNCLAIMED  64
#define SHIM_STALL_US   30000000 /* then a client that takes nothing is dropped */

struct shim;
struct container;

/* One descriptor in the epoll set. */
struct watch {
	int fd; /* -1: none */
	void (*ready)(struct shim *s, struct watch *w, uint32_t events);
};
void watch_start(struct shim *s, struct watch *w, uint32_t events);
void watch_change(struct shim *s, struct watch *w, uint32_t events);
void watch_stop(struct shim *s, struct watch *w);  /* out of the set */
void watch_close(struct shim *s, struct watch *w); /* also closes the descriptor */

/* A pipe towards an attached client. */
struct sink {
	struct watch watch;
	struct container *container;
	size_t off, n; /* what waits in buffer */
	char *buffer;  /* SHIM_PIPE_BYTES from mmap once something had to wait */
	bool closing;  /* closes when the rest is written */
	int64_t stalled_us;
};

/* One output stream of a container. */
struct output {
	struct watch watch;
	struct container *container;
	const char *name; /* "stdout", "stderr" */
	size_t npartial;
	char *partial; /* SHIM_LINE_BYTES: a line without its end yet */
	bool paused;   /* an attached client lags */
	struct sink sinks[SHIM_ATTACHERS];
};

struct container {
	struct container *next;
	char id[SHIM_ID_MAX];
	char bundle[SHIM_PATH_MAX], log_path[SHIM_PATH_MAX], oom_file[SHIM_PATH_MAX];
	bool tty, open_stdin, stdin_once;
	bool executing; /* crun has ended, what it left is not the container's program yet */
	bool exited, oom_killed;
	int log_fd;
	int stdin_fd; /* our end of stdin's pipe, or -1; a tty's is out.watch.fd */
	struct output out, err;
	pid_t pid, crun_pid;
	int code, signal;
	int64_t started_us, finished_us;
	int run_client; /* who waits for the answer to `run` */
	char run_seq[24];
	int console_fd; /* listening, while crun runs */
};

struct exec {
	struct exec *next;
	char id[SHIM_ID_MAX];
	char bundle[SHIM_PATH_MAX];
	pid_t pid, crun_pid;
	int client; /* who is told of the exit */
	char seq[24];
};

struct client {
	struct watch watch;
};

struct shim {
	int epoll_fd;
	struct watch listener, signals;
	struct client clients[SHIM_CLIENTS];
	struct container *containers;
	struct exec *execs;
	struct {
		pid_t pid;
		int status;
	} unclaimed[SHIM_UNCLAIMED]; /* exits whose pid we don't know yet: crun has not told */
	unsigned nunclaimed;
	pid_t pause_pid;
	bool entered, quitting;
	int quit_client;
	char quit_seq[24];
	unsigned lagging;  /* sinks that wait */
	bool hide_unified; /* see crun.c */
	char run_dir[SHIM_PATH_MAX];
};

extern char **environ;
int64_t wall_us(void);
void *pages_new(size_t n);
void pages_free(void *p, size_t n);
bool text_copy(char *out, size_t size, const char *text); /* false when it had to be cut */

/* sandbox.c: namespaces, sysctls, the shared pid namespace's first process. NULL: fine; else what failed. */
const char *sandbox_enter(struct shim *s, const struct shim_message *m);

/* log.c */
int shim_log_open(struct container *c);
void log_write(struct output *o, const char *p, size_t n);
void log_flush(struct output *o); /* the last line, without its end */

/* output.c */
void output_open(struct shim *s, struct container *c, struct output *o, int fd);
void output_drain(struct shim *s,
		  struct output *o); /* the process is gone: take what is left, then close */
void output_close(struct shim *s, struct output *o);
bool sink_add(struct shim *s, struct output *o, int fd);
void output_close_sinks(struct shim *s, struct output *o);
void output_drop_stalled(struct shim *s, struct output *o, int64_t before_us);

/* crun.c: starts `crun ARGS`; stdio[3]. Returns the pid or -errno. crun's own message goes to LOG. */
pid_t crun_start(struct shim *s, const char *log, const char *const *args, const int stdio[3]);
const char *crun_error(const char *log, char *out, size_t size);
pid_t pid_file_read(const char *bundle, const char *name);

/* container.c */
struct container *container_find(struct shim *s, const char *id);
const char *container_run(struct shim *s, int client,
			  const struct shim_message *m); /* NULL: the answer follows */
void container_crun_done(struct shim *s, struct container *c, int status);
bool container_await_exec(struct shim *s); /* true: look again soon */
void container_exited(struct shim *s, struct container *c, int status);
void container_forget(struct shim *s, struct container *c);
/* attach.c */
void container_attach(struct shim *s, int client, const struct shim_message *m);
void container_tell(struct shim *s, int client, const struct container *c); /* client < 0: all */

/* exec.c */
const char *exec_run(struct shim *s, int client, const struct shim_message *m);
void exec_crun_done(struct shim *s, struct exec *e, int status);
void exec_exited(struct shim *s, struct exec *e, int status);
struct exec *exec_find(struct shim *s, const char *id);

/* reap.c: SIGCHLD */
void reap_ready(struct shim *s, struct watch *w, uint32_t events);
bool unclaimed_take(struct shim *s, pid_t pid, int *out_status);

/* serve.c */
void serve_ready(struct shim *s, struct watch *w, uint32_t events);
void reply_ok(struct shim *s, int client,
	      const char *seq); /* with our pid and that of the pid namespace */
void reply_error(struct shim *s, int client, const char *seq, const char *text);
void send_to(struct shim *s, int client, const struct shim_message *m);

#endif

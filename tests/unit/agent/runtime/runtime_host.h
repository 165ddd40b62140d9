/* SPDX-License-Identifier: Apache-2.0 */
/* A runtime on this machine for tests: directories of its own, a busybox image, and calls that wait for their answer. Needs root
 * and namespaces; host_open() says why there is none. */
#ifndef TESTS_RUNTIME_HOST_H
#define TESTS_RUNTIME_HOST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "agent/runtime/runtime.h"
#include "base/buf.h"

struct host {
	struct loop loop;
	struct runtime *rt;
	char root_dir[64], run_dir[64], log_dir[128], cgroup[32], image[65];
	char exited[65]; /* the last container that ended; "" none, "sandbox" a lost sandbox */
	struct err err;  /* of the last call */
	bool answered;
};

const char *host_open(struct host *h); /* NULL: fine; else why the test can't run */
void host_close(struct host *h);
int host_reopen(struct host *h); /* as if the server had died and started again */
void host_answer(void *ctx, const struct err *err);            /* a runtime_done with ctx = host */
bool host_wait(struct host *h, bool (*until)(struct host *h)); /* false after 20 s */
int host_result(struct host *h); /* waits for host_answer; its error's code */

int host_sandbox(struct host *h, const char *uid);
int host_sandbox_like(struct host *h, const char *uid, const struct sandbox_spec *more);
int host_remove(struct host *h, const char *uid);
int host_run(struct host *h, const char *uid, const struct container_spec *more, const char *script,
	     char id[65]);
bool host_ended(struct host *h, const char *id,
		struct container_status *out);  /* waits for the exit */
char *host_log(struct host *h, const char *id); /* heap */
/* Runs argv in the container and gathers stdout and stderr. */
int host_exec(struct host *h, const char *id, const char *const *argv, bool tty, const char *in,
	      struct buf *out, int *code);

/* Attaches, types `in`, and gathers what comes until the container has exited. */
int host_attach(struct host *h, const char *id, const char *in, struct buf *out, int *code);

#endif

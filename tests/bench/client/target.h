/* SPDX-License-Identifier: Apache-2.0 */
/* The server that is measured: where it is, whom the kubeconfig makes us, which processes it is. Set up once by main(). */
#ifndef TESTS_BENCH_CLIENT_TARGET_H
#define TESTS_BENCH_CLIENT_TARGET_H

#include <sys/types.h>

#include "base/buf.h"

#define PIDS_MAX 16

struct target {
	char *server; /* https://HOST:PORT */
	struct buf ca, cert, key;
	pid_t pids[PIDS_MAX];
	size_t npids;
	double seconds; /* of each measurement */
	const char *name;
	const char *only; /* measurements whose name has this in it; NULL: all */
};
extern struct target target;

_Noreturn void die(const char *what, const char *why);
double now_s(void);
/* The target by an address of this machine that is not loopback, if it listens there; else NULL. Freed by the caller. */
char *target_elsewhere(void);
double cpu_s(void);     /* that its processes have spent */
double pss_bytes(void); /* of memory that they hold; 0: unknown */
void target_load(const char *kubeconfig);
void target_pids(const char *text); /* "1,2" */

#endif

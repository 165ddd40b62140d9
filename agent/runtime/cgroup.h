/* SPDX-License-Identifier: Apache-2.0 */
/* Control groups of pods and containers on hosts with cgroup v2, v1, or both (hybrid). Paths are relative to the root that
 * cgroup_open() chose: "kubepods/burstable/podUID". Blocking (short); any thread, as the kernel orders the writes.
 * Follows the kernel's admin-guide/cgroup-v2 and cgroup-v1, and the kubelet's cgroupfs driver for names and values. */
#ifndef AGENT_RUNTIME_CGROUP_H
#define AGENT_RUNTIME_CGROUP_H

#include "agent/runtime/runtime.h"

enum cgroup_controller {
	CGROUP_CPU,
	CGROUP_MEMORY,
	CGROUP_PIDS,
	CGROUP_CPUACCT,
	CGROUP_CONTROLLERS
};
#define CGROUP_PATH_MAX   512
#define CGROUP_BASE_MAX   256
#define CGROUP_MOUNTS_MAX 16

struct cgroup_host {
	bool v2;                            /* all that we need is in cgroup v2 */
	bool hide_unified;                  /* hybrid, and crun would refuse: see shim/crun.c */
	bool swap;                          /* swap can be limited, too */
	char base[CGROUP_BASE_MAX];         /* where "kubepods" goes: "" or "/init.scope/…" */
	char mounts[CGROUP_MOUNTS_MAX][64]; /* every hierarchy's mount point; v2: exactly one */
	size_t nmounts;
	const char *controller[CGROUP_CONTROLLERS]; /* v1: mount point of each; into mounts */
};

/* Looks at the host and makes `name` with its controllers. Where the root that we see is not the machine's (a container), we
 * move into a leaf of it first. ERR_UNAVAILABLE names a missing controller and what to do about it. */
int cgroup_open(const char *name, struct cgroup_host *out, struct err *err);

int cgroup_create(const struct cgroup_host *h, const char *path,
		  const struct container_resources *r, struct err *err);
int cgroup_set(const struct cgroup_host *h, const char *path, const struct container_resources *r,
	       struct err *err);
void cgroup_kill(const struct cgroup_host *h,
		 const char *path); /* SIGKILL to all in it and below */
bool cgroup_empty(const struct cgroup_host *h, const char *path); /* no process in it and below */
void cgroup_remove(const struct cgroup_host *h,
		   const char *path); /* with what is below; absent is fine */
/* For the last one out: what cgroup_open() made, unless somebody is in it. */
void cgroup_leave(const struct cgroup_host *h, const char *name);
int cgroup_usage(const struct cgroup_host *h, const char *path, struct runtime_usage *out,
		 struct err *err);
/* Takes a process out of the reach of who stops our own group (systemd): only in the hierarchies that it looks at. */
void cgroup_join(const struct cgroup_host *h, const char *path, int pid);
/* Names for others: the file that counts out-of-memory kills, and the path as a runtime spec wants it. */
void cgroup_oom_file(const struct cgroup_host *h, const char *path, char out[CGROUP_PATH_MAX]);
void cgroup_oci_path(const struct cgroup_host *h, const char *path, char out[CGROUP_PATH_MAX]);

uint64_t cgroup_shares(int64_t milli);   /* v1 cpu.shares, 2-262144 */
uint64_t cgroup_weight(uint64_t shares); /* v2 cpu.weight, 1-10000 */
int64_t cgroup_quota_us(int64_t milli);  /* per 100 ms, at least 1 ms; 0 for none */
#define CGROUP_PERIOD_US 100000

#endif

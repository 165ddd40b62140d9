/* SPDX-License-Identifier: Apache-2.0 */
/* A container's config.json (OCI runtime specification 1.0.2), written straight from what the kubelet asked for, with the
 * defaults that containerd's CRI has. Blocking (reads the root's passwd); any thread. */
#ifndef AGENT_RUNTIME_OCI_CONFIG_H
#define AGENT_RUNTIME_OCI_CONFIG_H

#include "agent/runtime/cgroup.h"
#include "agent/runtime/runtime.h"
#include "base/buf.h"

struct oci_capabilities {
	uint64_t mask; /* bit n: capability n of linux/capability.h */
};
/* The default set, plus and minus what the container says, of what we hold ourselves. ERR_INVALID for an unknown name. */
int oci_capabilities(const struct container_spec *s, struct oci_capabilities *out, struct err *err);
bool oci_capabilities_has(const struct oci_capabilities *c, const char *name); /* without CAP_ */
void oci_capabilities_json(struct buf *out, const struct oci_capabilities *c); /* ["CAP_CHOWN",…] */

struct oci_user {
	int64_t uid, gid;
	int64_t groups[64];
	size_t ngroups;
};
/* Who runs: run_as_*, or the image's user looked up in the root's /etc/passwd and /etc/group, which may be hostile. */
int oci_user_resolve(int rootfs_fd, const struct container_spec *s, const char *image_user,
		     struct oci_user *out, struct err *err);

void oci_seccomp_default(struct buf *out, const struct oci_capabilities *caps);

struct oci_sandbox {
	const char *hostname;
	const char *net_path; /* NULL: the host's */
	const char *uts_path, *ipc_path;
	const char *pid_path; /* NULL: its own */
	bool host_pid;
	const char *shm_path; /* bound to /dev/shm */
	const char *hostname_file;
};
struct oci_input {
	const struct container_spec *spec;
	const struct image *image;
	const struct oci_sandbox *sandbox;
	const struct cgroup_host *cgroups;
	const char *cgroup_path; /* as cgroup_create() takes it */
	const char *rootfs;      /* absolute */
	int rootfs_fd;
	int oom_score_floor; /* what we can't go below */
};
int oci_config(const struct oci_input *in, struct buf *out, struct oci_user *user, struct err *err);
void oci_mounts(const struct oci_input *in, struct buf *out); /* the member "mounts" */
void oci_linux(const struct oci_input *in, const struct oci_capabilities *caps, const char *seccomp,
	       struct buf *out);
void oci_string(struct buf *out, const char *text); /* quoted */
/* process.json for an exec, from the container's config.json. */
int oci_exec_process(const char *config_path, const char *const *argv, bool tty, struct buf *out,
		     struct err *err);

#endif

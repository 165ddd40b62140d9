/* SPDX-License-Identifier: Apache-2.0 */
/* Volumes in two steps: volumes_plan() decides on the loop what has to be where (pure; all memory in the arena), volume_lay() makes
 * it so on a worker thread and may be repeated at any time. What is written from objects lies below run_dir (memory, as a rule:
 * secrets never reach the disk), what containers fill lies below data_dir. */
#ifndef AGENT_KUBELET_VOLUMES_VOLUME_H
#define AGENT_KUBELET_VOLUMES_VOLUME_H

#include "agent/kubelet/pod/pod_source.h"
#include "agent/kubelet/volumes/atomic_dir.h"

struct pod_dirs {
	const char *data; /* DATADIR/agent/kubelet/pods/UID */
	const char *run;  /* RUNDIR/kubelet/pods/UID */
};

enum volume_kind {
	VOLUME_FILES,
	VOLUME_DIR,
	VOLUME_MEMORY,
	VOLUME_HOST_PATH,
	VOLUME_CLAIM,
	VOLUME_IMAGE,
	VOLUME_BLOCK, /* a device: for volumeDevices, not for volumeMounts */
};
struct volume {
	struct str name;
	enum volume_kind kind;
	const char *path;          /* on the host */
	bool read_only;            /* whatever the mount says */
	struct atomic_file *files; /* VOLUME_FILES */
	size_t nfiles;
	struct str host_type; /* VOLUME_HOST_PATH, VOLUME_CLAIM: "", "DirectoryOrCreate", … */
	bool open_to_all;     /* VOLUME_CLAIM: a directory that is made here is everybody's */
	bool group_once;      /* … fs_group is given once, when the root does not have it */
	int64_t size_bytes;   /* VOLUME_MEMORY: limit, 0: the node's memory */
	int64_t fs_group;     /* -1: none */
	struct str image,
		pull_policy; /* VOLUME_IMAGE: mounted before the first container that wants it */
};
struct volume_list {
	struct volume *items;
	size_t n;
};
/* ERR_NOT_FOUND: an object is missing (`configmap "x" not found`); ERR_UNAVAILABLE: a token is on its way. err names the volume as
 * upstream does (`MountVolume.SetUp failed for volume "v" : …`). */
int volumes_plan(const struct pod_source *s, const struct pod_dirs *dirs, struct arena *a,
		 struct volume_list *out, struct err *err);
int volume_lay(const struct volume *v, struct err *err);
const struct volume *volume_find(const struct volume_list *l, struct str name);

/* Opens `sub` below the volume without leaving it, makes it as a directory when absent, and binds it to `target`. Blocking. */
int volume_sub_path(const char *volume_path, const char *sub, const char *target, struct err *err);
/* Unmounts and removes everything of a pod. Blocking; absent is fine. */
int pod_dirs_remove(const struct pod_dirs *dirs, struct err *err);

#endif

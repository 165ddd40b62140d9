/* SPDX-License-Identifier: Apache-2.0 */
/* A directory whose files change all at once, as containers see it: the files lie in `..TIMESTAMP`, `..data` links there, and
 * each visible name links into `..data`. An update writes a new timestamped directory and moves `..data` over. Nothing changes
 * when the content is the same. Blocking; any thread, one at a time per directory. Upstream's pkg/volume/util/atomic_writer.go. */
#ifndef AGENT_KUBELET_VOLUMES_ATOMIC_DIR_H
#define AGENT_KUBELET_VOLUMES_ATOMIC_DIR_H

#include <sys/types.h>

#include "base/err.h"
#include "base/str.h"

struct atomic_file {
	const char *path; /* relative, checked: no "..", not absolute */
	struct str data;
	mode_t mode;
	int64_t uid, gid; /* -1: ours */
};
int atomic_dir_write(const char *dir, const struct atomic_file *files, size_t n, struct err *err);
bool atomic_path_valid(struct str path);

#endif

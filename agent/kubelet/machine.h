/* SPDX-License-Identifier: Apache-2.0 */
/* What this machine is and has: read once at start from /proc, /sys, /etc and uname(2); memory, processes and disk again
 * whenever pressure is looked at. */
#ifndef AGENT_KUBELET_MACHINE_H
#define AGENT_KUBELET_MACHINE_H

#include <stdbool.h>
#include <stdint.h>

struct machine {
	int64_t cpu_milli, memory_bytes,
		disk_bytes; /* what we may use of it: affinity and cgroup limits count */
	int64_t allocatable_bytes; /* memory less what is kept back (100 MiB, as upstream's eviction threshold) */
	char machine_id[64], system_uuid[64], boot_id[64];
	char kernel[128], os_image[128];
	char architecture[16]; /* Go's name: amd64, arm64 */
};
void machine_read(const char *data_dir, struct machine *out);

struct machine_pressure {
	bool memory, disk, pids;
};
/* Below 100 MiB of available memory, below 10 % (nodefs.available) of the disk, below 10 % of free process ids. */
void machine_pressure(const char *data_dir, struct machine_pressure *out);

#endif

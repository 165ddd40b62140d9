/* SPDX-License-Identifier: Apache-2.0 */
/* What this machine is and has: read once at start from /proc, /sys, /etc and uname(2). */
#ifndef AGENT_KUBELET_NODE_MACHINE_H
#define AGENT_KUBELET_NODE_MACHINE_H

#include <stdbool.h>
#include <stdint.h>

struct machine {
	int64_t cpu_milli, memory_bytes,
		disk_bytes; /* what we may use of it: affinity and cgroup limits count */
	int64_t allocatable_bytes,
		allocatable_disk_bytes; /* less what the eviction thresholds keep back */
	char machine_id[64], system_uuid[64], boot_id[64];
	char kernel[128], os_image[128];
	char architecture[16]; /* Go's name: amd64, arm64 */
};
void machine_read(const char *data_dir, struct machine *out);

#endif

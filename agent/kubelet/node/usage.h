/* SPDX-License-Identifier: Apache-2.0 */
/* How much CPU is being used: counters of cgroups and of the machine, looked at on the node's timer, so that whoever asks later is
 * told a rate over the last seconds. Loop thread only. */
#ifndef AGENT_KUBELET_NODE_USAGE_H
#define AGENT_KUBELET_NODE_USAGE_H

#include <stdbool.h>
#include <stdint.h>

struct usage_sample {
	int64_t at_us; /* wall clock; 0: none */
	uint64_t cpu_us;
};
struct usage_history {
	struct usage_sample newer, older;
};
struct usage_rate {
	uint64_t nano_cores;
	int64_t window_us; /* 0: not known yet */
};
void usage_add(struct usage_history *h, struct usage_sample now);
/* Since the newest sample that is old enough to count; a counter that began anew counts from zero. */
struct usage_rate usage_rate_of(const struct usage_history *h, struct usage_sample now);

struct machine_usage {
	uint64_t cpu_us, memory_bytes, working_set_bytes, available_bytes;
};
bool machine_usage_read(struct machine_usage *out); /* /proc/stat, /proc/meminfo */

struct kubelet;
void usage_look(struct kubelet *k); /* all running containers and the machine */

#endif

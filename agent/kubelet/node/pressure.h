/* SPDX-License-Identifier: Apache-2.0 */
/* When a node runs short of something: signals, thresholds, and the conditions that follow from them. Pure. Follows upstream's
 * pkg/kubelet/eviction (helpers.go, defaults_linux.go). */
#ifndef AGENT_KUBELET_NODE_PRESSURE_H
#define AGENT_KUBELET_NODE_PRESSURE_H

#include "agent/kubelet/node/node_status.h"
#include "generated/api_structs.h"

enum pressure_signal { /* in the order in which they are relieved */
		       PRESSURE_MEMORY,
		       PRESSURE_NODEFS,
		       PRESSURE_NODEFS_INODES,
		       PRESSURE_IMAGEFS,
		       PRESSURE_IMAGEFS_INODES,
		       PRESSURE_PIDS,
		       PRESSURE_SIGNALS
};
#define PRESSURE_CONDITIONS NODE_READY /* those before it */
#define PRESSURE_DEFAULTS                                                   \
	"memory.available<100Mi,nodefs.available<10%,nodefs.inodesFree<5%," \
	"imagefs.available<15%,imagefs.inodesFree<5%"

struct pressure_threshold {
	int64_t amount; /* bytes, inodes, processes */
	double percent; /* of the capacity, when the amount is 0; both 0: never met */
};
struct pressure_thresholds {
	struct pressure_threshold of[PRESSURE_SIGNALS];
};
struct pressure_amount {
	int64_t available, capacity; /* capacity 0: not known */
};

bool pressure_signal_find(struct str name, enum pressure_signal *out);
const char *pressure_signal_name(enum pressure_signal s);
/* "memory.available<100Mi,nodefs.available<10%". What is not named is never met. */
int pressure_parse(struct str text, struct pressure_thresholds *out, struct err *err);
int64_t pressure_limit(const struct pressure_thresholds *t, enum pressure_signal s,
		       int64_t capacity);
/* A bit for each signal that is below its threshold. */
unsigned pressure_met(const struct pressure_thresholds *t,
		      const struct pressure_amount now[PRESSURE_SIGNALS]);
/* How many tasks there are, of /proc/loadavg ("0.1 0.2 0.3 2/345 6789": 345); -1: it can't be read. */
int64_t pressure_tasks(struct str loadavg);
/* "memory", "ephemeral-storage", "inodes", "pids" */
const char *pressure_resource(enum pressure_signal s);
bool pressure_is_of_disk(enum pressure_signal s);
/* A condition holds until its signals have been good for the transition period. seen_us: when each was met last; 0: never. */
void pressure_conditions(unsigned met, int64_t now_us, int64_t transition_us,
			 int64_t seen_us[PRESSURE_CONDITIONS], bool out[PRESSURE_CONDITIONS]);

/* May a new pod start under these conditions? "" or why not; the text lies in `out`. */
bool pressure_admits(const bool conditions[PRESSURE_CONDITIONS], const struct core_v1_pod *pod,
		     struct buf *out);
bool pressure_spares(const struct core_v1_pod *pod); /* critical: never evicted, always admitted */

#endif

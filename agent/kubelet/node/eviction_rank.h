/* SPDX-License-Identifier: Apache-2.0 */
/* Which pod goes first when the node is short of something, and what it is told. Pure. Follows upstream's
 * pkg/kubelet/eviction/helpers.go (rankMemoryPressure, rankDiskPressure, rankPIDPressure, evictionMessage). */
#ifndef AGENT_KUBELET_NODE_EVICTION_RANK_H
#define AGENT_KUBELET_NODE_EVICTION_RANK_H

#include "agent/kubelet/node/pressure.h"

struct eviction_candidate {
	void *pod;
	int64_t priority;
	int64_t usage, request; /* of what is short */
};
/* Those above their request, then of low priority, then what is used beyond the request. Of pids: priority, then usage. */
void eviction_rank(struct eviction_candidate *list, size_t n, enum pressure_signal s);

struct eviction_usage { /* of one container */
	const char *name;
	int64_t usage, request;
};
void eviction_message(enum pressure_signal s, int64_t limit, int64_t available,
		      const struct eviction_usage *containers, size_t n, struct buf *out);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* What a pod has on the node's own disk: its containers' writable layers and logs, its emptyDirs; and the limits that its spec sets
 * for them. Follows upstream's pkg/kubelet/eviction (localStorageEviction). */
#ifndef AGENT_KUBELET_NODE_LOCAL_STORAGE_H
#define AGENT_KUBELET_NODE_LOCAL_STORAGE_H

#include "base/arena.h"
#include "base/buf.h"
#include "generated/api_structs.h"

struct pod;
enum local_kind { LOCAL_WRITABLE, LOCAL_LOGS, LOCAL_VOLUME };
struct local_part {
	enum local_kind kind;
	const char *path, *name; /* of the container or the volume */
	int64_t limit;           /* bytes; 0: none */
	int64_t bytes, inodes;   /* as measured */
};
struct local_storage {
	struct arena arena; /* of everything below */
	const char *uid;
	struct local_part *parts;
	size_t n;
	int64_t limit; /* of all containers together; 0: none */
};

/* Of all containers together, bytes; those without a limit count for nothing. 0: none has one. */
int64_t local_storage_limit(const struct core_v1_pod_spec *spec);
bool local_storage_is_limited(const struct core_v1_pod *pod);
void local_storage_take(const struct pod *p, struct local_storage *out); /* loop thread */
void local_storage_measure(struct local_storage *s); /* any thread; walks the directories */
/* Pure. True: a limit is exceeded, and `why` says which as upstream does. */
bool local_storage_exceeds(const struct local_storage *s, struct buf *why);
int64_t local_storage_bytes(const struct local_storage *s);
int64_t local_storage_inodes(const struct local_storage *s);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* The status of a Node as JSON. Pure but for node_status_images(), which reads the image store's directory. */
#ifndef AGENT_KUBELET_NODE_NODE_STATUS_H
#define AGENT_KUBELET_NODE_NODE_STATUS_H

#include <stdbool.h>

#include "agent/kubelet/node/machine.h"
#include "agent/runtime/image.h"
#include "base/buf.h"
#include "generated/api_structs.h"

enum node_condition {
	NODE_MEMORY_PRESSURE,
	NODE_DISK_PRESSURE,
	NODE_PID_PRESSURE,
	NODE_READY,
	NODE_CONDITIONS
};
struct node_condition_state {
	bool value;
	int64_t since_us; /* of the last change */
};
struct node_view {
	const char *name;
	const char *const *ips; /* NULL-terminated */
	const struct machine *machine;
	int max_pods, port;
	struct node_condition_state conditions[NODE_CONDITIONS];
	struct str images; /* a JSON list */
};
/* Without heartbeat times, to see whether something changed (heartbeat_us 0), or with them. */
void node_status_write(const struct node_view *v, int64_t heartbeat_us, bool as_patch,
		       struct buf *out);
/* Does the Node say what we say? It does not when it was silent for too long: then others have written that nobody knows. */
bool node_status_is_shown(const struct node_view *v, const struct core_v1_node *node);
void node_status_images(struct image_store *s, struct buf *out);

#endif

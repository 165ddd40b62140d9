/* SPDX-License-Identifier: Apache-2.0 */
#include "server/controllers/nodes/pods_by_node.h"

static struct str field(const struct object *pod, const char *label)
{
	for (size_t i = 0; i < pod->resource->nselectable; i++)
		if (!strcmp(pod->resource->selectable[i].label, label))
			return pod->fields[i];
	return STR("");
}

struct str pod_node(const struct object *pod)
{
	return field(pod, "spec.nodeName");
}

struct str pod_phase_at_rest(const struct object *pod)
{
	return field(pod, "status.phase");
}

size_t pod_index_node(const struct object *pod, struct str *out, size_t max)
{
	struct str node = pod_node(pod);
	if (!max || !node.n)
		return 0;
	out[0] = node;
	return 1;
}

void pods_of_node(struct controller *c, struct str node,
		  bool (*fn)(void *ctx, const struct object *pod), void *ctx)
{
	struct informer *pods = controller_informer(c, API_CORE_V1_PODS);
	informer_each_indexed(pods, informer_index_add(pods, pod_index_node), node, fn, ctx);
}

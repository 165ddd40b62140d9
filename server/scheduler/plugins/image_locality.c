/* SPDX-License-Identifier: Apache-2.0 */
/* Prefers nodes that have the pod's images, large ones more, and images that many nodes have more. */
#include "base/buf.h"
#include "server/scheduler/plugin.h"

#define MIB           (1LL << 20)
#define SUM_LEAST     (23 * MIB)
#define PER_CONTAINER (1000 * MIB)

static int64_t image_size(const struct node_info *n, struct str image)
{
	for (size_t i = 0; i < n->node.status.images.n; i++)
		for (size_t k = 0; k < n->node.status.images.items[i].names.n; k++)
			if (str_eq(n->node.status.images.items[i].names.items[k], image))
				return n->node.status.images.items[i].size_bytes;
	return 0;
}

static bool has_tag(struct str image)
{
	size_t colon = str_rfind(image, ':'), slash = str_rfind(image, '/');

	return colon < image.n && (slash == image.n || colon > slash);
}

static int64_t image_score(const struct sched_cycle *c, const struct node_info *n, struct str image)
{
	auto_buf tagged = { 0 };
	int64_t size;

	buf_str(&tagged, image);
	if (!has_tag(image))
		buf_puts(&tagged, ":latest");
	size = image_size(n, buf_view(&tagged));
	if (!size)
		return 0;
	return (int64_t)((double)size * (double)cluster_image_nodes(c->cluster, buf_view(&tagged)) /
			 (double)c->cluster->nlist);
}

static int64_t score(const struct sched_cycle *c, const struct node_info *n)
{
	const struct core_v1_pod_spec *spec = &c->pod->spec;
	int64_t sum = 0,
		highest = PER_CONTAINER * (int64_t)(spec->containers.n + spec->init_containers.n);

	for (size_t i = 0; i < spec->init_containers.n; i++)
		sum += image_score(c, n, spec->init_containers.items[i].image);
	for (size_t i = 0; i < spec->containers.n; i++)
		sum += image_score(c, n, spec->containers.items[i].image);
	if (sum < SUM_LEAST)
		sum = SUM_LEAST;
	if (sum > highest)
		sum = highest;
	return SCORE_MAX * (sum - SUM_LEAST) / (highest - SUM_LEAST);
}

const struct sched_plugin plugin_image_locality = { .name = "ImageLocality",
						    .score = score,
						    .weight = 1 };

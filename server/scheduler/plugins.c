/* SPDX-License-Identifier: Apache-2.0 */
#include "base/mem.h"
#include "server/scheduler/plugin.h"

const struct sched_plugin *const sched_plugins[] = {
	&plugin_scheduling_gates,       &plugin_node_name,           &plugin_node_unschedulable,
	&plugin_taint_toleration,       &plugin_node_affinity,       &plugin_node_ports,
	&plugin_node_resources_fit,     &plugin_volume_restrictions, &plugin_node_volume_limits,
	&plugin_volume_binding,         &plugin_volume_zone,         &plugin_topology_spread,
	&plugin_inter_pod_affinity,     &plugin_balanced_allocation, &plugin_image_locality,
	&plugin_node_declared_features,
};
const size_t sched_plugin_count = COUNT_OF(sched_plugins);
_Static_assert(COUNT_OF(sched_plugins) <= SCHED_PLUGINS_MAX, "plug-ins are bits of a mask");

void reasons_add(struct reasons *r, const char *text, int count)
{
	for (size_t i = 0; i < r->n; i++)
		if (r->items[i].text == text) {
			r->items[i].count += count;
			return;
		}
	for (size_t i = 0; i < r->n; i++)
		if (!strcmp(r->items[i].text, text)) {
			r->items[i].count += count;
			return;
		}
	r->items = mem_array_grow(r->items, &r->cap, r->n + 1, sizeof(*r->items));
	r->items[r->n++] = (struct reason){ text, count };
}

void reasons_merge_all(struct reasons *r, const struct verdict *v)
{
	for (size_t i = 0; i < v->n; i++)
		reasons_add(r, v->why[i], 1);
}

void reasons_free(struct reasons *r)
{
	free(r->items);
	*r = (struct reasons){ 0 };
}

void scores_normalize(int64_t *scores, size_t n, bool reverse)
{
	int64_t highest = 0;

	for (size_t i = 0; i < n; i++)
		if (scores[i] > highest)
			highest = scores[i];
	for (size_t i = 0; i < n; i++) {
		int64_t s = highest ? scores[i] * SCORE_MAX / highest : 0;

		scores[i] = reverse ? SCORE_MAX - s : s;
	}
}

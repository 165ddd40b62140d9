/* SPDX-License-Identifier: Apache-2.0 */
#include "base/mem.h"
#include "server/scheduler/plugin.h"

const struct sched_plugin *const sched_plugins[] = {
	&plugin_scheduling_gates,    &plugin_node_unschedulable, &plugin_node_name,
	&plugin_taint_toleration,    &plugin_node_affinity,      &plugin_node_ports,
	&plugin_node_resources_fit,  &plugin_topology_spread,    &plugin_inter_pod_affinity,
	&plugin_balanced_allocation, &plugin_image_locality,
};
const size_t sched_plugin_count = COUNT_OF(sched_plugins);

void reasons_add(struct reasons *r, struct str text)
{
	for (size_t i = 0; i < r->n; i++)
		if (str_eqz(text, r->items[i].text)) {
			r->items[i].count++;
			return;
		}
	r->items = mem_array_grow(r->items, &r->cap, r->n + 1, sizeof(*r->items));
	r->items[r->n++] = (struct reason){ str_dup(text), 1 };
}

void reasons_merge(struct reasons *r, const struct reasons *more)
{
	for (size_t i = 0; i < more->n; i++)
		reasons_add(r, str_from(more->items[i].text));
}

void reasons_free(struct reasons *r)
{
	for (size_t i = 0; i < r->n; i++)
		free(r->items[i].text);
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

void scores_spread(int64_t *scores, size_t n)
{
	int64_t low = INT64_MAX, high = INT64_MIN;

	for (size_t i = 0; i < n; i++) {
		low = scores[i] < low ? scores[i] : low;
		high = scores[i] > high ? scores[i] : high;
	}
	for (size_t i = 0; i < n; i++)
		scores[i] = high > low ? (scores[i] - low) * SCORE_MAX / (high - low) : 0;
}

bool sched_counts(const struct sched_cycle *c, const struct placed_pod *p)
{
	for (size_t i = 0; i < c->ngone; i++)
		if (c->gone[i] == p)
			return false;
	return true;
}

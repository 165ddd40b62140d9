/* SPDX-License-Identifier: Apache-2.0 */
#include "server/controllers/nodes/node_report.h"

#include "base/metrics.h"

enum { SIZE, HEALTH, UNHEALTHY, EVICTIONS, FAMILIES };
static const struct {
	enum metric_type type;
	const char *name, *help;
} families[FAMILIES] = {
	[SIZE] = { METRIC_GAUGE, "node_collector_zone_size",
		   "Gauge measuring number of registered Nodes per zones." },
	[HEALTH] = { METRIC_GAUGE, "node_collector_zone_health",
		     "Gauge measuring percentage of healthy nodes per zone." },
	[UNHEALTHY] = { METRIC_GAUGE, "node_collector_unhealthy_nodes_in_zone",
			"Gauge measuring number of not Ready Nodes per zones." },
	[EVICTIONS] = { METRIC_COUNTER, "node_collector_evictions_total",
			"Number of Node evictions that happened since current instance of "
			"NodeController started." },
};

struct line { /* of a zone; it outlives it, at zero */
	struct metric *metrics[FAMILIES];
	uint64_t evictions;
	bool there;
};
struct node_report {
	struct map lines;
};

struct node_report *node_report_new(void)
{
	return NEW(struct node_report);
}

void node_report_free(struct node_report *r)
{
	map_free(&r->lines, free);
	free(r);
}

static struct line *line_of(struct node_report *r, struct str zone)
{
	static const char *const labels[] = { "zone", NULL };
	struct line *l = map_get(&r->lines, zone);
	if (l)
		return l;
	l = NEW(struct line);
	auto_free char *name = str_dup(zone);
	const char *const values[] = { name };
	for (size_t i = 0; i < FAMILIES; i++)
		l->metrics[i] = metric_with(metric_family(families[i].type, families[i].name,
							  families[i].help, labels, NULL, 0),
					    values);
	map_put(&r->lines, zone, l);
	return l;
}

static void show(void *ctx, const struct zone_report *z)
{
	struct line *l = line_of(ctx, z->zone);
	size_t healthy = z->size - z->unhealthy;
	l->there = true;
	metric_set(l->metrics[SIZE], (double)z->size);
	metric_set(l->metrics[HEALTH], z->size ? 100.0 * (double)healthy / (double)z->size : 100);
	metric_set(l->metrics[UNHEALTHY], (double)z->unhealthy);
	if (z->evictions > l->evictions)
		metric_add(l->metrics[EVICTIONS], (double)(z->evictions - l->evictions));
	l->evictions = z->evictions;
}

void node_report_update(struct node_report *r, const struct node_zones *z)
{
	size_t at = 0;
	for (struct map_entry *e; (e = map_next(&r->lines, &at));)
		((struct line *)e->value)->there = false;
	node_zones_each(z, show, r);
	at = 0;
	for (struct map_entry *e; (e = map_next(&r->lines, &at));) {
		struct line *l = e->value;
		if (!l->there)
			show(r, &(struct zone_report){ .zone = e->key });
	}
}

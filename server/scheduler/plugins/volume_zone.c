/* SPDX-License-Identifier: Apache-2.0 */
/* A volume that says by its labels in which zone or region it lies is used there. */
#include "base/mem.h"
#include "client/placement.h"
#include "server/scheduler/plugin.h"

static const struct zone_label {
	struct str name, today;
} zone_labels[] = {
	{ STR_INIT("failure-domain.beta.kubernetes.io/zone"),
	  STR_INIT("topology.kubernetes.io/zone") },
	{ STR_INIT("failure-domain.beta.kubernetes.io/region"),
	  STR_INIT("topology.kubernetes.io/region") },
	{ STR_INIT("topology.kubernetes.io/zone"), STR_INIT("topology.kubernetes.io/zone") },
	{ STR_INIT("topology.kubernetes.io/region"), STR_INIT("topology.kubernetes.io/region") },
};

struct wanted_zone {
	const struct zone_label *label;
	struct str values; /* separated by "__" */
};
struct state {
	struct wanted_zone *items;
	size_t n;
};

static void add_volume(struct state *s, const volume_struct *v)
{
	for (size_t i = 0; i < COUNT_OF(zone_labels); i++) {
		const struct str *value = label_find(&v->metadata.labels, zone_labels[i].name);

		if (value)
			s->items[s->n++] = (struct wanted_zone){ &zone_labels[i], *value };
	}
}

static const char *read_claim(const struct sched_cycle *c, struct state *s, struct str name)
{
	const claim_struct *claim = volumes_claim(c->volumes, c->arena, c->object->ns, name);
	const struct storage_v1_storage_class *class;
	const struct volume_known *k;

	if (!claim)
		return arena_printf(c->arena, "persistentvolumeclaim \"%.*s\" not found",
				    STR_ARG(name));
	if (!claim->spec.volume_name.n) {
		if (!claim_class(claim).n)
			return "PersistentVolumeClaim had no pv name and storageClass name";
		class = volumes_class(c->volumes, c->arena, claim_class(claim));
		if (!class)
			return arena_printf(c->arena,
					    "storageclass.storage.k8s.io \"%.*s\" not found",
					    STR_ARG(claim_class(claim)));
		return class_waits(class) ? NULL : "PersistentVolume had no name";
	}
	k = volumes_get(c->volumes, claim->spec.volume_name);
	if (!k)
		return arena_printf(c->arena, "persistentvolume \"%.*s\" not found",
				    STR_ARG(claim->spec.volume_name));
	add_volume(s, &k->volume);
	return NULL;
}

static bool pre_filter(const struct sched_cycle *c, struct prepared *out)
{
	struct state *s = ARENA_NEW(c->arena, struct state);

	s->items = ARENA_ARRAY(c->arena, struct wanted_zone,
			       c->pod->spec.volumes.n * COUNT_OF(zone_labels) + 1);
	for (size_t i = 0; c->volumes && !out->reject && i < c->pod->spec.volumes.n; i++)
		if (c->pod->spec.volumes.items[i].persistent_volume_claim)
			out->reject = read_claim(
				c, s,
				c->pod->spec.volumes.items[i].persistent_volume_claim->claim_name);
	out->state = s;
	return s->n || out->reject;
}

static bool one_of(struct str values, struct str value)
{
	while (values.n) {
		size_t end = 0;

		while (end + 1 < values.n && !(values.p[end] == '_' && values.p[end + 1] == '_'))
			end++;
		if (end + 1 >= values.n)
			return str_eq(values, value);
		if (str_eq(str_of(values.p, end), value))
			return true;
		values = str_of(values.p + end + 2, values.n - end - 2);
	}
	return false;
}

static void filter(const struct sched_cycle *c, const struct node_info *n, struct verdict *v)
{
	const struct state *s = c->state;
	const struct api_str_map *labels = &n->node->metadata.labels;
	bool zoned = false;

	for (size_t i = 0; i < COUNT_OF(zone_labels); i++)
		zoned |= label_find(labels, zone_labels[i].name) != NULL;
	for (size_t i = 0; zoned && i < s->n; i++) {
		const struct str *value = label_find(labels, s->items[i].label->name);

		if (!value)
			value = label_find(labels, s->items[i].label->today);
		if (!value || !one_of(s->items[i].values, *value)) {
			verdict_add_final(v, "node(s) had no available volume zone");
			return;
		}
	}
}

const struct sched_plugin plugin_volume_zone = {
	.name = "VolumeZone",
	.pre_filter = pre_filter,
	.filter = filter,
	.events = SCHED_EVENT_CLASS | SCHED_EVENT_NODE_ADD | SCHED_EVENT_NODE_LABELS |
		  SCHED_EVENT_CLAIM | SCHED_EVENT_VOLUME,
};

/* SPDX-License-Identifier: Apache-2.0 */
#include "server/scheduler/plugins/volume_provision.h"

#include "api/values/quantity.h"
#include "base/mem.h"
#include "client/placement.h"
#include "client/selectors.h"
#include "generated/api_tables.h"

#define NO_SPACE "node(s) did not have enough free storage"

static bool topology_allowed(const struct storage_v1_storage_class *class,
			     const struct core_v1_node *n)
{
	for (size_t i = 0; i < class->allowed_topologies.n; i++) {
		const struct core_v1_topology_selector_term *t =
			&class->allowed_topologies.items[i];
		bool all = t->match_label_expressions.n > 0;

		for (size_t k = 0; all && k < t->match_label_expressions.n; k++) {
			const struct core_v1_topology_selector_label_requirement *r =
				&t->match_label_expressions.items[k];
			const struct str *have = label_find(&n->metadata.labels, r->key);
			bool in = false;

			for (size_t m = 0; have && m < r->values.n; m++)
				in |= str_eq(r->values.items[m], *have);
			all = in;
		}
		if (all)
			return true;
	}
	return class->allowed_topologies.n == 0;
}

struct capacity_search {
	struct arena *arena;
	const struct core_v1_node *node;
	struct str class;
	int64_t size;
	bool found;
};

static bool capacity_enough(void *arg, const struct object *o)
{
	struct capacity_search *s = arg;
	struct storage_v1_csi_storage_capacity cap = { 0 };
	struct quantity q;
	struct str limit;

	if (object_decode(o, s->arena, api_struct_storage_v1_csi_storage_capacity, &cap, NULL) < 0)
		return true;
	limit = cap.maximum_volume_size.text.n ? cap.maximum_volume_size.text : cap.capacity.text;
	if (!str_eq(cap.storage_class_name, s->class) || !cap.node_topology || !limit.n ||
	    quantity_parse(limit, &q, NULL) < 0 || quantity_i64(q) < s->size)
		return true;
	const struct api_str_map *m = &s->node->metadata.labels;
	struct object_label *labels = ARENA_ARRAY(s->arena, struct object_label, m->n + 1);
	const struct object as_object = { .labels = labels, .nlabels = m->n };

	for (size_t i = 0; i < m->n; i++)
		labels[i] = (struct object_label){ m->items[i].key, m->items[i].value };
	s->found = label_selector_matches(cap.node_topology, &as_object);
	return !s->found;
}

static bool enough_capacity(const struct sched_cycle *c, const claim_struct *claim,
			    const struct storage_v1_storage_class *class,
			    const struct core_v1_node *n)
{
	const struct object *o = c->volumes->find(c->volumes->ctx, API_STORAGE_V1_CSIDRIVERS,
						  STR(""), class->provisioner);
	struct storage_v1_csi_driver driver = { 0 };
	struct capacity_search s = { .arena = c->arena,
				     .node = n,
				     .class = class->metadata.name,
				     .size = claim_size(claim) };

	if (!s.size || !o ||
	    object_decode(o, c->arena, api_struct_storage_v1_csi_driver, &driver, NULL) < 0 ||
	    !driver.spec.storage_capacity || !*driver.spec.storage_capacity)
		return true;
	c->volumes->each(c->volumes->ctx, API_STORAGE_V1_CSISTORAGECAPACITIES, capacity_enough, &s);
	return s.found;
}

const char *volume_provision_trouble(const struct sched_cycle *c, const claim_struct *claim,
				     const struct node_info *n)
{
	const struct storage_v1_storage_class *class =
		volumes_class(c->volumes, c->arena, claim_class(claim));

	if (!class || !class->provisioner.n || str_eqz(class->provisioner, NO_PROVISIONER) ||
	    !topology_allowed(class, n->node))
		return VOLUME_NOT_FOUND;
	return enough_capacity(c, claim, class, n->node) ? NULL : NO_SPACE;
}

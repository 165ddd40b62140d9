/* SPDX-License-Identifier: Apache-2.0 */
/* A pod goes where its bound volumes can be reached, and where a volume can be found or made for the claims that wait for their
 * first consumer. After volumebinding of v1.37 (without in-tree plug-ins that became CSI drivers). */
#include "server/scheduler/plugins/volume_binding.h"

#include <stdlib.h>

#include "api/quantity.h"
#include "base/buf.h"
#include "base/mem.h"
#include "client/placement.h"
#include "client/selectors.h"
#include "generated/api_tables.h"

struct state {
	const claim_struct **bound, **waiting;
	size_t nbound, nwaiting;
};

static bool belongs_to(const claim_struct *claim, const struct core_v1_pod *pod)
{
	for (size_t i = 0; i < claim->metadata.owner_references.n; i++) {
		const struct meta_v1_owner_reference *r =
			&claim->metadata.owner_references.items[i];

		if (r->controller && *r->controller)
			return str_eq(r->uid, pod->metadata.uid);
	}
	return false;
}

static const char *claim_trouble(const struct sched_cycle *c, const struct core_v1_volume *v,
				 struct str name, const claim_struct *claim)
{
	if (!claim)
		return arena_printf(c->arena,
				    v->ephemeral ? "waiting for ephemeral volume controller to "
						   "create the persistentvolumeclaim \"%.*s\""
						 : "persistentvolumeclaim \"%.*s\" not found",
				    STR_ARG(name));
	if (str_eqz(claim->status.phase, "Lost"))
		return arena_printf(c->arena,
				    "persistentvolumeclaim \"%.*s\" bound to non-existent "
				    "persistentvolume \"%.*s\"",
				    STR_ARG(name), STR_ARG(claim->spec.volume_name));
	if (claim->metadata.deletion_timestamp.set)
		return arena_printf(c->arena, "persistentvolumeclaim \"%.*s\" is being deleted",
				    STR_ARG(name));
	if (v->ephemeral && !belongs_to(claim, c->pod))
		return arena_printf(c->arena,
				    "PVC %.*s/%.*s was not created for pod %.*s/%.*s (pod is not "
				    "owner)",
				    STR_ARG(c->object->ns), STR_ARG(name), STR_ARG(c->object->ns),
				    STR_ARG(c->object->name));
	return NULL;
}

/* False: it should have been bound by now. */
static bool sort_in(const struct sched_cycle *c, struct state *s, const claim_struct *claim)
{
	if (claim_is_bound(claim)) {
		s->bound[s->nbound++] = claim;
		return true;
	}
	if (claim->spec.volume_name.n ||
	    !class_waits(volumes_class(c->volumes, c->arena, claim_class(claim))))
		return false;
	s->waiting[s->nwaiting++] = claim;
	return true;
}

static int by_size(const void *a, const void *b)
{
	int64_t x = claim_size(*(const claim_struct *const *)a),
		y = claim_size(*(const claim_struct *const *)b);

	return x < y ? -1 : x > y;
}

static bool pre_filter(const struct sched_cycle *c, struct prepared *out)
{
	struct state *s = ARENA_NEW(c->arena, struct state);
	size_t n = c->pod->spec.volumes.n;
	bool immediate = false;
	auto_buf scratch = { 0 };

	s->bound = ARENA_ARRAY(c->arena, const claim_struct *, n + 1);
	s->waiting = ARENA_ARRAY(c->arena, const claim_struct *, n + 1);
	for (size_t i = 0; c->volumes && i < n && !out->reject; i++) {
		const struct core_v1_volume *v = &c->pod->spec.volumes.items[i];
		struct str name = pod_claim_name(c->pod, v, &scratch);
		const claim_struct *claim;

		if (!name.n)
			continue;
		claim = volumes_claim(c->volumes, c->arena, c->object->ns, name);
		out->reject = claim_trouble(c, v, name, claim);
		if (!out->reject && !sort_in(c, s, claim))
			immediate = true;
	}
	if (immediate && !out->reject)
		out->reject = "pod has unbound immediate PersistentVolumeClaims";
	if (s->nwaiting > 1)
		qsort(s->waiting, s->nwaiting, sizeof(*s->waiting), by_size);
	out->state = s;
	return s->nbound || s->nwaiting || out->reject;
}

/* --- one node --- */

struct search { /* the smallest free volume for a claim */
	const claim_struct *claim;
	const struct node_info *node;
	const struct claim_plan *taken;
	size_t ntaken;
	const volume_struct *best;
	bool over; /* one is meant for the claim: here or elsewhere */
};

static const char *claim_key(const struct sched_cycle *c, const claim_struct *claim)
{
	return arena_printf(c->arena, "%.*s/%.*s", STR_ARG(claim->metadata.namespace),
			    STR_ARG(claim->metadata.name));
}

static void consider(struct search *s, const struct volume_known *k, const char *key)
{
	enum volume_fit fit;

	if (s->over || (k->promised && strcmp(k->promised, key)))
		return;
	for (size_t i = 0; i < s->ntaken; i++)
		if (s->taken[i].volume == &k->volume)
			return;
	fit = volume_fits(&k->volume, s->claim, s->node->node, true);
	if (fit == VOLUME_NO)
		return;
	s->over = fit != VOLUME_MAYBE;
	if (fit == VOLUME_MEANT_ELSEWHERE)
		s->best = NULL;
	else if (s->over || !s->best || volume_size(&k->volume) < volume_size(s->best))
		s->best = &k->volume;
}

static const volume_struct *find_volume(const struct sched_cycle *c, struct search *s)
{
	const char *key = claim_key(c, s->claim);
	struct str class = claim_class(s->claim);
	struct map_entry *e;

	for (size_t i = 0; (e = map_next(&c->volumes->known, &i));) {
		const struct volume_known *k = e->value;

		if (str_eq(volume_class(&k->volume), class))
			consider(s, k, key);
	}
	return s->best;
}

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

#define NO_VOLUME      "node(s) didn't find available persistent volumes to bind"
#define NOT_REACHED    "node(s) didn't match PersistentVolume's node affinity"
#define NO_SPACE       "node(s) did not have enough free storage"
#define VOLUME_MISSING "node(s) unavailable due to one or more pvc(s) bound to non-existent pv(s)"

/* NULL: it can be made here. */
static const char *provision_trouble(const struct sched_cycle *c, const claim_struct *claim,
				     const struct node_info *n)
{
	const struct storage_v1_storage_class *class =
		volumes_class(c->volumes, c->arena, claim_class(claim));

	if (!class || !class->provisioner.n || str_eqz(class->provisioner, NO_PROVISIONER) ||
	    !topology_allowed(class, n->node))
		return NO_VOLUME;
	return enough_capacity(c, claim, class, n->node) ? NULL : NO_SPACE;
}

static const char *bound_trouble(const struct sched_cycle *c, const struct state *s,
				 const struct node_info *n)
{
	for (size_t i = 0; i < s->nbound; i++) {
		const struct volume_known *k =
			volumes_get(c->volumes, s->bound[i]->spec.volume_name);

		if (!k)
			return VOLUME_MISSING;
		if (!volume_reaches(&k->volume, n->node))
			return NOT_REACHED;
	}
	return NULL;
}

/* Where the claim is already being made, by its annotation or by our promise. */
static struct str selected_node(const struct sched_cycle *c, const claim_struct *claim)
{
	const struct str *noted = annotation_get(&claim->metadata, ANN_SELECTED_NODE);

	return noted ? *noted : volumes_selected(c->volumes, str_from(claim_key(c, claim)));
}

static const char *plan_waiting(const struct sched_cycle *c, const struct state *s,
				const struct node_info *n, struct volume_plan *out)
{
	for (size_t i = 0; i < s->nwaiting; i++) {
		const claim_struct *claim = s->waiting[i];
		struct str node = selected_node(c, claim);
		struct search search = {
			.claim = claim, .node = n, .taken = out->items, .ntaken = out->n
		};
		const volume_struct *found = NULL;
		const char *trouble = NULL;

		if (node.n && !str_eq(node, n->node->metadata.name))
			return NO_VOLUME;
		if (!node.n)
			found = find_volume(c, &search);
		if (!found)
			trouble = provision_trouble(c, claim, n);
		if (trouble)
			return trouble;
		out->items[out->n++] = (struct claim_plan){ claim, found };
	}
	return NULL;
}

static const char *plan(const struct sched_cycle *c, const struct state *s,
			const struct node_info *n, struct volume_plan *out)
{
	*out = (struct volume_plan){ 0 };
	if (s->nwaiting)
		out->items = ARENA_ARRAY(c->arena, struct claim_plan, s->nwaiting);
	return plan_waiting(c, s, n, out);
}

static void filter(const struct sched_cycle *c, const struct node_info *n, struct verdict *v)
{
	const struct state *s = c->state;
	const char *bound = bound_trouble(c, s, n), *waiting;
	struct volume_plan ignored;

	waiting = plan(c, s, n, &ignored);
	if (bound && strcmp(bound, VOLUME_MISSING))
		verdict_add_final(v, bound);
	if (waiting)
		verdict_add_final(v, waiting);
	if (bound && !strcmp(bound, VOLUME_MISSING))
		verdict_add_final(v, bound);
}

bool volume_binding_plan(const struct sched_cycle *c, const struct node_info *n,
			 struct volume_plan *out)
{
	struct prepared p = { 0 };

	*out = (struct volume_plan){ 0 };
	if (!c->volumes || !pre_filter(c, &p))
		return true;
	return !p.reject && !plan(c, p.state, n, out);
}

static bool uses_claim(const struct core_v1_pod *pod, struct str name)
{
	auto_buf scratch = { 0 };

	for (size_t i = 0; i < pod->spec.volumes.n; i++)
		if (str_eq(pod_claim_name(pod, &pod->spec.volumes.items[i], &scratch), name))
			return true;
	return false;
}

static bool hint(const struct core_v1_pod *pod, const struct sched_event *e)
{
	if (e->what & SCHED_EVENT_CLAIM)
		return str_eq(e->object->ns, pod->metadata.namespace) &&
		       uses_claim(pod, e->object->name);
	return true;
}

const struct sched_plugin plugin_volume_binding = {
	.name = "VolumeBinding",
	.pre_filter = pre_filter,
	.filter = filter,
	.events = SCHED_EVENT_CLASS | SCHED_EVENT_CLAIM | SCHED_EVENT_VOLUME |
		  SCHED_EVENT_NODE_ADD | SCHED_EVENT_NODE_LABELS | SCHED_EVENT_CSI_NODE |
		  SCHED_EVENT_CSI_DRIVER | SCHED_EVENT_CAPACITY,
	.hint = hint
};

/* SPDX-License-Identifier: Apache-2.0 */
/* A pod goes where its bound volumes can be reached, and where a volume can be found or made for the claims that wait for their
 * first consumer. After volumebinding of v1.37 (without in-tree plug-ins that became CSI drivers). */
#include "server/scheduler/plugins/volume_binding.h"

#include <stdlib.h>

#include "base/buf.h"
#include "base/mem.h"
#include "client/placement.h"
#include "server/scheduler/plugins/volume_provision.h"

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

#define NOT_REACHED    "node(s) didn't match PersistentVolume's node affinity"
#define VOLUME_MISSING "node(s) unavailable due to one or more pvc(s) bound to non-existent pv(s)"

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
			return VOLUME_NOT_FOUND;
		if (!node.n)
			found = find_volume(c, &search);
		if (!found)
			trouble = volume_provision_trouble(c, claim, n);
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

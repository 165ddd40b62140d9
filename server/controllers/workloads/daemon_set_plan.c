/* SPDX-License-Identifier: Apache-2.0 */
#include "server/controllers/workloads/daemon_set_plan.h"

#include <stdlib.h>

#include "base/map.h"
#include "base/mem.h"
#include "client/placement.h"
#include "client/selectors.h"
#include "server/controllers/pairs.h"
#include "server/controllers/workloads/revisions.h"

struct fit {
	bool should, may_stay;
};

static struct fit node_fits(const struct core_v1_pod_spec *spec, const struct core_v1_node *n)
{
	struct fit f = { true, true };

	if ((spec->node_name.n && !str_eq(spec->node_name, n->metadata.name)) ||
	    !node_selected(spec, n))
		return (struct fit){ false, false };
	for (size_t i = 0; i < n->spec.taints.n; i++) {
		const struct core_v1_taint *t = &n->spec.taints.items[i];

		if (str_eqz(t->effect, "PreferNoSchedule") ||
		    pod_tolerates(spec, t->key, t->value, t->effect))
			continue;
		f.should = false;
		f.may_stay &= !str_eqz(t->effect, "NoExecute");
	}
	return f;
}

static bool is_current(const struct daemon_view *v, const struct core_v1_pod *p)
{
	const struct str *hash = str_map_get(&p->metadata.labels, STR(REVISION_HASH_LABEL));

	return hash && str_eq(*hash, v->hash);
}

struct node_pods { /* on one node, the oldest first; without those that have ended and are being deleted */
	struct pod_view **items;
	size_t n;
};

struct planning {
	struct daemon_view *view;
	struct daemon_plan *out;
	struct node_pods *at; /* parallel to the nodes */
	struct fit *fits;
	int32_t surge, unavailable; /* limits of the roll-out */
	size_t ncreate;
};

static bool is_leaving(const struct pod_view *p)
{
	return p->pod.metadata.deletion_timestamp.set;
}

static bool is_available(struct planning *w, const struct pod_view *p)
{
	return pod_is_available(&p->pod, w->view->set->spec.min_ready_seconds, w->view->now_us,
				&w->out->wait_ms);
}

static void remove_pod(struct planning *w, struct pod_view *p)
{
	w->out->remove[w->out->nremove++] = p;
}

static void create_on(struct planning *w, size_t node)
{
	w->view->nodes[node].create = true;
	w->ncreate++;
}

static int by_age(const void *a, const void *b)
{
	const struct core_v1_pod *x = &(*(struct pod_view *const *)a)->pod,
				 *y = &(*(struct pod_view *const *)b)->pod;
	int64_t s = x->metadata.creation_timestamp.us, t = y->metadata.creation_timestamp.us;

	if (s != t)
		return s < t ? -1 : 1;
	if (str_eqz(x->status.phase, "Pending") != str_eqz(y->status.phase, "Pending"))
		return str_eqz(x->status.phase, "Pending") ? 1 : -1;
	return str_cmp(x->metadata.name, y->metadata.name);
}

/* Pods of nodes that are gone are left out: they are the pod GC's. */
static void sort_to_nodes(struct planning *w)
{
	const struct daemon_view *v = w->view;
	struct map index = { 0 };
	struct node_pods **of = ARENA_ARRAY(v->pods->arena, struct node_pods *, v->pods->n + 1);

	for (size_t i = 0; i < v->nnodes; i++)
		map_put(&index, v->nodes[i].node->metadata.name, &w->at[i]);
	for (size_t i = 0; i < v->pods->n; i++) {
		const struct pod_view *p = &v->pods->items[i];

		of[i] = is_leaving(p) && pod_is_over(&p->pod)
				? NULL
				: map_get(&index, daemon_pod_node(&p->pod));
		if (of[i])
			of[i]->n++;
	}
	for (size_t i = 0; i < v->nnodes; i++) {
		w->at[i].items = ARENA_ARRAY(v->pods->arena, struct pod_view *, w->at[i].n + 1);
		w->at[i].n = 0;
	}
	for (size_t i = 0; i < v->pods->n; i++)
		if (of[i])
			of[i]->items[of[i]->n++] = &v->pods->items[i];
	for (size_t i = 0; i < v->nnodes; i++)
		if (w->at[i].n > 1)
			qsort(w->at[i].items, w->at[i].n, sizeof(struct pod_view *), by_age);
	map_free(&index, NULL);
}

static void count(struct planning *w, size_t i)
{
	struct apps_v1_daemon_set_status *s = &w->out->status;
	const struct pod_view *p = w->at[i].n ? w->at[i].items[0] : NULL;

	if (!w->fits[i].should) {
		s->number_misscheduled += p != NULL;
		return;
	}
	s->desired_number_scheduled++;
	if (!p)
		return;
	s->current_number_scheduled++;
	s->number_ready += pod_is_ready(&p->pod);
	s->number_available += is_available(w, p);
	s->updated_number_scheduled += is_current(w->view, &p->pod);
}

/* --- one pod per node, none that has ended --- */

/* Two may stay while the newer one gets ready; of those of one revision only the oldest. */
static void prune_surge(struct planning *w, struct pod_view **running, size_t n)
{
	struct pod_view *newer = NULL, *older = NULL;

	for (size_t i = 0; i < n; i++) {
		struct pod_view **kept = is_current(w->view, &running[i]->pod) ? &newer : &older;

		if (*kept)
			remove_pod(w, running[i]);
		else
			*kept = running[i];
	}
	if (newer && older && (!pod_is_ready(&older->pod) || is_available(w, newer)))
		remove_pod(w, older);
}

/* A daemon never ends: one that failed is replaced, after a time that grows. */
static void replace_ended(struct planning *w, size_t node, struct pod_view *p)
{
	int64_t left_ms = 0;

	if (str_eqz(p->pod.status.phase, "Failed") && w->view->backoff_ms)
		left_ms =
			w->view->backoff_ms(w->view->ctx, w->view->nodes[node].node->metadata.name);
	if (left_ms > 0) {
		if (!w->out->wait_ms || left_ms < w->out->wait_ms)
			w->out->wait_ms = left_ms;
		return;
	}
	w->out->ended[w->out->nended++] = (struct daemon_end){ p, node };
	remove_pod(w, p);
}

static void manage_node(struct planning *w, size_t node)
{
	const struct node_pods *at = &w->at[node];
	struct pod_view **running = ARENA_ARRAY(w->view->pods->arena, struct pod_view *, at->n + 1);
	size_t n = 0;

	if (w->fits[node].should && !at->n) {
		create_on(w, node);
		return;
	}
	for (size_t i = 0; i < at->n; i++) {
		struct pod_view *p = at->items[i];

		if (is_leaving(p))
			continue;
		if (!w->fits[node].may_stay)
			remove_pod(w, p);
		else if (pod_is_over(&p->pod))
			replace_ended(w, node, p);
		else
			running[n++] = p;
	}
	if (w->surge && n > 1)
		prune_surge(w, running, n);
	else if (w->surge && !n && w->fits[node].should)
		create_on(w, node);
	for (size_t i = 1; !w->surge && i < n; i++)
		remove_pod(w, running[i]);
}

/* --- roll-outs --- */

struct pair { /* of a node: at most one pod of each revision, or it is not settled */
	struct pod_view *newer, *older;
	bool settled;
};

static struct pair pair_on(const struct planning *w, size_t node)
{
	struct pair p = { .settled = true };

	for (size_t i = 0; i < w->at[node].n; i++) {
		struct pod_view *v = w->at[node].items[i];
		struct pod_view **kept = is_current(w->view, &v->pod) ? &p.newer : &p.older;

		if (is_leaving(v))
			continue;
		p.settled &= !*kept;
		*kept = v;
	}
	return p;
}

static bool concerns(const struct planning *w, size_t node)
{
	return w->fits[node].should || w->at[node].n;
}

/* Old pods that don't serve go at once; others while few enough nodes are without. */
static void roll_by_deletion(struct planning *w)
{
	struct pod_view **candidates =
		ARENA_ARRAY(w->view->pods->arena, struct pod_view *, w->view->pods->n + 1);
	int32_t unavailable = 0;
	size_t n = 0;

	for (size_t i = 0; i < w->view->nnodes; i++) {
		struct pair p = pair_on(w, i);

		if (!concerns(w, i))
			continue;
		if (!p.settled || !p.newer == !p.older) {
			unavailable++;
		} else if (p.newer) {
			unavailable += !is_available(w, p.newer);
		} else if (!is_available(w, p.older)) {
			remove_pod(w, p.older);
			unavailable++;
		} else {
			candidates[n++] = p.older;
		}
	}
	for (size_t i = 0; i < n && unavailable < w->unavailable; i++, unavailable++)
		remove_pod(w, candidates[i]);
}

/* A new pod comes beside an old one and takes its place once it serves. */
static void roll_by_surge(struct planning *w)
{
	size_t *candidates = ARENA_ARRAY(w->view->pods->arena, size_t, w->view->nnodes + 1), n = 0,
	       nsunset = 0;
	struct pod_view **sunset =
		ARENA_ARRAY(w->view->pods->arena, struct pod_view *, w->view->pods->n + 1);
	int32_t surge = 0, available = 0;

	for (size_t i = 0; i < w->view->nnodes; i++) {
		struct pair p = pair_on(w, i);
		bool serves;

		if (!p.settled) {
			surge++;
			continue;
		}
		if (p.older || p.newer)
			available += is_available(w, p.older ? p.older : p.newer);
		if (!p.older)
			continue;
		serves = is_available(w, p.older);
		if (p.newer && is_available(w, p.newer))
			remove_pod(w, p.older);
		else if (p.newer)
			surge++;
		else if (!w->fits[i].should && !serves)
			remove_pod(w, p.older);
		else if (!w->fits[i].should)
			sunset[nsunset++] = p.older;
		else if (!serves)
			create_on(w, i);
		else
			candidates[n++] = i;
	}
	for (size_t i = 0; i < nsunset && available > w->out->status.desired_number_scheduled;
	     i++, available--)
		remove_pod(w, sunset[i]);
	for (size_t i = 0; i < n && surge < w->surge; i++, surge++)
		create_on(w, candidates[i]);
}

static void read_limits(struct planning *w)
{
	const struct apps_v1_daemon_set_update_strategy *s = &w->view->set->spec.update_strategy;
	const struct apps_v1_rolling_update_daemon_set *r = s->rolling_update;
	int32_t desired = w->out->status.desired_number_scheduled;

	w->unavailable = 1;
	if (str_eqz(s->type, "OnDelete") || !r)
		return;
	if (r->max_unavailable.set)
		w->unavailable = scaled_value(&r->max_unavailable, desired, true);
	w->surge = scaled_value(&r->max_surge, desired, true);
	if (!w->unavailable && !w->surge)
		w->unavailable = 1;
}

/* What is made and removed for order's sake is seen before a roll-out goes on. */
static void decide(struct planning *w)
{
	for (size_t i = 0; i < w->view->nnodes; i++)
		manage_node(w, i);
	if (w->ncreate || w->out->nremove ||
	    str_eqz(w->view->set->spec.update_strategy.type, "OnDelete"))
		return;
	if (w->surge)
		roll_by_surge(w);
	else
		roll_by_deletion(w);
}

void daemon_set_plan(struct daemon_view *v, struct daemon_plan *out)
{
	struct arena *a = v->pods->arena;
	struct planning w = { .view = v,
			      .out = out,
			      .at = ARENA_ARRAY(a, struct node_pods, v->nnodes + 1),
			      .fits = ARENA_ARRAY(a, struct fit, v->nnodes + 1) };
	struct core_v1_pod_spec spec;

	*out = (struct daemon_plan){ .remove =
					     ARENA_ARRAY(a, struct pod_view *, 2 * v->pods->n + 1),
				     .ended = ARENA_ARRAY(a, struct daemon_end, v->pods->n + 1) };
	out->status.observed_generation = v->set->metadata.generation;
	daemon_pod_spec(&v->set->spec.template.spec, STR(""), a, &spec);
	sort_to_nodes(&w);
	for (size_t i = 0; i < v->nnodes; i++) {
		w.fits[i] = node_fits(&spec, v->nodes[i].node);
		v->nodes[i].create = false;
		count(&w, i);
	}
	out->status.number_unavailable =
		out->status.desired_number_scheduled - out->status.number_available;
	read_limits(&w);
	if (!v->set->metadata.deletion_timestamp.set)
		decide(&w);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "server/controllers/workloads/stateful_set_plan.h"

#include <stdlib.h>

#include "base/mem.h"
#include "client/selectors.h"
#include "server/controllers/pairs.h"
#include "server/controllers/workloads/revisions.h"

struct planning {
	const struct stateful_view *v;
	struct stateful_plan *out;
	int32_t start, replicas, partition;
	bool one_by_one;
	size_t nwanted;
};

static bool has_revision(const struct pod_view *p, struct str revision)
{
	const struct str *have = str_map_get(&p->pod.metadata.labels, STR(REVISION_HASH_LABEL));

	return have && str_eq(*have, revision);
}

static bool is_leaving(const struct pod_view *p)
{
	return p->pod.metadata.deletion_timestamp.set;
}

static bool is_healthy(const struct planning *w, const struct pod_view *p)
{
	return p && !is_leaving(p) &&
	       pod_is_available(&p->pod, w->v->set->spec.min_ready_seconds, w->v->now_us,
				&w->out->wait_ms);
}

static int by_ordinal_down(const void *a, const void *b)
{
	return ((const struct stateful_pod *)b)->ordinal -
	       ((const struct stateful_pod *)a)->ordinal;
}

static void sort_pods(struct planning *w)
{
	struct stateful_pod *all = w->out->pods;

	for (int32_t i = 0; i < w->replicas; i++)
		all[i] = (struct stateful_pod){ .ordinal = w->start + i, .wanted = true };
	w->out->n = w->nwanted = (size_t)w->replicas;
	for (size_t i = 0; i < w->v->pods->n; i++) {
		struct pod_view *p = &w->v->pods->items[i];
		int32_t ordinal = stateful_ordinal(w->v->set->metadata.name, p->pod.metadata.name);

		if (ordinal < 0)
			continue;
		if (ordinal >= w->start && ordinal < w->start + w->replicas)
			all[ordinal - w->start].view = p;
		else
			all[w->out->n++] = (struct stateful_pod){ .ordinal = ordinal, .view = p };
	}
	qsort(all + w->nwanted, w->out->n - w->nwanted, sizeof(*all), by_ordinal_down);
}

static void count(struct planning *w)
{
	struct apps_v1_stateful_set_status *s = &w->out->status;

	for (size_t i = 0; i < w->out->n; i++) {
		const struct pod_view *p = w->out->pods[i].view;

		if (!p)
			continue;
		s->replicas++;
		if (str_eqz(p->pod.status.phase, "Running") && pod_is_ready(&p->pod)) {
			s->ready_replicas++;
			s->available_replicas +=
				pod_is_available(&p->pod, w->v->set->spec.min_ready_seconds,
						 w->v->now_us, &w->out->wait_ms);
		}
		if (is_leaving(p))
			continue;
		s->current_replicas += has_revision(p, w->v->current);
		s->updated_replicas += has_revision(p, w->v->update);
	}
}

/* Below the partition pods are made as they were; without any word about it, as many as are current. */
static bool of_old_revision(const struct planning *w, int32_t ordinal)
{
	const struct apps_v1_stateful_set_update_strategy *s = &w->v->set->spec.update_strategy;

	if (str_eq(w->v->current, w->v->update) || str_eqz(s->type, "OnDelete"))
		return false;
	return ordinal <
	       w->start + (s->rolling_update ? w->partition : w->v->set->status.current_replicas);
}

/* False: nothing further may happen now. */
static bool raise_one(struct planning *w, struct stateful_pod *p)
{
	if (!p->view) {
		p->create = true;
		p->old_revision = of_old_revision(w, p->ordinal);
		return !w->one_by_one;
	}
	if (pod_is_over(&p->view->pod)) {
		p->remove = !is_leaving(p->view);
		return !w->one_by_one;
	}
	return !w->one_by_one || is_healthy(w, p->view);
}

static const struct stateful_pod *first_unhealthy(const struct planning *w)
{
	for (size_t i = 0; i < w->nwanted; i++)
		if (!is_healthy(w, w->out->pods[i].view))
			return &w->out->pods[i];
	for (size_t i = w->out->n; i-- > w->nwanted;)
		if (!is_healthy(w, w->out->pods[i].view))
			return &w->out->pods[i];
	return NULL;
}

/* From the highest ordinal down; one by one those below have to be well first, unless it is the sick one's turn. */
static bool lower(struct planning *w)
{
	const struct stateful_pod *sick = first_unhealthy(w);

	for (size_t i = w->nwanted; i < w->out->n; i++) {
		struct stateful_pod *p = &w->out->pods[i];
		bool leaving = is_leaving(p->view);

		if (w->one_by_one && (leaving || (!is_healthy(w, p->view) && p != sick)))
			return false;
		p->remove = !leaving;
		if (w->one_by_one)
			return false;
	}
	return true;
}

static bool is_outdated(const struct planning *w, const struct stateful_pod *p)
{
	return p->view && !is_leaving(p->view) && !has_revision(p->view, w->v->update);
}

static int32_t unavailable_limit(const struct planning *w)
{
	const struct apps_v1_rolling_update_stateful_set_strategy *r =
		w->v->set->spec.update_strategy.rolling_update;
	int32_t most = r && r->max_unavailable.set
			       ? scaled_value(&r->max_unavailable, w->replicas, false)
			       : 1;

	return most < 1 ? 1 : most;
}

/* Outdated pods go from the top while few enough are unavailable; in parallel, those that don't serve anyway go at once. */
static void update(struct planning *w)
{
	int32_t room = unavailable_limit(w);

	if (str_eqz(w->v->set->spec.update_strategy.type, "OnDelete"))
		return;
	for (size_t i = 0; i < w->nwanted; i++)
		room -= !is_healthy(w, w->out->pods[i].view);
	for (size_t i = w->nwanted; i-- > 0 && (int32_t)i >= w->partition;) {
		struct stateful_pod *p = &w->out->pods[i];

		if (!w->one_by_one && is_outdated(w, p) && !is_healthy(w, p->view))
			p->remove = true;
	}
	for (size_t i = w->nwanted; room > 0 && i-- > 0 && (int32_t)i >= w->partition;) {
		struct stateful_pod *p = &w->out->pods[i];

		if (!is_outdated(w, p) || p->remove)
			continue;
		p->remove = true;
		room--;
	}
}

static void finish_rollout(struct planning *w)
{
	struct apps_v1_stateful_set_status *s = &w->out->status;

	if (!str_eqz(w->v->set->spec.update_strategy.type, "OnDelete") &&
	    s->updated_replicas == s->replicas && s->replicas == w->replicas &&
	    s->ready_replicas == s->replicas) {
		s->current_revision = s->update_revision;
		s->current_replicas = s->updated_replicas;
	}
}

static void read_spec(struct planning *w)
{
	const struct apps_v1_stateful_set_spec *s = &w->v->set->spec;

	w->replicas = s->replicas ? *s->replicas : 1;
	w->start = s->ordinals ? s->ordinals->start : 0;
	w->one_by_one = !str_eqz(s->pod_management_policy, "Parallel");
	if (s->update_strategy.rolling_update && s->update_strategy.rolling_update->partition)
		w->partition = *s->update_strategy.rolling_update->partition;
}

void stateful_set_plan(const struct stateful_view *v, struct stateful_plan *out)
{
	struct planning w = { .v = v, .out = out };
	bool go = true;

	*out = (struct stateful_plan){ 0 };
	read_spec(&w);
	out->pods = ARENA_ARRAY(v->pods->arena, struct stateful_pod,
				(size_t)w.replicas + v->pods->n + 1);
	sort_pods(&w);
	out->status.observed_generation = v->set->metadata.generation;
	out->status.current_revision = v->current;
	out->status.update_revision = v->update;
	count(&w);
	finish_rollout(&w);
	if (v->set->metadata.deletion_timestamp.set)
		return;
	for (size_t i = 0; go && i < w.nwanted; i++)
		go = raise_one(&w, &out->pods[i]);
	if (go && lower(&w))
		update(&w);
}

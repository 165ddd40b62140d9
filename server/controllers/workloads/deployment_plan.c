/* SPDX-License-Identifier: Apache-2.0 */
#include "server/controllers/workloads/deployment_plan.h"

#include <stdlib.h>

#include "base/mem.h"

static int32_t min32(int32_t a, int32_t b)
{
	return a < b ? a : b;
}

static int32_t max32(int32_t a, int32_t b)
{
	return a > b ? a : b;
}

void deployment_limits(const struct apps_v1_deployment *d, struct deployment_limits *out)
{
	const struct apps_v1_rolling_update_deployment *r = d->spec.strategy.rolling_update;

	*out = (struct deployment_limits){ .replicas = d->spec.replicas ? *d->spec.replicas : 1 };
	if (str_eqz(d->spec.strategy.type, "Recreate") || !r)
		return;
	out->surge = scaled_value(&r->max_surge, out->replicas, true);
	out->unavailable = scaled_value(&r->max_unavailable, out->replicas, false);
	if (!out->surge && !out->unavailable)
		out->unavailable = 1;
	out->unavailable = min32(out->unavailable, out->replicas);
}

static int32_t total_size(const struct set_views *s)
{
	int32_t n = s->latest ? s->latest->size : 0;

	for (size_t i = 0; i < s->n; i++)
		n += s->items[i]->size;
	return n;
}

static int32_t total_available(const struct set_views *s)
{
	int32_t n = s->latest ? s->latest->available : 0;

	for (size_t i = 0; i < s->n; i++)
		n += s->items[i]->available;
	return n;
}

/* How large the new one may be now. */
static int32_t latest_size(const struct deployment_limits *l, const struct set_views *s)
{
	int32_t size = s->latest ? s->latest->size : 0,
		room = l->replicas + l->surge - total_size(s);

	if (size >= l->replicas)
		return l->replicas;
	return room <= 0 ? size : size + min32(room, l->replicas - size);
}

/* Pods of old sets that never became available cost nothing to remove. Returns how many go. */
static int32_t drop_unhealthy(struct set_views *s, int32_t most)
{
	int32_t dropped = 0;

	for (size_t i = 0; i < s->n && dropped < most; i++) {
		struct set_view *v = s->items[i];
		int32_t n = min32(most - dropped, v->size - v->available);

		if (n <= 0)
			continue;
		v->want -= n;
		dropped += n;
	}
	return dropped;
}

static void drop_available(const struct deployment_limits *l, struct set_views *s)
{
	int32_t most = total_available(s) - (l->replicas - l->unavailable);

	for (size_t i = 0; i < s->n && most > 0; i++) {
		int32_t n = min32(s->items[i]->want, most);

		s->items[i]->want -= n;
		most -= n;
	}
}

static void scale_old_down(const struct deployment_limits *l, struct set_views *s)
{
	int32_t not_yet = s->latest->size - s->latest->available;
	int32_t most = total_size(s) - (l->replicas - l->unavailable) - not_yet;

	if (most <= 0)
		return;
	drop_unhealthy(s, most);
	drop_available(l, s);
}

static void roll(struct deployment_plan *p, struct set_views *s)
{
	int32_t size = latest_size(&p->limits, s);

	if (!s->latest) {
		p->create = true;
		p->create_size = size;
	} else if (size != s->latest->size) {
		s->latest->want = size;
	} else {
		scale_old_down(&p->limits, s);
	}
}

static void recreate(struct deployment_plan *p, struct set_views *s, bool old_pods_run)
{
	bool busy = old_pods_run;

	for (size_t i = 0; i < s->n; i++) {
		busy |= s->items[i]->size > 0;
		s->items[i]->want = 0;
	}
	if (busy)
		return;
	if (s->latest)
		s->latest->want = p->limits.replicas;
	p->create = !s->latest;
	p->create_size = p->limits.replicas;
}

/* Scaling: the Deployment's size changed while sets of several templates have pods. */
static bool is_scaling(const struct deployment_limits *l, const struct set_views *s)
{
	for (size_t i = 0; i <= s->n; i++) {
		const struct set_view *v = i < s->n ? s->items[i] : s->latest;
		int64_t desired;

		if (!v || !v->size)
			continue;
		desired = pairs_number(&v->rs.metadata.annotations, ANNOTATION_DESIRED);
		if (desired && desired != l->replicas)
			return true;
	}
	return false;
}

static struct set_view *only_active(const struct set_views *s)
{
	struct set_view *found = s->latest && s->latest->size ? s->latest : NULL;
	int n = found != NULL;

	for (size_t i = 0; i < s->n; i++)
		if (s->items[i]->size) {
			found = s->items[i];
			n++;
		}
	if (n == 0)
		return s->latest ? s->latest : s->n ? s->items[s->n - 1] : NULL;
	return n == 1 ? found : NULL;
}

static int by_size(const void *a, const void *b)
{
	const struct set_view *x = *(struct set_view *const *)a, *y = *(struct set_view *const *)b;

	return x->size != y->size ? (x->size > y->size ? -1 : 1) : 0;
}

static int32_t share(const struct set_view *v, const struct apps_v1_deployment *d,
		     const struct deployment_limits *l)
{
	int64_t before = pairs_number(&v->rs.metadata.annotations, ANNOTATION_MAX);
	double scaled;

	if (!l->replicas)
		return -v->size;
	if (!before)
		before = d->status.replicas;
	if (!before)
		return 0;
	scaled = (double)v->size * (l->replicas + l->surge) / (double)before;
	return (int32_t)(scaled + 0.5) - v->size;
}

static void scale_in_proportion(const struct apps_v1_deployment *d,
				const struct deployment_limits *l, struct set_views *s,
				struct set_view **all)
{
	int32_t to_add = (l->replicas > 0 ? l->replicas + l->surge : 0) - total_size(s), added = 0;
	size_t n = 0;

	for (size_t i = 0; i < s->n; i++)
		if (s->items[i]->size)
			all[n++] = s->items[i];
	if (s->latest && s->latest->size)
		all[n++] = s->latest;
	qsort(all, n, sizeof(*all), by_size);
	for (size_t i = 0; i < n && to_add != added; i++) {
		int32_t part = share(all[i], d, l), left = to_add - added;

		part = to_add > 0 ? min32(part, left) : max32(part, left);
		all[i]->want = all[i]->size + part;
		added += part;
	}
	if (n && to_add != added) /* what rounding left over */
		all[0]->want = max32(0, all[0]->want + to_add - added);
}

static void scale(const struct apps_v1_deployment *d, struct deployment_plan *p,
		  struct set_views *s)
{
	struct set_view *only = only_active(s), **all;
	const struct deployment_limits *l = &p->limits;

	if (only) {
		only->want = l->replicas;
		return;
	}
	if (s->latest && s->latest->size == l->replicas && s->latest->available == l->replicas) {
		for (size_t i = 0; i < s->n; i++)
			s->items[i]->want = 0;
		return;
	}
	if (str_eqz(d->spec.strategy.type, "Recreate"))
		return;
	all = malloc((s->n + 1) * sizeof(*all));
	if (all)
		scale_in_proportion(d, l, s, all);
	free(all);
}

static int64_t newest_revision(const struct set_views *s)
{
	int64_t n = 0;

	for (size_t i = 0; i < s->n; i++)
		if (s->items[i]->revision > n)
			n = s->items[i]->revision;
	return n;
}

static bool is_complete(const struct deployment_limits *l, const struct set_views *s)
{
	return s->latest && s->latest->rs.status.replicas == l->replicas &&
	       total_size(s) == l->replicas && s->latest->available == l->replicas;
}

/* Old sets without pods, oldest first, beyond the limit. */
static void forget_history(const struct apps_v1_deployment *d, struct set_views *s)
{
	size_t limit = d->spec.revision_history_limit ? (size_t)*d->spec.revision_history_limit
						      : 10,
	       n = s->n;

	for (size_t i = 0; i < s->n && n > limit; i++) {
		struct set_view *v = s->items[i];

		n--;
		v->remove = !v->size && !v->rs.status.replicas && !v->object->deleting &&
			    v->rs.metadata.generation <= v->rs.status.observed_generation;
	}
}

void deployment_plan(const struct apps_v1_deployment *d, struct set_views *sets, bool old_pods_run,
		     struct deployment_plan *out)
{
	*out = (struct deployment_plan){ 0 };
	deployment_limits(d, &out->limits);
	for (size_t i = 0; i < sets->n; i++)
		sets->items[i]->want = sets->items[i]->size;
	if (sets->latest)
		sets->latest->want = sets->latest->size;
	out->revision = newest_revision(sets) + 1;
	if (sets->latest && sets->latest->revision > newest_revision(sets))
		out->revision = sets->latest->revision;
	out->complete = is_complete(&out->limits, sets);
	if (d->metadata.deletion_timestamp.set)
		return;
	out->rolling = !d->spec.paused && !is_scaling(&out->limits, sets);
	if (!out->rolling)
		scale(d, out, sets);
	else if (str_eqz(d->spec.strategy.type, "Recreate"))
		recreate(out, sets, old_pods_run);
	else
		roll(out, sets);
	if (out->complete)
		forget_history(d, sets);
}

void deployment_counts(const struct apps_v1_deployment *d, const struct set_views *sets,
		       struct arena *a, struct apps_v1_deployment_status *out)
{
	int32_t total = total_size(sets), *terminating = ARENA_NEW(a, int32_t);
	bool known = true;

	*out = d->status;
	out->observed_generation = d->metadata.generation;
	out->available_replicas = total_available(sets);
	out->replicas = out->ready_replicas = out->updated_replicas = 0;
	for (size_t i = 0; i <= sets->n; i++) {
		const struct set_view *v = i < sets->n ? sets->items[i] : sets->latest;

		if (!v)
			continue;
		known &= v->rs.status.terminating_replicas != NULL;
		*terminating += known ? *v->rs.status.terminating_replicas : 0;
		out->replicas += v->rs.status.replicas;
		out->ready_replicas += v->rs.status.ready_replicas;
		if (v == sets->latest)
			out->updated_replicas = v->rs.status.replicas;
	}
	out->terminating_replicas = known ? terminating : NULL;
	out->unavailable_replicas = max32(0, total - out->available_replicas);
}

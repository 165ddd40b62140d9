/* SPDX-License-Identifier: Apache-2.0 */
#include "server/controllers/limits/disruption_plan.h"

#include "server/controllers/pairs.h"

#define ALLOWED "DisruptionAllowed"

static void want(const struct disruption_view *v, struct policy_v1_pod_disruption_budget_status *s)
{
	const struct policy_v1_pod_disruption_budget_spec *spec = &v->budget->spec;

	s->expected_pods = v->scale;
	if (spec->max_unavailable.set) {
		s->desired_healthy =
			v->scale - scaled_value(&spec->max_unavailable, v->scale, true);
		if (s->desired_healthy < 0)
			s->desired_healthy = 0;
	} else if (spec->min_available.set && spec->min_available.is_string) {
		s->desired_healthy = scaled_value(&spec->min_available, v->scale, true);
	} else if (spec->min_available.set) {
		s->desired_healthy = spec->min_available.i;
		s->expected_pods = (int32_t)v->pods->n;
	}
}

static const struct core_v1_pod *find(const struct pod_views *pods, struct str name)
{
	for (size_t i = 0; i < pods->n; i++)
		if (str_eq(pods->items[i].pod.metadata.name, name))
			return &pods->items[i].pod;
	return NULL;
}

/* Keeps the evictions that were granted and have not been seen yet. */
static void keep_disrupted(const struct disruption_view *v,
			   struct policy_v1_pod_disruption_budget_status *s, int64_t *wait_ms)
{
	const struct policy_v1_pod_disruption_budget_status *old = &v->budget->status;

	s->disrupted_pods.n = 0;
	for (size_t i = 0; i < old->disrupted_pods.n; i++) {
		const struct core_v1_pod *p = find(v->pods, old->disrupted_pods.items[i].key);
		int64_t left_us =
			old->disrupted_pods.items[i].value.us + DISRUPTED_POD_US - v->now_us;

		if (!p || p->metadata.deletion_timestamp.set || left_us <= 0)
			continue;
		s->disrupted_pods.items[s->disrupted_pods.n++] = old->disrupted_pods.items[i];
		if (!*wait_ms || left_us / 1000 < *wait_ms)
			*wait_ms = left_us / 1000 + 1;
	}
}

static bool is_disrupted(const struct policy_v1_pod_disruption_budget_status *s, struct str name)
{
	for (size_t i = 0; i < s->disrupted_pods.n; i++)
		if (str_eq(s->disrupted_pods.items[i].key, name))
			return true;
	return false;
}

static void set_condition(const struct disruption_view *v, struct str reason, struct str message,
			  struct policy_v1_pod_disruption_budget_status *s)
{
	const struct policy_v1_pod_disruption_budget_status *old = &v->budget->status;
	struct meta_v1_condition *now =
		ARENA_ARRAY(v->pods->arena, struct meta_v1_condition, old->conditions.n + 1);
	struct meta_v1_condition ours = { .type = STR(ALLOWED),
					  .status = s->disruptions_allowed > 0 ? STR("True")
									       : STR("False"),
					  .observed_generation = s->observed_generation,
					  .last_transition_time = { v->now_us, true },
					  .reason = reason,
					  .message = message };
	size_t n = 0, at = old->conditions.n;

	for (size_t i = 0; i < old->conditions.n; i++) {
		now[n++] = old->conditions.items[i];
		if (str_eqz(old->conditions.items[i].type, ALLOWED))
			at = i;
	}
	if (at < n && str_eq(now[at].status, ours.status))
		ours.last_transition_time = now[at].last_transition_time;
	now[at] = ours;
	s->conditions.items = (void *)now;
	s->conditions.n = at < n ? n : n + 1;
}

bool disruption_needs_scale(const struct policy_v1_pod_disruption_budget *b)
{
	return b->spec.max_unavailable.set ||
	       (b->spec.min_available.set && b->spec.min_available.is_string);
}

void disruption_failed(const struct disruption_view *v, struct str why,
		       struct policy_v1_pod_disruption_budget_status *out)
{
	*out = v->budget->status;
	out->disruptions_allowed = 0;
	set_condition(v, STR("SyncFailed"), why, out);
}

const struct object *disruption_in_vain(const struct disruption_view *v, size_t *at)
{
	const struct policy_v1_pod_disruption_budget_status *old = &v->budget->status;

	while (*at < v->pods->n) {
		const struct pod_view *p = &v->pods->items[(*at)++];

		for (size_t i = 0; i < old->disrupted_pods.n; i++)
			if (str_eq(old->disrupted_pods.items[i].key, p->object->name) &&
			    !p->object->deleting &&
			    old->disrupted_pods.items[i].value.us + DISRUPTED_POD_US <= v->now_us)
				return p->object;
	}
	return NULL;
}

int64_t disruption_stale_ms(const struct core_v1_pod *p, int64_t now_us)
{
	const struct core_v1_pod_condition *c = pod_condition(p, "DisruptionTarget");
	int64_t left;

	if (!c || !str_eqz(c->status, "True") || str_eqz(c->reason, "TerminationByKubelet") ||
	    p->metadata.deletion_timestamp.set || pod_is_over(p))
		return DISRUPTION_STANDS;
	left = (c->last_transition_time.us + DISRUPTED_POD_US - now_us + 999) / 1000;
	return left > 0 ? left : 0;
}

void disruption_plan(const struct disruption_view *v,
		     struct policy_v1_pod_disruption_budget_status *out, int64_t *out_wait_ms)
{
	size_t most = v->budget->status.disrupted_pods.n + 1;

	*out = (struct policy_v1_pod_disruption_budget_status){
		.observed_generation = v->budget->metadata.generation
	};
	out->disrupted_pods.items =
		arena_alloc(v->pods->arena, most * sizeof(out->disrupted_pods.items[0]));
	*out_wait_ms = 0;
	want(v, out);
	keep_disrupted(v, out, out_wait_ms);
	for (size_t i = 0; i < v->pods->n; i++) {
		const struct core_v1_pod *p = &v->pods->items[i].pod;

		out->current_healthy += pod_is_ready(p) && !p->metadata.deletion_timestamp.set &&
					!is_disrupted(out, p->metadata.name);
	}
	out->disruptions_allowed = out->current_healthy - out->desired_healthy;
	if (out->expected_pods <= 0 || out->disruptions_allowed < 0)
		out->disruptions_allowed = 0;
	set_condition(v,
		      out->disruptions_allowed > 0 ? STR("SufficientPods")
						   : STR("InsufficientPods"),
		      STR(""), out);
}

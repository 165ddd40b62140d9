/* SPDX-License-Identifier: Apache-2.0 */
#include "server/controllers/autoscaling/autoscaler_plan.h"

#include "api/values/quantity.h"

typedef struct autoscaling_v2_horizontal_pod_autoscaler hpa_t;
typedef struct autoscaling_v2_horizontal_pod_autoscaler_condition condition_t;

#define CONDITION_TYPES 4 /* AbleToScale, ScalingActive, ScalingLimited, ScaledToZero */
#define NO_REPLICAS     (-1)

static void tell(struct autoscaler_plan *p, const char *type, const char *reason,
		 const char *message)
{
	if (p->nnews < AUTOSCALER_NEWS_MAX)
		p->news[p->nnews++] = (struct autoscaler_news){ type, reason, message };
}

/* --- conditions --- */

static condition_t *condition_of(const struct autoscaler_plan *p, const char *type)
{
	for (size_t i = 0; i < p->status.conditions.n; i++)
		if (str_eqz(p->status.conditions.items[i].type, type))
			return &p->status.conditions.items[i];
	return NULL;
}

static void set(const struct autoscaler_view *v, struct autoscaler_plan *p, const char *type,
		const char *status, const char *reason, const char *message)
{
	condition_t *c = condition_of(p, type);
	if (!c) {
		c = &p->status.conditions.items[p->status.conditions.n++];
		*c = (condition_t){ .type = str_from(type) };
	}
	if (!str_eqz(c->status, status))
		c->last_transition_time = (struct api_time){ v->now_us, true };
	c->status = str_from(status);
	c->reason = str_from(reason);
	c->message = str_from(message);
}

static void begin(const struct autoscaler_view *v, struct autoscaler_plan *p)
{
	size_t n = v->hpa->status.conditions.n;
	*p = (struct autoscaler_plan){ .status = v->hpa->status };
	p->status.conditions.items = ARENA_ARRAY(v->arena, condition_t, n + CONDITION_TYPES);
	if (n)
		memcpy(p->status.conditions.items, v->hpa->status.conditions.items,
		       n * sizeof(condition_t));
}

/* --- the status --- */

static void write_sizes(const struct autoscaler_view *v, struct autoscaler_plan *p, int32_t desired,
			bool rescaled)
{
	p->status.current_replicas = v->current;
	p->status.desired_replicas = desired;
	p->status.observed_generation = ARENA_NEW(v->arena, int64_t);
	*p->status.observed_generation = v->hpa->metadata.generation;
	if (rescaled)
		p->status.last_scale_time = (struct api_time){ v->now_us, true };
}

void autoscaler_no_scale(const struct autoscaler_view *v, const char *failure,
			 struct autoscaler_plan *out)
{
	begin(v, out);
	tell(out, EVENT_WARNING, "FailedGetScale", failure);
	set(v, out, "AbleToScale", "False", "FailedGetScale",
	    arena_printf(v->arena,
			 "the HPA controller was unable to get the target's current scale: %s",
			 failure));
}

/* --- zero --- */

static bool can_leave_zero(const hpa_t *hpa)
{
	for (size_t i = 0; i < hpa->spec.metrics.n; i++)
		if (str_eqz(hpa->spec.metrics.items[i].type, "Object") ||
		    str_eqz(hpa->spec.metrics.items[i].type, "External"))
			return true;
	return false;
}

static bool went_to_zero(const hpa_t *hpa) /* by this controller */
{
	for (size_t i = 0; i < hpa->status.conditions.n; i++)
		if (str_eqz(hpa->status.conditions.items[i].type, "ScaledToZero"))
			return str_eqz(hpa->status.conditions.items[i].status, "True");
	return false;
}

static int32_t least_of(const hpa_t *hpa)
{
	return hpa->spec.min_replicas ? *hpa->spec.min_replicas : 1;
}

bool autoscaler_needs_metrics(const hpa_t *hpa, int32_t current)
{
	if (current == 0)
		return went_to_zero(hpa) && (least_of(hpa) || can_leave_zero(hpa));
	return current <= hpa->spec.max_replicas && current >= least_of(hpa);
}

/* --- metrics --- */

static double tolerance(struct api_quantity text, double otherwise)
{
	struct quantity q;
	return text.text.p && quantity_parse(text.text, &q, NULL) == 0 ? quantity_double(q)
								       : otherwise;
}

static struct proposal_view proposal_view(const struct autoscaler_view *v)
{
	const struct autoscaling_v2_horizontal_pod_autoscaler_behavior *b = v->hpa->spec.behavior;
	double usual = v->config->tolerance;
	return (struct proposal_view){
		.pods = v->pods,
		.current = v->current,
		.counted = v->counted,
		.tolerance_down =
			b && b->scale_down ? tolerance(b->scale_down->tolerance, usual) : usual,
		.tolerance_up = b && b->scale_up ? tolerance(b->scale_up->tolerance, usual) : usual,
		.initialization_us = v->config->initialization_ms * 1000,
		.first_ready_us = v->config->first_ready_ms * 1000,
		.now_us = v->now_us,
		.arena = v->arena,
	};
}

/* NULL: the selector is a good one. */
static const char *selector_fault(const struct autoscaler_view *v, struct autoscaler_plan *p)
{
	const char *why = "selector is required", *reason = "InvalidSelector";
	if (!v->selector.n) {
		tell(p, EVENT_WARNING, "SelectorRequired", why);
		set(v, p, "ScalingActive", "False", reason,
		    "the HPA target's scale is missing a selector");
		return why;
	}
	if (v->bad_selector) {
		why = arena_printf(v->arena,
				   "couldn't convert selector into a corresponding internal "
				   "selector object: %s",
				   v->bad_selector);
	} else if (v->rivals) {
		reason = "AmbiguousSelector";
		why = arena_printf(v->arena,
				   "pods by selector %.*s are controlled by more than one HPA "
				   "(e.g. %s)",
				   STR_ARG(v->selector), v->rivals);
	} else {
		return NULL;
	}
	tell(p, EVENT_WARNING, reason, why);
	set(v, p, "ScalingActive", "False", reason, why);
	return why;
}

struct sum { /* of all metrics */
	int32_t replicas;
	const char *name; /* of the metric that asks for the most */
	size_t invalid;
	const char *first_failure; /* "invalid metrics (1 invalid out of 2), first error is: …" */
	struct metric_result first;
};

static void forget_metrics(struct autoscaler_plan *p)
{
	p->status.current_metrics.items = NULL;
	p->status.current_metrics.n = 0;
}

static void judge_all(const struct autoscaler_view *v, struct autoscaler_plan *p, struct sum *s)
{
	const struct proposal_view pv = proposal_view(v);
	size_t n = v->hpa->spec.metrics.n;
	p->status.current_metrics.items =
		ARENA_ARRAY(v->arena, struct autoscaling_v2_metric_status, n + 1);
	p->status.current_metrics.n = n;
	for (size_t i = 0; i < n; i++) {
		struct metric_result r;
		metric_judge(&pv, v->hpa->metadata.namespace, &v->hpa->spec.metrics.items[i],
			     &v->answers[i], &r);
		p->status.current_metrics.items[i] = r.status;
		if (r.reason) {
			tell(p, EVENT_WARNING, r.reason, r.failure);
			if (!s->invalid++)
				s->first = r;
		} else if (s->replicas == 0 || r.replicas > s->replicas) {
			s->replicas = r.replicas;
			s->name = r.name;
		}
	}
	if (s->invalid)
		s->first_failure =
			arena_printf(v->arena,
				     "invalid metrics (%zu invalid out of %zu), first error is: %s",
				     s->invalid, n, s->first.summary);
}

/* NO_REPLICAS: nothing can be said, and why. */
static int32_t ask_metrics(const struct autoscaler_view *v, struct autoscaler_plan *p,
			   const char **out_name, const char **out_failure)
{
	struct sum s = { .name = "" };
	size_t n = v->hpa->spec.metrics.n;
	*out_failure = selector_fault(v, p);
	if (*out_failure) {
		forget_metrics(p);
		return NO_REPLICAS;
	}
	judge_all(v, p, &s);
	*out_name = s.name;
	*out_failure = s.first_failure;
	if (s.invalid && (s.invalid >= n || s.replicas < v->current)) {
		set(v, p, "ScalingActive", "False", s.first.reason,
		    arena_printf(v->arena, "the HPA was unable to compute the replica count: %s",
				 s.first.failure));
		return NO_REPLICAS;
	}
	set(v, p, "ScalingActive", "True", "ValidMetricFound",
	    arena_printf(v->arena,
			 "the HPA was able to successfully calculate a replica count from %s",
			 s.name));
	return s.replicas;
}

/* --- the plan --- */

static struct scaling_rules rules_of(const struct autoscaler_view *v)
{
	return (struct scaling_rules){ .behavior = v->hpa->spec.behavior,
				       .min = least_of(v->hpa),
				       .max = v->hpa->spec.max_replicas,
				       .current = v->current,
				       .patience_us = v->config->patience_ms * 1000,
				       .now_us = v->now_us };
}

static void keep_to_rules(const struct autoscaler_view *v, struct autoscaler_plan *p, int32_t asked)
{
	const struct scaling_rules rules = rules_of(v);
	struct scaling_verdict d = scaling_decide(v->memory, &rules, asked);
	set(v, p, "AbleToScale", "True", d.able_reason, d.able_message);
	set(v, p, "ScalingLimited", d.limited, d.limited_reason, d.limited_message);
	p->replicas = d.replicas;
	if (v->current == 0 && went_to_zero(v->hpa) && p->replicas < rules.min) {
		p->replicas = rules.min;
		if (!p->why[0])
			p->why = "Current number of replicas below Spec.MinReplicas";
	}
}

static void by_metrics(const struct autoscaler_view *v, struct autoscaler_plan *p)
{
	const char *name = "", *failure;
	int32_t asked = ask_metrics(v, p, &name, &failure);
	if (asked == NO_REPLICAS) {
		write_sizes(v, p, v->hpa->status.desired_replicas, false);
		tell(p, EVENT_WARNING, "FailedComputeMetricsReplicas", failure);
		return;
	}
	if (asked > v->current)
		p->why = arena_printf(v->arena, "%s above target", name);
	else if (asked < v->current)
		p->why = "All metrics below target";
	keep_to_rules(v, p, asked);
	p->rescale = p->replicas != v->current;
	if (!p->rescale)
		write_sizes(v, p, v->current, false);
}

void autoscaler_plan(const struct autoscaler_view *v, struct autoscaler_plan *out)
{
	const hpa_t *hpa = v->hpa;
	begin(v, out);
	out->why = "";
	set(v, out, "AbleToScale", "True", "SucceededGetScale",
	    "the HPA controller was able to get the target's current scale");
	scaling_begin(v->memory, v->current, v->now_us);
	if (autoscaler_needs_metrics(hpa, v->current)) {
		by_metrics(v, out);
		return;
	}
	forget_metrics(out);
	if (v->current == 0) {
		set(v, out, "ScalingActive", "False", "ScalingDisabled",
		    "scaling is disabled since the replica count of the target is zero");
		write_sizes(v, out, 0, false);
		return;
	}
	bool above = v->current > hpa->spec.max_replicas;
	out->rescale = true;
	out->replicas = above ? hpa->spec.max_replicas : least_of(hpa);
	out->why = above ? "Current number of replicas above Spec.MaxReplicas"
			 : "Current number of replicas below Spec.MinReplicas";
}

void autoscaler_rescaled(const struct autoscaler_view *v, struct autoscaler_plan *p,
			 const char *failure)
{
	const struct scaling_rules rules = rules_of(v);
	bool to_zero =
		v->current > 0 && p->replicas == 0 && rules.min == 0 && can_leave_zero(v->hpa);
	if (failure) {
		tell(p, EVENT_WARNING, "FailedRescale",
		     arena_printf(v->arena, "New size: %d; reason: %s; error: %s", p->replicas,
				  p->why, failure));
		set(v, p, "AbleToScale", "False", "FailedUpdateScale",
		    arena_printf(v->arena,
				 "the HPA controller was unable to update the target scale: %s",
				 failure));
		write_sizes(v, p, v->hpa->status.desired_replicas, false);
		return;
	}
	set(v, p, "AbleToScale", "True", "SucceededRescale",
	    arena_printf(v->arena, "the HPA controller was able to update the target scale to %d",
			 p->replicas));
	tell(p, EVENT_NORMAL, "SuccessfulRescale",
	     arena_printf(v->arena, "New size: %d; reason: %s", p->replicas, p->why));
	scaling_changed(v->memory, &rules, p->replicas);
	set(v, p, "ScaledToZero", to_zero ? "True" : "False",
	    to_zero ? "ScaledToZero" : "NotScaledToZero",
	    to_zero ? "the HPA controller scaled the workload to zero"
		    : "the HPA controller did not scale the workload to zero");
	write_sizes(v, p, p->replicas, true);
}

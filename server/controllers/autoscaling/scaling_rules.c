/* SPDX-License-Identifier: Apache-2.0 */
#include "server/controllers/autoscaling/scaling_rules.h"

#include <math.h>

#include "base/mem.h"

#define SECOND_US 1000000LL
/* Without a behavior: at most twice as many, but four at least. */
#define UP_FACTOR 2
#define UP_LEAST  4

typedef struct autoscaling_v2_hpa_scaling_rules rules_t;
typedef struct autoscaling_v2_hpa_scaling_policy policy_t;

void scaling_memory_free(struct scaling_memory *m)
{
	free(m->asked.items);
	free(m->up.items);
	free(m->down.items);
	*m = (struct scaling_memory){ 0 };
}

/* In the place of the last one that is older than `cutoff`, if there is one: what nobody looks at any more makes room. */
static void note(struct scaling_notes *notes, int64_t cutoff_us, struct scaling_note new)
{
	size_t at = notes->n;
	for (size_t i = 0; i < notes->n; i++)
		if (notes->items[i].at_us < cutoff_us)
			at = i;
	if (at == notes->n) {
		notes->items = mem_array_grow(notes->items, &notes->cap, notes->n + 1,
					      sizeof(struct scaling_note));
		notes->n++;
	}
	notes->items[at] = new;
}

void scaling_begin(struct scaling_memory *m, int32_t current, int64_t now_us)
{
	if (!m->asked.n)
		note(&m->asked, INT64_MIN, (struct scaling_note){ now_us, current });
}

/* --- patience: of what was asked for lately --- */

static int32_t highest_lately(struct scaling_memory *m, const struct scaling_rules *r,
			      int32_t asked)
{
	int64_t cutoff = r->now_us - r->patience_us;
	int32_t most = asked;
	for (size_t i = 0; i < m->asked.n; i++)
		if (m->asked.items[i].at_us >= cutoff && m->asked.items[i].n > most)
			most = m->asked.items[i].n;
	note(&m->asked, cutoff, (struct scaling_note){ r->now_us, asked });
	return most;
}

static int64_t window_us(const rules_t *rules, int64_t otherwise_us)
{
	return rules && rules->stabilization_window_seconds
		       ? *rules->stabilization_window_seconds * SECOND_US
		       : otherwise_us;
}

/* Not above the lowest of the window upwards, not below the highest of the one downwards. */
static int32_t within_windows(struct scaling_memory *m, const struct scaling_rules *r,
			      int32_t asked)
{
	int64_t up_cutoff = r->now_us - window_us(r->behavior->scale_up, 0);
	int64_t down_cutoff = r->now_us - window_us(r->behavior->scale_down, r->patience_us);
	int32_t lowest = asked, highest = asked, out = r->current;
	for (size_t i = 0; i < m->asked.n; i++) {
		const struct scaling_note *n = &m->asked.items[i];
		if (n->at_us > up_cutoff && n->n < lowest)
			lowest = n->n;
		if (n->at_us > down_cutoff && n->n > highest)
			highest = n->n;
	}
	if (out < lowest)
		out = lowest;
	if (out > highest)
		out = highest;
	note(&m->asked, up_cutoff < down_cutoff ? up_cutoff : down_cutoff,
	     (struct scaling_note){ r->now_us, asked });
	return out;
}

/* --- speed: what the policies allow --- */

static const policy_t up_policies[] = { { STR_INIT("Pods"), 4, 15 },
					{ STR_INIT("Percent"), 100, 15 } };
static const policy_t down_policies[] = { { STR_INIT("Percent"), 100, 15 } };

static const policy_t *policies_of(const rules_t *rules, bool up, size_t *n)
{
	if (rules) {
		*n = rules->policies.n;
		return rules->policies.items;
	}
	*n = up ? COUNT_OF(up_policies) : COUNT_OF(down_policies);
	return up ? up_policies : down_policies;
}

static int64_t changed_lately(const struct scaling_notes *notes, int64_t cutoff_us)
{
	int64_t n = 0;
	for (size_t i = 0; i < notes->n; i++)
		if (notes->items[i].at_us > cutoff_us)
			n += notes->items[i].n;
	return n;
}

static double policy_limit(const policy_t *p, bool up, double start)
{
	if (str_eqz(p->type, "Pods"))
		return up ? start + p->value : start - p->value;
	return up ? ceil(start * (1 + p->value / 100.0)) : trunc(start * (1 - p->value / 100.0));
}

static int32_t speed_limit(const struct scaling_memory *m, const struct scaling_rules *r, bool up)
{
	const rules_t *rules = up ? r->behavior->scale_up : r->behavior->scale_down;
	struct str select = rules ? rules->select_policy : STR("Max");
	bool larger = str_eqz(select, "Min") != up; /* the larger number of the policies' */
	double out = larger ? INT32_MIN : INT32_MAX;
	size_t n;
	const policy_t *policies = policies_of(rules, up, &n);
	if (str_eqz(select, "Disabled"))
		return r->current;
	for (size_t i = 0; i < n; i++) {
		int64_t cutoff = r->now_us - policies[i].period_seconds * SECOND_US;
		double limit = policy_limit(&policies[i], up,
					    (double)(r->current - changed_lately(&m->up, cutoff) +
						     changed_lately(&m->down, cutoff)));
		out = larger == (limit > out) ? limit : out;
	}
	return out > INT32_MAX ? INT32_MAX : out < INT32_MIN ? INT32_MIN : (int32_t)out;
}

/* --- the verdict --- */

struct bounds {
	int32_t least, most;
	bool fast; /* the bound is one of speed */
};

static struct bounds bounds_of(const struct scaling_memory *m, const struct scaling_rules *r,
			       int32_t asked)
{
	int32_t limit;
	if (!r->behavior) {
		int64_t up = (int64_t)r->current * UP_FACTOR;
		up = up < UP_LEAST ? UP_LEAST : up;
		return (struct bounds){ r->min, r->max > up ? (int32_t)up : r->max, r->max > up };
	}
	if (asked > r->current) {
		limit = speed_limit(m, r, true);
		limit = limit < r->current ? r->current : limit;
		return (struct bounds){ INT32_MIN, r->max > limit ? limit : r->max,
					r->max > limit };
	}
	if (asked == r->current)
		return (struct bounds){ asked, asked, false };
	limit = speed_limit(m, r, false);
	limit = limit > r->current ? r->current : limit;
	return (struct bounds){ r->min < limit ? limit : r->min, INT32_MAX, r->min < limit };
}

static void limit(const struct bounds *b, int32_t asked, struct scaling_verdict *v)
{
	bool above = asked > b->most;
	v->replicas = above ? b->most : asked < b->least ? b->least : asked;
	v->limited = v->replicas == asked ? "False" : "True";
	if (v->replicas == asked) {
		v->limited_reason = "DesiredWithinRange";
		v->limited_message = "the desired count is within the acceptable range";
	} else if (above && b->fast) {
		v->limited_reason = "ScaleUpLimit";
		v->limited_message = "the desired replica count is increasing faster than the "
				     "maximum scale rate";
	} else if (above) {
		v->limited_reason = "TooManyReplicas";
		v->limited_message =
			"the desired replica count is more than the maximum replica count";
	} else if (b->fast && b->most == INT32_MAX) {
		v->limited_reason = "ScaleDownLimit";
		v->limited_message = "the desired replica count is decreasing faster than the "
				     "maximum scale rate";
	} else {
		v->limited_reason = "TooFewReplicas";
		v->limited_message =
			"the desired replica count is less than the minimum replica count";
	}
}

struct scaling_verdict scaling_decide(struct scaling_memory *m, const struct scaling_rules *r,
				      int32_t asked)
{
	struct scaling_verdict v = { .able_reason = "ReadyForNewScale",
				     .able_message = "recommended size matches current size" };
	int32_t patient = r->behavior ? within_windows(m, r, asked) : highest_lately(m, r, asked);
	if (patient != asked && r->behavior && asked >= r->current) {
		v.able_reason = "ScaleUpStabilized";
		v.able_message = "recent recommendations were lower than current one, applying the "
				 "lowest recent recommendation";
	} else if (patient != asked) {
		v.able_reason = "ScaleDownStabilized";
		v.able_message = "recent recommendations were higher than current one, applying "
				 "the highest recent recommendation";
	}
	struct bounds b = bounds_of(m, r, patient);
	limit(&b, patient, &v);
	return v;
}

static int64_t longest_us(const rules_t *rules, bool up)
{
	size_t n;
	const policy_t *policies = policies_of(rules, up, &n);
	int32_t most = 0;
	for (size_t i = 0; i < n; i++)
		most = policies[i].period_seconds > most ? policies[i].period_seconds : most;
	return most * SECOND_US;
}

void scaling_changed(struct scaling_memory *m, const struct scaling_rules *r, int32_t replicas)
{
	bool up = replicas > r->current;
	if (!r->behavior)
		return;
	const rules_t *rules = up ? r->behavior->scale_up : r->behavior->scale_down;
	note(up ? &m->up : &m->down, r->now_us - longest_us(rules, up),
	     (struct scaling_note){ r->now_us,
				    up ? replicas - r->current : r->current - replicas });
}

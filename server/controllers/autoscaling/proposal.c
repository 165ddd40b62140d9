/* SPDX-License-Identifier: Apache-2.0 */
#include "server/controllers/autoscaling/proposal.h"

#include <math.h>

#include "base/mem.h"
#include "server/controllers/autoscaling/requests.h"

static int32_t whole(double replicas)
{
	double up = ceil(replicas);
	return up >= INT32_MAX ? INT32_MAX : up <= 0 || isnan(up) ? 0 : (int32_t)up;
}

static bool within(const struct proposal_view *v, double ratio)
{
	return 1.0 - v->tolerance_down <= ratio && ratio <= 1.0 + v->tolerance_up;
}

static struct proposal failed(const char *why)
{
	return (struct proposal){ .failure = why };
}

/* --- what is reckoned with --- */

struct entry { /* a pod, or a sample of none that is known */
	struct str pod;
	const struct core_v1_pod *known;
	int64_t milli, request;
	enum { ENTRY_READY, ENTRY_UNREADY, ENTRY_MISSING, ENTRY_IGNORED } state;
	bool counts; /* its milli is one of those that are summed up */
};
struct reckoning {
	struct entry *items;
	size_t n;
	size_t ready, unready, missing;
	size_t counted;
};

/* Does the sample of a pod say nothing, since it is still starting? */
static bool is_starting(const struct proposal_view *v, const struct core_v1_pod *pod,
			const struct pod_sample *s)
{
	const struct core_v1_pod_condition *ready = pod_condition(pod, "Ready");
	if (!ready || !pod->status.start_time.set)
		return true;
	bool is_false = str_eqz(ready->status, "False");
	int64_t started = pod->status.start_time.us, turned = ready->last_transition_time.us;
	if (started + v->initialization_us > v->now_us)
		return is_false || s->at_us < turned + s->window_us;
	return is_false && started + v->first_ready_us > turned;
}

static void judge(const struct proposal_view *v, struct entry *e, const struct pod_sample *s,
		  bool cpu)
{
	const struct core_v1_pod *p = e->known;
	if (p->metadata.deletion_timestamp.set || str_eqz(p->status.phase, "Failed"))
		e->state = ENTRY_IGNORED;
	else if (str_eqz(p->status.phase, "Pending"))
		e->state = ENTRY_UNREADY;
	else if (!s)
		e->state = ENTRY_MISSING;
	else if (cpu && is_starting(v, p, s))
		e->state = ENTRY_UNREADY;
	if (s)
		e->milli = s->milli;
	e->counts = s && e->state == ENTRY_READY;
}

static void count(struct reckoning *r)
{
	for (size_t i = 0; i < r->n; i++) {
		const struct entry *e = &r->items[i];
		r->ready += e->known && e->state == ENTRY_READY;
		r->unready += e->state == ENTRY_UNREADY;
		r->missing += e->state == ENTRY_MISSING;
		r->counted += e->counts;
	}
}

/* One entry for each pod, and for each sample of a pod that isn't selected (any more). */
static void reckon(const struct proposal_view *v, const struct samples *s, bool cpu,
		   struct reckoning *r)
{
	struct map by_name = { 0 };
	*r = (struct reckoning){ .items = ARENA_ARRAY(v->arena, struct entry,
						      v->pods->n + s->n + 1) };
	for (size_t i = 0; i < s->n; i++)
		map_put(&by_name, s->items[i].pod, &s->items[i]);
	for (size_t i = 0; i < v->pods->n; i++) {
		struct entry *e = &r->items[r->n++];
		e->known = &v->pods->items[i].pod;
		e->pod = v->pods->items[i].pod.metadata.name;
		judge(v, e, map_del(&by_name, e->pod), cpu);
	}
	size_t at = 0;
	for (struct map_entry *m; (m = map_next(&by_name, &at));) {
		const struct pod_sample *other = m->value;
		r->items[r->n++] =
			(struct entry){ .pod = other->pod, .milli = other->milli, .counts = true };
	}
	map_free(&by_name, NULL);
	count(r);
}

/* --- ratios --- */

struct target { /* of pods: a part of their requests, or (percent 0) an average */
	struct str resource, container;
	int32_t percent;
	int64_t milli;
};
struct ratio {
	double value;
	int64_t usage;
	int32_t utilization;
};

static bool ratio_of_requests(const struct reckoning *r, int32_t percent, struct ratio *out)
{
	__int128 used = 0, requested = 0;
	int64_t n = 0;
	for (size_t i = 0; i < r->n; i++) {
		if (!r->items[i].counts || !r->items[i].known)
			continue;
		used += r->items[i].milli;
		requested += r->items[i].request;
		n++;
	}
	if (requested == 0)
		return false;
	__int128 part = used * 100 / requested;
	out->utilization = part > INT32_MAX ? INT32_MAX : (int32_t)part;
	out->value = (double)out->utilization / percent;
	out->usage = (int64_t)(used / n);
	return true;
}

static bool ratio_of_usage(const struct reckoning *r, int64_t target, struct ratio *out)
{
	__int128 used = 0;
	for (size_t i = 0; i < r->n; i++)
		if (r->items[i].counts)
			used += r->items[i].milli;
	out->usage = (int64_t)(used / (__int128)r->counted);
	out->value = (double)out->usage / (double)target;
	return true;
}

/* False: there are no requests to compare with. */
static bool ratio_of(const struct reckoning *r, const struct target *t, struct ratio *out)
{
	return t->percent ? ratio_of_requests(r, t->percent, out)
			  : ratio_of_usage(r, t->milli, out);
}

static const char *read_requests(const struct proposal_view *v, const struct target *t,
				 struct reckoning *r)
{
	const char *why = NULL;
	for (size_t i = 0; t->percent && i < r->n && !why; i++)
		if (r->items[i].known)
			why = pod_requests(r->items[i].known, t->resource, t->container, v->arena,
					   &r->items[i].request);
	return why;
}

/* --- pods that say nothing --- */

static void include(struct reckoning *r, struct entry *e, int64_t milli)
{
	r->counted += !e->counts;
	e->milli = milli;
	e->counts = true;
}

/* What a pod without a sample may use at most. */
static int64_t most_of(const struct entry *e, const struct target *t)
{
	__int128 most = (__int128)e->request * (t->percent > 100 ? t->percent : 100) / 100;
	return !t->percent ? t->milli : most > INT64_MAX ? INT64_MAX : (int64_t)most;
}

static void include_silent(struct reckoning *r, const struct target *t, double ratio, bool unready)
{
	for (size_t i = 0; i < r->n; i++) {
		struct entry *e = &r->items[i];
		if (e->state == ENTRY_MISSING && ratio < 1.0)
			include(r, e, most_of(e, t));
		else if (e->state == ENTRY_MISSING && ratio > 1.0)
			include(r, e, 0);
		else if (e->state == ENTRY_UNREADY && unready)
			include(r, e, 0);
	}
}

static int32_t judged_again(const struct proposal_view *v, const struct reckoning *r, double first,
			    double again)
{
	int32_t replicas = whole(again * (double)r->counted);
	bool turns = (first < 1.0 && again > 1.0) || (first > 1.0 && again < 1.0);
	bool against =
		(again < 1.0 && replicas > v->current) || (again > 1.0 && replicas < v->current);
	return within(v, again) || turns || against ? v->current : replicas;
}

/* --- the questions --- */

static struct proposal propose(const struct proposal_view *v, const struct samples *s,
			       const struct target *t)
{
	static const char unmatched[] = "no metrics returned matched known pods";
	struct reckoning r;
	struct ratio first = { 0 }, again = { 0 };
	if (!v->pods->n)
		return failed("no pods returned by selector while calculating replica count");
	reckon(v, s, str_eqz(t->resource, "cpu"), &r);
	if (!r.counted)
		return failed("did not receive metrics for targeted pods (pods might be unready)");
	const char *why = read_requests(v, t, &r);
	if (why || !ratio_of(&r, t, &first))
		return failed(why ? why : unmatched);
	struct proposal out = { v->current, first.usage, first.utilization, NULL };
	bool unready = r.unready && first.value > 1.0;
	if (!unready && !r.missing) {
		if (!within(v, first.value))
			out.replicas = whole(first.value * (double)r.ready);
		return out;
	}
	include_silent(&r, t, first.value, unready);
	if (!ratio_of(&r, t, &again))
		return failed(unmatched);
	out.replicas = judged_again(v, &r, first.value, again.value);
	return out;
}

struct proposal proposal_of_utilization(const struct proposal_view *v, const struct samples *s,
					struct str resource, struct str container, int32_t percent)
{
	const struct target t = { resource, container, percent, 0 };
	return propose(v, s, &t);
}

struct proposal proposal_of_average(const struct proposal_view *v, const struct samples *s,
				    struct str resource, int64_t target_milli)
{
	const struct target t = { .resource = resource, .milli = target_milli };
	return propose(v, s, &t);
}

static int64_t sum(const struct samples *s)
{
	__int128 all = 0;
	for (size_t i = 0; i < s->n; i++)
		all += s->items[i].milli;
	return all > INT64_MAX ? INT64_MAX : (int64_t)all;
}

struct proposal proposal_of_value(const struct proposal_view *v, const struct samples *s,
				  int64_t target_milli)
{
	struct proposal out = { .replicas = v->current, .usage_milli = sum(s) };
	double ratio = (double)out.usage_milli / (double)target_milli;
	if (v->current == 0) {
		out.replicas = whole(ratio);
		return out;
	}
	if (within(v, ratio))
		return out;
	if (!v->pods->n)
		return failed("unable to calculate ready pods: no pods returned by selector while "
			      "calculating replica count");
	size_t ready = 0;
	for (size_t i = 0; i < v->pods->n; i++) {
		const struct core_v1_pod *p = &v->pods->items[i].pod;
		ready += str_eqz(p->status.phase, "Running") && pod_is_ready(p);
	}
	out.replicas = whole(ratio * (double)ready);
	return out;
}

struct proposal proposal_per_pod(const struct proposal_view *v, const struct samples *s,
				 int64_t target_milli)
{
	struct proposal out = { .replicas = v->counted };
	double all = (double)sum(s), ratio = all / ((double)target_milli * v->counted);
	if (!within(v, ratio))
		out.replicas = whole(all / (double)target_milli);
	double each = v->counted ? ceil(all / v->counted) : all;
	out.usage_milli = each >= (double)INT64_MAX ? INT64_MAX : (int64_t)each;
	return out;
}

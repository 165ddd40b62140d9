/* SPDX-License-Identifier: Apache-2.0 */
#include "server/controllers/autoscaling/metric.h"

#include "api/values/quantity.h"
#include "client/selectors.h"

typedef struct autoscaling_v2_metric_spec spec_t;
typedef struct autoscaling_v2_metric_target target_t;
typedef struct autoscaling_v2_metric_value_status value_t;

struct judging {
	const struct proposal_view *v;
	struct str ns;
	const struct metric_answer *answer;
	struct metric_result *out;
};

static struct api_quantity amount(const struct judging *j, struct str resource, int64_t milli)
{
	char text[QUANTITY_TEXT_MAX];
	struct quantity q =
		quantity_from_milli(milli, str_eqz(resource, "memory") ? QUANTITY_BINARY_SI
								       : QUANTITY_DECIMAL_SI);
	size_t n = quantity_text(q, text);
	return (struct api_quantity){ arena_str(j->v->arena, str_of(text, n)) };
}

static int64_t milli_of(struct api_quantity text)
{
	struct quantity q;
	return text.text.p && quantity_parse(text.text, &q, NULL) == 0 ? quantity_milli(q) : 0;
}

static const char *selector_of(const struct judging *j,
			       const struct autoscaling_v2_metric_identifier *m)
{
	auto_buf text = { 0 };
	label_selector_text(m->selector, &text);
	return arena_strdup(j->v->arena, buf_view(&text));
}

static void fail(const struct judging *j, const char *reason, const char *failure,
		 const char *summary)
{
	j->out->reason = reason;
	j->out->failure = failure;
	j->out->summary = summary;
}

/* --- resources --- */

static struct proposal ask_resource(const struct judging *j, struct str resource,
				    struct str container, const target_t *t)
{
	if (j->answer->failure)
		return (struct proposal){
			.failure = arena_printf(j->v->arena,
						"unable to get metrics for resource %.*s: %s",
						STR_ARG(resource), j->answer->failure)
		};
	if (t->average_value.text.p)
		return proposal_of_average(j->v, &j->answer->samples, resource,
					   milli_of(t->average_value));
	return proposal_of_utilization(j->v, &j->answer->samples, resource, container,
				       *t->average_utilization);
}

/* NULL, or why not. */
static const char *judge_resource(const struct judging *j, struct str resource,
				  struct str container, const target_t *t, value_t *current)
{
	struct arena *a = j->v->arena;
	bool average = t->average_value.text.p;
	if (!average && !t->average_utilization)
		return "invalid resource metric source: neither an average utilization target nor "
		       "an average value (usage) target was set";
	struct proposal p = ask_resource(j, resource, container, t);
	if (p.failure)
		return arena_printf(a, "failed to get %.*s %s: %s", STR_ARG(resource),
				    average ? "usage" : "utilization", p.failure);
	j->out->replicas = p.replicas;
	current->average_value = amount(j, resource, p.usage_milli);
	if (average) {
		j->out->name = arena_printf(a, "%.*s resource", STR_ARG(resource));
		return NULL;
	}
	j->out->name = arena_printf(a, "%.*s %sresource utilization (percentage of request)",
				    STR_ARG(resource), container.n ? "container " : "");
	current->average_utilization = ARENA_NEW(a, int32_t);
	*current->average_utilization = p.utilization;
	return NULL;
}

static void of_resource(const struct judging *j, const spec_t *spec)
{
	const struct autoscaling_v2_resource_metric_source *s = spec->resource;
	struct autoscaling_v2_resource_metric_status *now =
		ARENA_NEW(j->v->arena, struct autoscaling_v2_resource_metric_status);
	const char *why = judge_resource(j, s->name, STR(""), &s->target, &now->current);
	now->name = s->name;
	j->out->status.resource = now;
	if (why)
		fail(j, "FailedGetResourceMetric", why,
		     arena_printf(j->v->arena, "failed to get %.*s resource metric value: %s",
				  STR_ARG(s->name), why));
}

static void of_container(const struct judging *j, const spec_t *spec)
{
	const struct autoscaling_v2_container_resource_metric_source *s = spec->container_resource;
	struct autoscaling_v2_container_resource_metric_status *now =
		ARENA_NEW(j->v->arena, struct autoscaling_v2_container_resource_metric_status);
	const char *why = judge_resource(j, s->name, s->container, &s->target, &now->current);
	now->name = s->name;
	now->container = s->container;
	j->out->status.container_resource = now;
	if (why)
		fail(j, "FailedGetContainerResourceMetric", why,
		     arena_printf(j->v->arena, "failed to get %.*s container metric value: %s",
				  STR_ARG(s->container), why));
}

/* --- metrics of pods, of objects, of something else --- */

static void of_pods(const struct judging *j, const spec_t *spec)
{
	const struct autoscaling_v2_pods_metric_source *s = spec->pods;
	struct arena *a = j->v->arena;
	struct proposal p = { .failure = j->answer->failure };
	if (p.failure)
		p.failure = arena_printf(a, "unable to get metric %.*s: %s",
					 STR_ARG(s->metric.name), p.failure);
	else
		p = proposal_of_average(j->v, &j->answer->samples, STR(""),
					milli_of(s->target.average_value));
	if (p.failure) {
		fail(j, "FailedGetPodsMetric", p.failure,
		     arena_printf(a, "failed to get pods metric value: %s", p.failure));
		return;
	}
	struct autoscaling_v2_pods_metric_status *now =
		ARENA_NEW(a, struct autoscaling_v2_pods_metric_status);
	now->metric = s->metric;
	now->current.average_value = amount(j, STR(""), p.usage_milli);
	j->out->status.pods = now;
	j->out->replicas = p.replicas;
	j->out->name = arena_printf(a, "pods metric %.*s", STR_ARG(s->metric.name));
}

/* As a whole, or shared by the pods. False: the target says neither. */
static bool judge_value(const struct judging *j, const target_t *t, bool *per_pod,
			struct proposal *out, value_t *current)
{
	*per_pod = t->average_value.text.p;
	if (!*per_pod && !t->value.text.p)
		return false;
	if (out->failure)
		return true;
	*out = *per_pod ? proposal_per_pod(j->v, &j->answer->samples, milli_of(t->average_value))
			: proposal_of_value(j->v, &j->answer->samples, milli_of(t->value));
	struct api_quantity text = amount(j, STR(""), out->usage_milli);
	if (*per_pod)
		current->average_value = text;
	else
		current->value = text;
	j->out->replicas = out->replicas;
	return true;
}

static void of_object(const struct judging *j, const spec_t *spec)
{
	const struct autoscaling_v2_object_metric_source *s = spec->object;
	struct arena *a = j->v->arena;
	struct str name = s->metric.name, kind = s->described_object.kind;
	struct autoscaling_v2_object_metric_status *now =
		ARENA_NEW(a, struct autoscaling_v2_object_metric_status);
	struct proposal p = { .failure = j->answer->failure };
	bool per_pod;
	now->described_object = s->described_object;
	now->metric = s->metric;
	j->out->status.object = now;
	if (p.failure)
		p.failure = arena_printf(a, "unable to get metric %.*s on %.*s %.*s/%.*s: %s",
					 STR_ARG(name), STR_ARG(kind), STR_ARG(j->ns),
					 STR_ARG(s->described_object.name), p.failure);
	if (!judge_value(j, &s->target, &per_pod, &p, &now->current))
		p.failure = "invalid object metric source: neither a value target nor an average "
			    "value target was set";
	j->out->name = per_pod ? arena_printf(a, "external metric %.*s(%s)", STR_ARG(name),
					      selector_of(j, &s->metric))
			       : arena_printf(a, "%.*s metric %.*s", STR_ARG(kind), STR_ARG(name));
	if (!p.failure)
		return;
	const char *more =
		per_pod ? arena_printf(a, "failed to get %.*s object metric: ", STR_ARG(name)) : "";
	fail(j, "FailedGetObjectMetric", p.failure,
	     arena_printf(a, "failed to get object metric value: %s%s", more, p.failure));
}

/* What stands between the summary and the failure. */
static const char *external_prefix(struct arena *a, struct str name, const target_t *t)
{
	if (t->average_value.text.p)
		return arena_printf(a, "failed to get %.*s external metric: ", STR_ARG(name));
	if (t->value.text.p)
		return arena_printf(a, "failed to get external metric %.*s: ", STR_ARG(name));
	return "";
}

static void of_external(const struct judging *j, const spec_t *spec)
{
	const struct autoscaling_v2_external_metric_source *s = spec->external;
	struct arena *a = j->v->arena;
	struct str name = s->metric.name;
	struct autoscaling_v2_external_metric_status *now =
		ARENA_NEW(a, struct autoscaling_v2_external_metric_status);
	const char *selector = selector_of(j, &s->metric);
	struct proposal p = { .failure = j->answer->failure };
	bool per_pod;
	now->metric = s->metric;
	j->out->status.external = now;
	if (p.failure)
		p.failure = arena_printf(a, "unable to get external metric %.*s/%.*s/%s: %s",
					 STR_ARG(j->ns), STR_ARG(name), selector, p.failure);
	if (!judge_value(j, &s->target, &per_pod, &p, &now->current))
		p.failure = "invalid external metric source: neither a value target nor an average "
			    "value target was set";
	j->out->name = arena_printf(a, "external metric %.*s(%s)", STR_ARG(name), selector);
	if (p.failure)
		fail(j, "FailedGetExternalMetric", p.failure,
		     arena_printf(a, "failed to get %.*s external metric value: %s%s",
				  STR_ARG(name), external_prefix(a, name, &s->target), p.failure));
}

static const struct {
	const char *type;
	size_t source; /* where the spec keeps it */
	void (*judge)(const struct judging *j, const spec_t *spec);
} types[] = {
	{ "Resource", offsetof(spec_t, resource), of_resource },
	{ "ContainerResource", offsetof(spec_t, container_resource), of_container },
	{ "Pods", offsetof(spec_t, pods), of_pods },
	{ "Object", offsetof(spec_t, object), of_object },
	{ "External", offsetof(spec_t, external), of_external },
};

void metric_judge(const struct proposal_view *v, struct str ns, const spec_t *spec,
		  const struct metric_answer *answer, struct metric_result *out)
{
	const struct judging j = { v, ns, answer, out };
	bool known = false;
	*out = (struct metric_result){ .status.type = spec->type };
	for (size_t i = 0; i < COUNT_OF(types) && !known; i++) {
		known = str_eqz(spec->type, types[i].type) &&
			*(void *const *)((const char *)spec + types[i].source);
		if (known)
			types[i].judge(&j, spec);
	}
	if (!known) {
		const char *why = arena_printf(v->arena, "unknown metric source type \"%.*s\"",
					       STR_ARG(spec->type));
		fail(&j, "InvalidMetricSourceType", why, why);
	}
	if (out->reason)
		out->status = (struct autoscaling_v2_metric_status){ 0 };
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Keeps the status of PodDisruptionBudgets, by which the API server grants evictions. Key: the budget. */
#include "base/mem.h"
#include "client/events.h"
#include "client/selectors.h"
#include "server/controllers/limits/disruption_plan.h"
#include "server/controllers/limits/disruption_scale.h"

struct turn {
	struct controller *controller;
	const struct object *object;
	struct policy_v1_pod_disruption_budget budget;
	struct arena arena;
	struct pod_views pods;
	struct disruption_view view;
	struct scale_sum scale;
};
struct disruption {
	struct event_recorder *events;
	struct scale_answers answers;
};

static void on_budget(void *ctx, const struct object *old, const struct object *new)
{
	controller_wake(ctx, new ? new : old);
}

static bool wake_soon(void *ctx, const struct object *budget)
{
	struct controller *c = ctx;
	auto_buf key = { 0 };

	controller_key(budget, &key);
	controller_add_soon(c, buf_view(&key));
	return true;
}

/* Few namespaces have budgets, and those have few: all of them look again. */
static void on_other(void *ctx, const struct object *old, const struct object *new)
{
	struct controller *c = ctx;

	informer_each(controller_informer(c, API_POLICY_V1_PODDISRUPTIONBUDGETS),
		      (new ? new : old)->ns, wake_soon, c);
}

static bool add_selected(void *ctx, const struct object *o)
{
	struct turn *t = ctx;

	if (label_selector_matches(t->budget.spec.selector, o))
		pod_views_add(&t->pods, o);
	return true;
}

static void tell(struct turn *t)
{
	struct disruption *s = t->controller->state;
	auto_buf selector = { 0 };
	size_t at = 0;

	if (t->scale.unmanaged) {
		label_selector_text(t->budget.spec.selector, &selector);
		event_record(
			s->events, t->object, EVENT_WARNING, "UnmanagedPods", NULL,
			"Pods selected by this PodDisruptionBudget (selector: %s) were found to be "
			"unmanaged. As a result, the status of the PDB cannot be "
			"calculated correctly, which may result in undefined behavior. To account "
			"for these pods please set \".spec.minAvailable\" field of the "
			"PDB to an integer value.",
			selector.p);
	}
	for (const struct object *pod; (pod = disruption_in_vain(&t->view, &at));)
		event_record(s->events, pod, EVENT_WARNING, "NotDeleted", NULL,
			     "Pod was expected by PDB %.*s/%.*s to be deleted but it wasn't",
			     STR_ARG(t->object->ns), STR_ARG(t->object->ns)); /* sic */
}

static void write_status(struct turn *t, struct round *r,
			 const struct policy_v1_pod_disruption_budget_status *status)
{
	struct policy_v1_pod_disruption_budget changed = t->budget;
	const struct status_write w = { api_struct_policy_v1_pod_disruption_budget,
					api_struct_policy_v1_pod_disruption_budget_status,
					&t->budget.status, &changed.status, &changed };

	changed.status = *status;
	round_status(r, t->object, &w);
}

static void finish(struct turn *t, struct round *r)
{
	struct policy_v1_pod_disruption_budget_status status;
	int64_t wait_ms;

	t->view = (struct disruption_view){ &t->budget, &t->pods, t->scale.wanted,
					    clock_wall_us(clock_real()) };
	disruption_plan(&t->view, &status, &wait_ms);
	tell(t);
	write_status(t, r, &status);
	round_close(r, false, wait_ms);
}

static void fail(struct turn *t, struct round *r)
{
	struct disruption *s = t->controller->state;
	struct policy_v1_pod_disruption_budget_status status;

	t->view = (struct disruption_view){ &t->budget, &t->pods, 0, clock_wall_us(clock_real()) };
	event_record(s->events, t->object, EVENT_WARNING, "CalculateExpectedPodCountFailed", NULL,
		     "Failed to calculate the number of expected pods: %.*s",
		     STR_ARG(buf_view(&t->scale.failure)));
	disruption_failed(&t->view, buf_view(&t->scale.failure), &status);
	write_status(t, r, &status);
	round_close(r, true, 0);
}

static void reconcile(struct turn *t, struct str key)
{
	struct disruption *s = t->controller->state;
	struct round *r = round_new(t->controller, key);
	enum scale_verdict verdict = SCALE_SUM;

	if (!t->pods.n)
		event_record(s->events, t->object, EVENT_NORMAL, "NoPods", NULL,
			     "No matching pods found");
	if (disruption_needs_scale(&t->budget))
		verdict = disruption_scale(&s->answers, r, t->controller, key, &t->pods, &t->scale);
	if (verdict == SCALE_SUM)
		finish(t, r);
	else if (verdict == SCALE_FAILS)
		fail(t, r);
	else
		round_close(r, false, 1); /* the answers are there by then */
	buf_free(&t->scale.failure);
}

static void work(void *ctx, struct str key)
{
	struct controller *c = ctx;
	struct disruption *s = c->state;
	struct turn t = { .controller = c };
	struct informer *pods = controller_informer(c, API_CORE_V1_PODS);
	struct str ns, name;
	int64_t started_us = controller_round_start();

	t.pods.arena = &t.arena;
	controller_key_split(key, &ns, &name);
	t.object =
		informer_synced(pods)
			? informer_get(controller_informer(c, API_POLICY_V1_PODDISRUPTIONBUDGETS),
				       ns, name)
			: NULL;
	if (t.object &&
	    object_decode(t.object, &t.arena, api_struct_policy_v1_pod_disruption_budget, &t.budget,
			  NULL) == 0) {
		informer_each(pods, ns, add_selected, &t);
		reconcile(&t, key);
		controller_round_cost(c, started_us);
	} else {
		scale_answers_forget(&s->answers, key);
		controller_done(c, key, !informer_synced(pods));
	}
	free(t.pods.items);
	arena_free(&t.arena);
}

static int start(struct controller *c, struct err *err)
{
	const struct api_resource *const scaled[] = {
		API_APPS_V1_REPLICASETS, API_APPS_V1_STATEFULSETS, API_APPS_V1_DEPLOYMENTS,
		API_CORE_V1_REPLICATIONCONTROLLERS, API_CORE_V1_PODS
	};

	(void)err;
	struct disruption *s = NEW(struct disruption);

	c->state = s;
	s->events = event_recorder_new(c->client, clock_real(), c->component);
	controller_queue_start(c, work);
	informer_hook_add(controller_informer(c, API_POLICY_V1_PODDISRUPTIONBUDGETS), on_budget,
			  NULL, c);
	for (size_t i = 0; i < COUNT_OF(scaled); i++)
		informer_hook_add(controller_informer(c, scaled[i]), on_other, NULL, c);
	return 0;
}

static void stop(struct controller *c)
{
	struct disruption *s = c->state;

	event_recorder_free(s->events);
	scale_answers_free(&s->answers);
	free(s);
}

const struct controller_row controller_disruption = { .name = "disruption-controller",
						      .start = start,
						      .stop = stop,
						      .component = "controllermanager" };

/* SPDX-License-Identifier: Apache-2.0 */
/* Keeps the status of PodDisruptionBudgets, by which the API server grants evictions. Key: the budget. */
#include "base/mem.h"
#include "client/events.h"
#include "client/selectors.h"
#include "server/controllers/disruption_plan.h"
#include "server/controllers/owners.h"

struct turn {
	struct controller *controller;
	const struct object *object;
	struct policy_v1_pod_disruption_budget budget;
	struct arena arena;
	struct pod_views pods;
	size_t unmanaged; /* pods that nobody would make again */
};

static bool wake(void *ctx, const struct object *budget)
{
	struct controller *c = ctx;
	auto_buf key = { 0 };

	controller_key(budget, &key);
	work_queue_add(c->queue, buf_view(&key));
	return true;
}

static void on_budget(void *ctx, const struct object *old, const struct object *new)
{
	(void)old;
	if (new)
		wake(ctx, new);
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

static int64_t number_at(const struct object *o, const char *field)
{
	auto_err err = { 0 };
	json_t *tree = object_tree(o, &err);
	int64_t v = 1;

	if (tree)
		v = json_integer_value(json_object_get(json_object_get(tree, "spec"), field));
	json_decref(tree);
	return v;
}

/* The size that the pod's controller wants; a ReplicaSet's own controller speaks for it. -1: it has no size. */
static int64_t scale_of(struct controller *c, struct str ns, const struct owner *ref)
{
	const struct {
		const char *kind;
		const struct api_resource *resource;
	} kinds[] = { { "ReplicaSet", API_APPS_V1_REPLICASETS },
		      { "StatefulSet", API_APPS_V1_STATEFULSETS },
		      { "Deployment", API_APPS_V1_DEPLOYMENTS },
		      { "ReplicationController", API_CORE_V1_REPLICATIONCONTROLLERS } };

	for (size_t i = 0; i < COUNT_OF(kinds); i++) {
		const struct object *o =
			str_eqz(ref->kind, kinds[i].kind)
				? informer_get(controller_informer(c, kinds[i].resource), ns,
					       ref->name)
				: NULL;
		struct owner up;

		if (!o)
			continue;
		if (owner_controller(o, &up) && str_eqz(up.kind, "Deployment"))
			return scale_of(c, ns, &up);
		return number_at(o, "replicas");
	}
	return -1;
}

static bool is_new(struct str *uids, size_t *n, struct str uid)
{
	for (size_t i = 0; i < *n; i++)
		if (str_eq(uids[i], uid))
			return false;
	uids[(*n)++] = uid;
	return true;
}

static int32_t scale(struct turn *t)
{
	struct str *uids =
		ARENA_ARRAY(&t->arena, struct str, t->pods.n + 1); /* of the controllers seen */
	size_t nuids = 0;
	int64_t sum = 0;

	for (size_t i = 0; i < t->pods.n; i++) {
		const struct object *o = t->pods.items[i].object;
		struct owner ref;
		int64_t n;

		if (!owner_controller(o, &ref)) {
			t->unmanaged++;
			continue;
		}
		if (!is_new(uids, &nuids, ref.uid))
			continue;
		n = scale_of(t->controller, o->ns, &ref);
		if (n < 0) { /* it has no size: its pods count one by one */
			nuids--;
			n = 1;
		}
		sum += n;
	}
	return (int32_t)sum;
}

static bool add_selected(void *ctx, const struct object *o)
{
	struct turn *t = ctx;

	if (label_selector_matches(t->budget.spec.selector, o))
		pod_views_add(&t->pods, o);
	return true;
}

/* A selector as Go prints it. */
static void selector_text(const struct meta_v1_label_selector *s, struct buf *out)
{
	buf_puts(out, "&LabelSelector{MatchLabels:map[string]string{");
	for (size_t i = 0; s && i < s->match_labels.n; i++)
		buf_printf(out, "%.*s: %.*s,", STR_ARG(s->match_labels.items[i].key),
			   STR_ARG(s->match_labels.items[i].value));
	buf_puts(out, "},MatchExpressions:[]LabelSelectorRequirement{");
	for (size_t i = 0; s && i < s->match_expressions.n; i++) {
		const struct meta_v1_label_selector_requirement *r = &s->match_expressions.items[i];

		buf_printf(out, "LabelSelectorRequirement{Key:%.*s,Operator:%.*s,Values:[",
			   STR_ARG(r->key), STR_ARG(r->operator));
		for (size_t k = 0; k < r->values.n; k++)
			buf_printf(out, "%s%.*s", k ? " " : "", STR_ARG(r->values.items[k]));
		buf_puts(out, "],},");
	}
	buf_puts(out, "},}");
}

static void tell(struct turn *t)
{
	const struct policy_v1_pod_disruption_budget_spec *spec = &t->budget.spec;
	bool by_size = spec->max_unavailable.set ||
		       (spec->min_available.set && spec->min_available.is_string);
	auto_buf selector = { 0 };

	if (!t->pods.n)
		event_record(t->controller->state, t->object, EVENT_NORMAL, "NoPods", NULL,
			     "No matching pods found");
	if (!by_size || !t->unmanaged)
		return;
	selector_text(spec->selector, &selector);
	event_record(t->controller->state, t->object, EVENT_WARNING, "UnmanagedPods", NULL,
		     "Pods selected by this PodDisruptionBudget (selector: %s) were found to be "
		     "unmanaged. As a result, the status of the PDB cannot be "
		     "calculated correctly, which may result in undefined behavior. To account for "
		     "these pods please set \".spec.minAvailable\" field of the "
		     "PDB to an integer value.",
		     selector.p);
}

static void write_status(struct turn *t, struct str key)
{
	struct policy_v1_pod_disruption_budget changed = t->budget;
	struct disruption_view v = { &t->budget, &t->pods, scale(t), clock_wall_us(clock_real()) };
	struct round *r = round_new(t->controller, key);
	const struct status_write w = { api_struct_policy_v1_pod_disruption_budget,
					api_struct_policy_v1_pod_disruption_budget_status,
					&t->budget.status, &changed.status, &changed };
	int64_t wait_ms;

	disruption_plan(&v, &changed.status, &wait_ms);
	tell(t);
	round_status(r, t->object, &w);
	round_close(r, false, wait_ms);
}

static void work(void *ctx, struct str key)
{
	struct controller *c = ctx;
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
		write_status(&t, key);
		controller_round_cost(c, started_us);
	} else {
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
	c->state = event_recorder_new(c->client, clock_real(), c->component);
	controller_queue_start(c, work);
	informer_hook_add(controller_informer(c, API_POLICY_V1_PODDISRUPTIONBUDGETS), on_budget,
			  NULL, c);
	for (size_t i = 0; i < COUNT_OF(scaled); i++)
		informer_hook_add(controller_informer(c, scaled[i]), on_other, NULL, c);
	return 0;
}

static void stop(struct controller *c)
{
	event_recorder_free(c->state);
}

const struct controller_row controller_disruption = { .name = "disruption-controller",
						      .start = start,
						      .stop = stop,
						      .component = "controllermanager" };

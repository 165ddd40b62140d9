/* SPDX-License-Identifier: Apache-2.0 */
/* Pods with names, order and claims of their own. Key: the StatefulSet. */
#include "base/mem.h"
#include "server/controllers/workload.h"
#include "server/controllers/workloads/revisions.h"
#include "server/controllers/workloads/stateful_claims.h"
#include "server/controllers/workloads/stateful_set_plan.h"

#define HASH_LABEL \
	"controller.kubernetes.io/hash" /* of its revisions; its pods have the revision's name */

struct turn {
	struct workload *workload;
	struct round *round;
	const struct object *object;
	struct apps_v1_stateful_set set;
	struct arena arena;
	struct pod_views pods;
	struct revisions revisions;
	struct str current, update, key;
	struct core_v1_pod_template_spec old_template;
	bool has_old;
};

/* The template of the revision that pods have had until now. */
static void read_old_template(struct turn *t)
{
	struct apps_v1_controller_revision rev = { 0 };

	for (size_t i = 0; i < t->revisions.n; i++) {
		const struct object *o = t->revisions.items[i].object;

		if (str_eq(o->name, t->current) &&
		    object_decode(o, &t->arena, api_struct_apps_v1_controller_revision, &rev,
				  NULL) == 0)
			t->has_old = revision_template(&rev, &t->arena, &t->old_template);
	}
}

static void create(struct turn *t, const struct stateful_claims *claims,
		   const struct stateful_pod *p)
{
	bool old = p->old_revision && t->has_old;
	struct core_v1_pod pod;
	auto_buf body = { 0 };

	stateful_pod(t->object, &t->set, old ? &t->old_template : &t->set.spec.template, p->ordinal,
		     old ? t->current : t->update, &t->arena, &pod);
	struct_write_json(api_struct_core_v1_pod, &pod, &body);
	stateful_create(claims, p->ordinal, pod.metadata.name, buf_view(&body));
}

static void write_status(struct turn *t, struct apps_v1_stateful_set_status *status)
{
	struct apps_v1_stateful_set changed = t->set;
	int32_t none = 0;
	const struct status_write w = { .object = api_struct_apps_v1_stateful_set,
					.status = api_struct_apps_v1_stateful_set_status,
					.old = &t->set.status,
					.now = status,
					.whole = &changed };

	status->collision_count =
		t->set.status.collision_count ? t->set.status.collision_count : &none;
	status->conditions.items = t->set.status.conditions.items;
	status->conditions.n = t->set.status.conditions.n;
	changed.status = *status;
	round_status(t->round, t->object, &w);
}

static bool revision_in_use(void *ctx, struct str hash)
{
	struct turn *t = ctx;
	struct str name = revision_name(t->object, hash, &t->arena);

	return str_eq(name, t->current) || str_eq(name, t->update) ||
	       revision_has_pods(&t->pods, name);
}

static void change_pods(struct turn *t, const struct stateful_claims *claims,
			const struct stateful_plan *plan)
{
	for (size_t i = 0; i < plan->n; i++) {
		const struct stateful_pod *p = &plan->pods[i];

		if (p->view && str_eqz(p->view->pod.status.phase, "Pending") && p->wanted)
			stateful_claims_complete(claims, p->ordinal);
		if (p->view && !p->view->object->deleting)
			stateful_claims_own(claims, p->view->object, p->ordinal, p->wanted);
		if (p->remove)
			pod_delete(t->round, claims->owner, p->view->object);
	}
	for (size_t i = 0; i < plan->n; i++)
		if (plan->pods[i].create)
			create(t, claims, &plan->pods[i]);
}

static void write_revisions(struct turn *t)
{
	const struct revision_owner owner = { .object = t->object,
					      .template = &t->set.spec.template,
					      .hash_label = HASH_LABEL,
					      .annotations = &t->set.metadata.annotations,
					      .limit = t->set.spec.revision_history_limit,
					      .used = revision_in_use,
					      .ctx = t };

	revisions_write(t->round, &owner, &t->revisions);
}

static void carry_out(struct turn *t)
{
	struct stateful_view view = { &t->set, &t->pods, t->current, t->update,
				      clock_wall_us(clock_real()) };
	struct controller *c = t->workload->controller;
	struct pod_owner owner = workload_pod_owner(t->workload, t->object, t->key);
	const struct stateful_claims claims = {
		t->round, &owner, &t->set,
		controller_informer(c, API_CORE_V1_PERSISTENTVOLUMECLAIMS), &t->arena
	};
	struct stateful_plan plan;

	owner.by_name = true;
	stateful_set_plan(&view, &plan);
	write_revisions(t);
	if (workload_caught_up(t->workload, t->key) && !t->object->deleting)
		change_pods(t, &claims, &plan);
	write_status(t, &plan.status);
	round_close(t->round, false, plan.wait_ms);
}

static bool all_synced(struct controller *c)
{
	const struct workload *w = c->state;

	return informer_synced(w->children) && revisions_synced(c) &&
	       informer_synced(controller_informer(c, API_CORE_V1_PERSISTENTVOLUMECLAIMS));
}

static void work(void *ctx, struct str key)
{
	struct controller *c = ctx;
	struct turn t = { .workload = c->state, .key = key };
	bool synced = all_synced(c);

	t.pods.arena = &t.arena;
	t.object = synced ? workload_owner(t.workload, key) : NULL;
	if (!t.object ||
	    object_decode(t.object, &t.arena, api_struct_apps_v1_stateful_set, &t.set, NULL) < 0 ||
	    !t.set.spec.selector) {
		controller_done(c, key, !synced);
		arena_free(&t.arena);
		return;
	}
	t.round = round_new(c, key);
	const struct workload_claim claim = { .workload = t.workload,
					      .owner = t.object,
					      .selector = t.set.spec.selector };
	workload_children(&claim, t.round, workload_add_view, &t.pods);
	revisions_read(c, t.object, HASH_LABEL, &t.set.spec.template, t.set.status.collision_count,
		       &t.revisions);
	t.update = revision_name(t.object, t.revisions.hash, &t.arena);
	t.current = t.set.status.current_revision.n ? t.set.status.current_revision : t.update;
	read_old_template(&t);
	carry_out(&t);
	revisions_free(&t.revisions);
	free(t.pods.items);
	arena_free(&t.arena);
}

/* A claim that has gone may have held up a pod. */
static void on_claim(void *ctx, const struct object *old, const struct object *new)
{
	struct controller *c = ctx;
	struct workload *w = c->state;

	if (!new)
		informer_each(w->owners, old->ns, controller_wake, c);
}

static int start(struct controller *c, struct err *err)
{
	(void)err;
	workload_start(c, API_APPS_V1_STATEFULSETS, API_CORE_V1_PODS, work);
	revisions_watch(c);
	informer_hook_add(controller_informer(c, API_CORE_V1_PERSISTENTVOLUMECLAIMS), on_claim,
			  NULL, c);
	return 0;
}

const struct controller_row controller_stateful_set = { "statefulset-controller", start,
							workload_stop, NULL };

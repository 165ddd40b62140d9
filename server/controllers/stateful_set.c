/* SPDX-License-Identifier: Apache-2.0 */
/* Pods with names, order and claims of their own. Key: the StatefulSet. */
#include "base/mem.h"
#include "server/controllers/revisions.h"
#include "server/controllers/stateful_set_plan.h"
#include "server/controllers/workload.h"

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

/* The template of the revision that pods have had until now: {"spec":{"template":{…}}}. */
static void read_old_template(struct turn *t)
{
	struct apps_v1_controller_revision rev = { 0 };
	struct apps_v1_stateful_set as_set = { 0 };

	for (size_t i = 0; i < t->revisions.n; i++) {
		const struct object *o = t->revisions.items[i].object;

		if (!str_eq(o->name, t->current) ||
		    object_decode(o, &t->arena, api_struct_apps_v1_controller_revision, &rev,
				  NULL) < 0)
			continue;
		t->has_old = struct_read_json(rev.data, &t->arena, api_struct_apps_v1_stateful_set,
					      &as_set, NULL) == 0;
		t->old_template = as_set.spec.template;
	}
}

static void create_claims(struct turn *t, int32_t ordinal)
{
	struct informer *claims =
		controller_informer(t->workload->controller, API_CORE_V1_PERSISTENTVOLUMECLAIMS);

	for (size_t i = 0; i < t->set.spec.volume_claim_templates.n; i++) {
		struct core_v1_persistent_volume_claim claim =
			t->set.spec.volume_claim_templates.items[i];
		auto_buf body = { 0 };

		claim.metadata.name =
			stateful_claim_name(t->object, claim.metadata.name, ordinal, &t->arena);
		claim.metadata.namespace = t->object->ns;
		claim.metadata.labels = t->set.spec.selector->match_labels;
		claim.status = (struct core_v1_persistent_volume_claim_status){ 0 };
		if (informer_get(claims, t->object->ns, claim.metadata.name))
			continue;
		struct_write_json(api_struct_core_v1_persistent_volume_claim, &claim, &body);
		const struct controller_write w = { .verb = API_CREATE,
						    .resource = API_CORE_V1_PERSISTENTVOLUMECLAIMS,
						    .ns = t->object->ns,
						    .body = buf_view(&body),
						    .harmless = ERR_ALREADY_EXISTS };
		round_call(t->round, &w, NULL, NULL);
	}
}

static void create(struct turn *t, const struct stateful_pod *p)
{
	struct pod_owner owner = workload_pod_owner(t->workload, t->object, t->key);
	bool old = p->old_revision && t->has_old;
	struct core_v1_pod pod;

	create_claims(t, p->ordinal);
	stateful_pod(t->object, &t->set, old ? &t->old_template : &t->set.spec.template, p->ordinal,
		     old ? t->current : t->update, &t->arena, &pod);
	pod_create(t->round, &owner, &pod);
}

static void write_status(struct turn *t, struct apps_v1_stateful_set_status *status)
{
	struct apps_v1_stateful_set changed = t->set;
	const struct status_write w = { api_struct_apps_v1_stateful_set,
					api_struct_apps_v1_stateful_set_status, &t->set.status,
					status, &changed };

	status->collision_count = t->set.status.collision_count;
	status->conditions.items = t->set.status.conditions.items;
	status->conditions.n = t->set.status.conditions.n;
	changed.status = *status;
	round_status(t->round, t->object, &w);
}

static bool revision_in_use(void *ctx, struct str hash)
{
	struct turn *t = ctx;
	struct str name = revision_name(t->object, hash, &t->arena);

	if (str_eq(name, t->current) || str_eq(name, t->update))
		return true;
	for (size_t i = 0; i < t->pods.n; i++) {
		const struct str *h =
			object_label(t->pods.items[i].object, STR(REVISION_HASH_LABEL));

		if (h && str_eq(*h, name))
			return true;
	}
	return false;
}

static void carry_out(struct turn *t)
{
	struct stateful_view view = { &t->set, &t->pods, t->current, t->update,
				      clock_wall_us(clock_real()) };
	struct pod_owner owner = workload_pod_owner(t->workload, t->object, t->key);
	struct stateful_plan plan;
	int32_t *limit = t->set.spec.revision_history_limit;

	stateful_set_plan(&view, &plan);
	revisions_write(t->round, t->object, &t->set.spec.template,
			&t->set.spec.selector->match_labels, &t->revisions,
			limit ? (size_t)*limit : 10, revision_in_use, t);
	for (size_t i = 0; workload_caught_up(t->workload, t->key) && i < plan.n; i++)
		if (plan.pods[i].remove)
			pod_delete(t->round, &owner, plan.pods[i].view->object);
	if (workload_caught_up(t->workload, t->key))
		for (size_t i = 0; i < plan.n; i++)
			if (plan.pods[i].create)
				create(t, &plan.pods[i]);
	write_status(t, &plan.status);
	round_close(t->round, false, plan.wait_ms);
}

static bool all_synced(struct controller *c)
{
	const struct workload *w = c->state;

	return informer_synced(w->children) &&
	       informer_synced(controller_informer(c, API_APPS_V1_CONTROLLERREVISIONS)) &&
	       informer_synced(controller_informer(c, API_CORE_V1_PERSISTENTVOLUMECLAIMS));
}

static void work(void *ctx, struct str key)
{
	struct controller *c = ctx;
	struct turn t = { .workload = c->state, .key = key };
	struct str ns, name;
	bool synced = all_synced(c);

	t.pods.arena = &t.arena;
	controller_key_split(key, &ns, &name);
	t.object = synced ? informer_get(t.workload->owners, ns, name) : NULL;
	if (!t.object ||
	    object_decode(t.object, &t.arena, api_struct_apps_v1_stateful_set, &t.set, NULL) < 0 ||
	    !t.set.spec.selector) {
		controller_done(c, key, !synced);
		arena_free(&t.arena);
		return;
	}
	t.round = round_new(c, key);
	const struct workload_claim claim = { t.workload, t.object, t.set.spec.selector };
	workload_children(&claim, t.round, workload_add_view, &t.pods);
	revisions_read(c, t.object, &t.set.spec.template, t.set.status.collision_count,
		       &t.revisions);
	t.update = revision_name(t.object, str_from(t.revisions.hash), &t.arena);
	t.current = t.set.status.current_revision.n ? t.set.status.current_revision : t.update;
	read_old_template(&t);
	carry_out(&t);
	revisions_free(&t.revisions);
	free(t.pods.items);
	arena_free(&t.arena);
}

static int start(struct controller *c, struct err *err)
{
	(void)err;
	workload_start(c, API_APPS_V1_STATEFULSETS, API_CORE_V1_PODS, work);
	revisions_watch(c);
	controller_informer(c, API_CORE_V1_PERSISTENTVOLUMECLAIMS);
	return 0;
}

const struct controller_row controller_stateful_set = { "statefulset-controller", start,
							workload_stop };

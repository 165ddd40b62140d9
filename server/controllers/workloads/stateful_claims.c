/* SPDX-License-Identifier: Apache-2.0 */
#include "server/controllers/workloads/stateful_claims.h"

#include "base/mem.h"
#include "client/selectors.h"
#include "server/controllers/owners.h"
#include "server/controllers/pairs.h"
#include "server/controllers/workloads/stateful_set_plan.h"

/* --- a pod that waits for its claims --- */

struct coming {
	struct round *round;
	struct pod_owner owner;
	char *key, *name, *pod; /* pod NULL: only the claims are wanted */
	size_t left;
	bool failed;
};

static void coming_free(struct coming *p)
{
	object_unref(p->owner.object);
	free(p->key);
	free(p->name);
	free(p->pod);
	free(p);
}

static struct coming *coming_new(const struct stateful_claims *c, struct str name, struct str pod)
{
	struct coming *p = NEW(struct coming);

	*p = (struct coming){ .round = c->round,
			      .owner = *c->owner,
			      .key = str_dup(c->owner->key),
			      .name = str_dup(name),
			      .pod = pod.n ? str_dup(pod) : NULL,
			      .left = 1 };
	p->owner.object = object_ref(c->owner->object);
	p->owner.key = str_from(p->key);
	return p;
}

static void arrived(struct coming *p)
{
	if (--p->left)
		return;
	if (!p->failed && p->pod)
		pod_create(p->round, &p->owner, str_from(p->name), str_from(p->pod));
	coming_free(p);
}

struct claim_call {
	struct coming *pod;
	char *claim;
};

static void on_claim(void *ctx, const struct client_result *r)
{
	struct claim_call *call = ctx;
	struct coming *p = call->pod;
	const struct object *set = p->owner.object;
	bool failed = r->err && r->err->reason != ERR_ALREADY_EXISTS;

	if (failed)
		event_record(p->owner.events, set, EVENT_WARNING, "FailedCreate", NULL,
			     "Create Claim %s for Pod %s in StatefulSet %.*s failed error: %s",
			     call->claim, p->name, STR_ARG(set->name), err_text(r->err));
	else if (!r->err)
		event_record(p->owner.events, set, EVENT_NORMAL, "SuccessfulCreate", NULL,
			     "Create Claim %s Pod %s in StatefulSet %.*s success", call->claim,
			     p->name, STR_ARG(set->name));
	p->failed |= failed;
	free(call->claim);
	free(call);
	arrived(p);
}

static void create_claim(const struct stateful_claims *c, struct coming *p,
			 const struct core_v1_persistent_volume_claim *template, struct str name)
{
	struct core_v1_persistent_volume_claim claim = *template;
	const struct api_str_map *labels = &c->set->spec.selector->match_labels;
	struct claim_call *call = NEW(struct claim_call);
	auto_buf body = { 0 };

	claim.metadata.name = name;
	claim.metadata.namespace = c->owner->object->ns;
	for (size_t i = 0; i < labels->n; i++)
		pairs_set(&claim.metadata.labels, c->arena,
			  arena_strdup(c->arena, labels->items[i].key), labels->items[i].value);
	claim.status = (struct core_v1_persistent_volume_claim_status){ 0 };
	struct_write_json(api_struct_core_v1_persistent_volume_claim, &claim, &body);
	*call = (struct claim_call){ p, str_dup(name) };
	p->left++;
	const struct controller_write w = { .verb = API_CREATE,
					    .resource = API_CORE_V1_PERSISTENTVOLUMECLAIMS,
					    .ns = c->owner->object->ns,
					    .body = buf_view(&body),
					    .harmless = ERR_ALREADY_EXISTS };
	round_call(c->round, &w, on_claim, call);
}

/* A claim of a former pod of the same name will be collected, and its successor must not begin with it. */
static bool is_stale(const struct stateful_claims *c, const struct object *claim, struct str pod)
{
	struct owner all[OWNERS_MAX];
	size_t n = owners_of(claim, all);

	if (!c->set->spec.persistent_volume_claim_retention_policy ||
	    !str_eqz(c->set->spec.persistent_volume_claim_retention_policy->when_scaled, "Delete"))
		return false;
	for (size_t i = 0; i < n; i++)
		if (str_eqz(all[i].kind, "Pod") && str_eq(all[i].name, pod))
			return true;
	return false;
}

static bool add_missing(const struct stateful_claims *c, struct coming *p, int32_t ordinal)
{
	const struct apps_v1_stateful_set *set = c->set;
	bool held = false;

	for (size_t i = 0; i < set->spec.volume_claim_templates.n; i++) {
		const struct core_v1_persistent_volume_claim *t =
			&set->spec.volume_claim_templates.items[i];
		struct str name =
			stateful_claim_name(c->owner->object, t->metadata.name, ordinal, c->arena);
		const struct object *claim = informer_get(c->claims, c->owner->object->ns, name);

		if (!claim)
			create_claim(c, p, t, name);
		else
			held |= claim->deleting || is_stale(c, claim, str_from(p->name));
	}
	return held;
}

void stateful_create(const struct stateful_claims *c, int32_t ordinal, struct str name,
		     struct str pod)
{
	struct coming *p = coming_new(c, name, pod);

	p->failed = add_missing(c, p, ordinal);
	arrived(p);
}

void stateful_claims_complete(const struct stateful_claims *c, int32_t ordinal)
{
	struct str name = str_from(
		arena_printf(c->arena, "%.*s-%d", STR_ARG(c->owner->object->name), ordinal));
	struct coming *p = coming_new(c, name, STR(""));

	add_missing(c, p, ordinal);
	arrived(p);
}

/* --- owners --- */

enum claim_owner stateful_claim_owner(const struct apps_v1_stateful_set *set, bool wanted)
{
	const struct apps_v1_stateful_set_persistent_volume_claim_retention_policy *p =
		set->spec.persistent_volume_claim_retention_policy;

	if (!wanted && p && str_eqz(p->when_scaled, "Delete"))
		return CLAIM_OWNER_POD;
	return p && str_eqz(p->when_deleted, "Delete") ? CLAIM_OWNER_SET : CLAIM_OWNER_NONE;
}

struct claim_owners { /* as they are */
	bool set, pod, plain, stale, other;
};

static struct claim_owners owners_now(const struct object *claim, const struct object *set,
				      const struct object *pod)
{
	struct owner all[OWNERS_MAX];
	size_t n = owners_of(claim, all);
	struct claim_owners o = { 0 };

	for (size_t i = 0; i < n; i++) {
		bool of_set = str_eqz(all[i].kind, "StatefulSet") && str_eq(all[i].name, set->name);
		bool of_pod = str_eqz(all[i].kind, "Pod") && str_eq(all[i].name, pod->name);

		o.set |= of_set && str_eq(all[i].uid, set->uid);
		o.pod |= of_pod && str_eq(all[i].uid, pod->uid);
		o.stale |= (of_set && !str_eq(all[i].uid, set->uid)) ||
			   (of_pod && !str_eq(all[i].uid, pod->uid));
		o.plain |= (of_set || of_pod) && !all[i].controller;
		o.other |= !of_set && !of_pod && all[i].controller;
	}
	return o;
}

/* The claim as it is, but for the references to our set and pod. */
static void write_owners(const struct stateful_claims *c, const struct object *claim,
			 const struct object *pod, enum claim_owner wanted)
{
	const struct object *set = c->owner->object, *owner = wanted == CLAIM_OWNER_SET   ? set
							      : wanted == CLAIM_OWNER_POD ? pod
											  : NULL;
	const struct core_v1_pod_template_spec nothing = { 0 };
	struct core_v1_persistent_volume_claim now = { 0 };
	struct meta_v1_owner_reference *refs;
	struct core_v1_pod as_pod;
	size_t n = 0;
	auto_buf body = { 0 };

	if (object_decode(claim, c->arena, api_struct_core_v1_persistent_volume_claim, &now, NULL) <
	    0)
		return;
	refs = ARENA_ARRAY(c->arena, struct meta_v1_owner_reference,
			   now.metadata.owner_references.n + 1);
	for (size_t i = 0; i < now.metadata.owner_references.n; i++) {
		struct str uid = now.metadata.owner_references.items[i].uid;

		if (!str_eq(uid, set->uid) && !str_eq(uid, pod->uid))
			refs[n++] = now.metadata.owner_references.items[i];
	}
	if (owner) {
		pod_from_template(owner, &nothing, c->arena, &as_pod);
		refs[n++] = as_pod.metadata.owner_references.items[0];
	}
	now.metadata.owner_references.items = (void *)refs;
	now.metadata.owner_references.n = n;
	struct_write_json(api_struct_core_v1_persistent_volume_claim, &now, &body);
	const struct controller_write w = { .verb = API_UPDATE,
					    .resource = API_CORE_V1_PERSISTENTVOLUMECLAIMS,
					    .ns = claim->ns,
					    .name = claim->name,
					    .body = buf_view(&body),
					    .harmless = ERR_NOT_FOUND };
	round_call(c->round, &w, NULL, NULL);
}

static void own(const struct stateful_claims *c, const struct object *claim,
		const struct object *pod, bool wanted)
{
	enum claim_owner want = stateful_claim_owner(c->set, wanted);
	struct claim_owners have = owners_now(claim, c->owner->object, pod);
	const struct apps_v1_stateful_set_persistent_volume_claim_retention_policy *policy =
		c->set->spec.persistent_volume_claim_retention_policy;
	bool retains = !policy || (!str_eqz(policy->when_scaled, "Delete") &&
				   !str_eqz(policy->when_deleted, "Delete"));

	if (have.stale)
		return; /* another's, until it is collected */
	if (have.other && !retains) {
		event_record(c->owner->events, c->owner->object, EVENT_WARNING,
			     "ConflictingController", NULL,
			     "PersistentVolumeClaim %.*s has a conflicting OwnerReference that "
			     "acts as a manging controller, the retention policy is ignored for "
			     "this claim",
			     STR_ARG(claim->name));
		want = CLAIM_OWNER_NONE;
	}
	if (have.set == (want == CLAIM_OWNER_SET) && have.pod == (want == CLAIM_OWNER_POD) &&
	    !have.plain)
		return;
	write_owners(c, claim, pod, want);
}

void stateful_claims_own(const struct stateful_claims *c, const struct object *pod, int32_t ordinal,
			 bool wanted)
{
	const struct apps_v1_stateful_set *set = c->set;

	for (size_t i = 0; i < set->spec.volume_claim_templates.n; i++) {
		struct str name =
			stateful_claim_name(c->owner->object,
					    set->spec.volume_claim_templates.items[i].metadata.name,
					    ordinal, c->arena);
		const struct object *claim = informer_get(c->claims, c->owner->object->ns, name);

		if (claim && !claim->deleting)
			own(c, claim, pod, wanted);
	}
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "server/controllers/pods.h"

#include "base/mem.h"

void pod_views_add(struct pod_views *v, const struct object *o)
{
	struct pod_view *p;

	v->items = mem_array_grow(v->items, &v->cap, v->n + 1, sizeof(*v->items));
	p = &v->items[v->n];
	*p = (struct pod_view){ .object = o };
	if (object_decode(o, v->arena, api_struct_core_v1_pod, &p->pod, NULL) == 0)
		v->n++;
}

const struct core_v1_pod_condition *pod_condition(const struct core_v1_pod *p, const char *type)
{
	for (size_t i = 0; i < p->status.conditions.n; i++)
		if (str_eqz(p->status.conditions.items[i].type, type))
			return &p->status.conditions.items[i];
	return NULL;
}

struct controller_write pod_condition_ends(const struct object *pod, const char *type,
					   const char *more, struct buf *body)
{
	char now[TIME_TEXT_MAX];
	time_format(clock_wall_s(clock_real()), now);
	buf_printf(body,
		   "{\"metadata\":{\"uid\":\"%.*s\"},\"status\":{\"conditions\":[{\"type\":\"%s\","
		   "\"status\":\"False\"%s,\"lastTransitionTime\":\"%s\"}]}}",
		   STR_ARG(pod->uid), type, more, now);
	return (struct controller_write){ .verb = API_PATCH,
					  .resource = API_CORE_V1_PODS,
					  .ns = pod->ns,
					  .name = pod->name,
					  .subresource = STR("status"),
					  .content_type =
						  STR("application/strategic-merge-patch+json"),
					  .body = buf_view(body),
					  .harmless = ERR_NOT_FOUND };
}

bool pod_is_ready(const struct core_v1_pod *p)
{
	const struct core_v1_pod_condition *c = pod_condition(p, "Ready");

	return c && str_eqz(c->status, "True");
}

bool pod_is_available(const struct core_v1_pod *p, int32_t min_ready_s, int64_t now_us,
		      int64_t *out_wait_ms)
{
	const struct core_v1_pod_condition *c = pod_condition(p, "Ready");
	int64_t left_ms;

	if (!c || !str_eqz(c->status, "True"))
		return false;
	if (!min_ready_s)
		return true;
	left_ms = min_ready_s * 1000LL - (now_us - c->last_transition_time.us) / 1000;
	if (left_ms <= 0)
		return true;
	if (out_wait_ms && (*out_wait_ms == 0 || left_ms < *out_wait_ms))
		*out_wait_ms = left_ms;
	return false;
}

bool pod_is_over(const struct core_v1_pod *p)
{
	return str_eqz(p->status.phase, "Succeeded") || str_eqz(p->status.phase, "Failed");
}

bool pod_is_active(const struct core_v1_pod *p)
{
	return !pod_is_over(p) && !p->metadata.deletion_timestamp.set;
}

static int phase_rank(const struct core_v1_pod *p)
{
	return str_eqz(p->status.phase, "Running")   ? 2
	       : str_eqz(p->status.phase, "Unknown") ? 1
						     : 0;
}

static int64_t deletion_cost(const struct core_v1_pod *p)
{
	int64_t cost = 0;

	for (size_t i = 0; i < p->metadata.annotations.n; i++)
		if (str_eqz(p->metadata.annotations.items[i].key,
			    "controller.kubernetes.io/pod-deletion-cost"))
			str_to_i64(p->metadata.annotations.items[i].value, &cost);
	return cost;
}

static int64_t restarts(const struct core_v1_pod *p)
{
	int64_t most = 0;

	for (size_t i = 0; i < p->status.container_statuses.n; i++)
		if (p->status.container_statuses.items[i].restart_count > most)
			most = p->status.container_statuses.items[i].restart_count;
	return most;
}

#define ORDER(x, y)                              \
	do {                                     \
		int64_t x_ = (x), y_ = (y);      \
		if (x_ != y_)                    \
			return x_ < y_ ? -1 : 1; \
	} while (0)

static int64_t ready_since(const struct core_v1_pod *p)
{
	const struct core_v1_pod_condition *c = pod_condition(p, "Ready");

	return c && str_eqz(c->status, "True") ? c->last_transition_time.us / 1000000 : 0;
}

/* Unassigned before assigned, pending before running, not ready before ready, cheap before dear, ready for a short time, with
 * more restarts, young before old. */
int pod_removal_order(const struct core_v1_pod *a, const struct core_v1_pod *b)
{
	ORDER(a->spec.node_name.n > 0, b->spec.node_name.n > 0);
	ORDER(phase_rank(a), phase_rank(b));
	ORDER(pod_is_ready(a), pod_is_ready(b));
	ORDER(deletion_cost(a), deletion_cost(b));
	ORDER(ready_since(b), ready_since(a));
	ORDER(restarts(b), restarts(a));
	ORDER(b->metadata.creation_timestamp.us, a->metadata.creation_timestamp.us);
	return 0;
}

static struct str api_version_of(const struct api_resource *r, struct arena *a)
{
	return r->group[0] ? str_from(arena_printf(a, "%s/%s", r->group, r->version))
			   : str_from(r->version);
}

void pod_from_template(const struct object *owner, const struct core_v1_pod_template_spec *t,
		       struct arena *a, struct core_v1_pod *out)
{
	struct meta_v1_owner_reference *ref = ARENA_NEW(a, struct meta_v1_owner_reference);
	bool *yes = ARENA_NEW(a, bool);

	*yes = true;
	*ref = (struct meta_v1_owner_reference){ .api_version = api_version_of(owner->resource, a),
						 .kind = str_from(owner->resource->kind),
						 .name = owner->name,
						 .uid = owner->uid,
						 .controller = yes,
						 .block_owner_deletion = yes };
	*out = (struct core_v1_pod){ .spec = t->spec };
	out->metadata.labels = t->metadata.labels;
	out->metadata.annotations = t->metadata.annotations;
	out->metadata.finalizers = t->metadata.finalizers;
	out->metadata.generate_name = str_from(arena_printf(a, "%.*s-", STR_ARG(owner->name)));
	out->metadata.owner_references.items = (void *)ref;
	out->metadata.owner_references.n = 1;
}

struct pod_op {
	struct pod_owner owner; /* its object is held, its key ours */
	char *key, *name;
	struct str uid;
};

struct pod_op *pod_op_new(const struct pod_owner *o, const struct object *pod)
{
	struct pod_op *op = NEW(struct pod_op);

	op->owner = *o;
	op->owner.object = object_ref(o->object);
	op->key = str_dup(o->key);
	op->owner.key = str_from(op->key);
	if (pod) {
		op->name = str_dup(pod->name);
		op->uid = str_from(str_dup(pod->uid));
	}
	return op;
}

void pod_op_free(struct pod_op *op)
{
	object_unref(op->owner.object);
	free(op->key);
	free(op->name);
	free((void *)(uintptr_t)op->uid.p);
	free(op);
}

struct str pod_op_ns(const struct pod_op *op)
{
	return op->owner.object->ns;
}

void pod_op_expect(struct pod_op *op, int n)
{
	if (op->owner.expected && n)
		expect_created(op->owner.expected, op->owner.key, n,
			       n > 0 ? clock_mono_ms(clock_real()) : 0);
}

/* Two ways to tell it: of a StatefulSet's pods, and of all others. */
static void tell_success(struct pod_op *op, const char *verb, const char *done, struct str name)
{
	const struct object *o = op->owner.object;
	auto_buf reason = { 0 };

	buf_printf(&reason, "Successful%s", verb);
	if (!op->owner.events)
		return;
	if (op->owner.by_name)
		event_record(op->owner.events, o, EVENT_NORMAL, reason.p, NULL,
			     "%s Pod %.*s in %s %.*s successful", verb, STR_ARG(name),
			     o->resource->kind, STR_ARG(o->name));
	else
		event_record(op->owner.events, o, EVENT_NORMAL, reason.p, NULL, "%s pod: %.*s",
			     done, STR_ARG(name));
}

static void note_failure(struct pod_op *op, const char *text)
{
	if (op->owner.failures)
		free(map_put(op->owner.failures, op->owner.key, str_dup(str_from(text))));
}

static void tell_failure(struct pod_op *op, const char *verb, const char *doing,
			 const struct err *err)
{
	const struct object *o = op->owner.object;
	auto_buf reason = { 0 };

	if (controller_namespace_goes(err))
		return; /* so will all others */
	buf_printf(&reason, "Failed%s", verb);
	note_failure(op, err_text(err));
	if (!op->owner.events)
		return;
	if (op->owner.by_name)
		event_record(op->owner.events, o, EVENT_WARNING, reason.p, NULL,
			     "%s Pod %s in %s %.*s failed error: %s", verb,
			     op->name ? op->name : "", o->resource->kind, STR_ARG(o->name),
			     err_text(err));
	else
		event_record(op->owner.events, o, EVENT_WARNING, reason.p, NULL, "Error %s: %s",
			     doing, err_text(err));
}

void pod_op_created(struct pod_op *op, const struct client_result *r)
{
	auto_arena arena = { 0 };
	struct meta_v1_partial_object_metadata made = { 0 };

	if (r->err) {
		pod_op_expect(op, -1);
		tell_failure(op, "Create", "creating", r->err);
		return;
	}
	if (op->owner.failures)
		free(map_del(op->owner.failures, op->owner.key));
	if (op->owner.events &&
	    struct_read_json(r->body, &arena, api_struct_meta_v1_partial_object_metadata, &made,
			     NULL) == 0)
		tell_success(op, "Create", "Created", made.metadata.name);
}

static void on_created(void *ctx, const struct client_result *r)
{
	pod_op_created(ctx, r);
	pod_op_free(ctx);
}

void pod_create(struct round *r, const struct pod_owner *o, struct str name, struct str body)
{
	struct pod_op *op = pod_op_new(o, NULL);
	const struct controller_write w = {
		.verb = API_CREATE, .resource = API_CORE_V1_PODS, .ns = o->object->ns, .body = body
	};

	op->name = str_dup(name);
	pod_op_expect(op, 1);
	round_call(r, &w, on_created, op);
}

static void on_deleted(void *ctx, const struct client_result *r)
{
	struct pod_op *op = ctx;

	if (r->err && op->owner.expected)
		expectation_deletion_seen(op->owner.expected, op->owner.key, op->uid);
	if (!r->err)
		tell_success(op, "Delete", "Deleted", str_from(op->name));
	else if (r->err->reason != ERR_NOT_FOUND)
		tell_failure(op, "Delete", "deleting", r->err);
	pod_op_free(op);
}

void pod_delete(struct round *r, const struct pod_owner *o, const struct object *pod)
{
	auto_buf body = { 0 };
	const struct controller_write w = controller_removal(pod, "", &body);

	if (o->expected)
		expect_deleted(o->expected, o->key, pod->uid, clock_mono_ms(clock_real()));
	round_call(r, &w, on_deleted, pod_op_new(o, pod));
}

void owner_reference_json(const struct object *owner, struct buf *out)
{
	const struct api_resource *r = owner->resource;

	buf_printf(out,
		   "{\"apiVersion\":\"%s%s%s\",\"kind\":\"%s\",\"name\":\"%.*s\",\"uid\":\"%.*s\","
		   "\"controller\":true,"
		   "\"blockOwnerDeletion\":true}",
		   r->group, r->group[0] ? "/" : "", r->version, r->kind, STR_ARG(owner->name),
		   STR_ARG(owner->uid));
}

static void patch_owners(struct round *r, const struct object *pod, struct str reference,
			 const char *finalizer)
{
	auto_buf body = { 0 };

	buf_printf(&body, "{\"metadata\":{\"ownerReferences\":[%.*s],\"uid\":\"%.*s\"",
		   STR_ARG(reference), STR_ARG(pod->uid));
	if (finalizer)
		buf_printf(&body, ",\"finalizers\":[\"%s\"]", finalizer);
	buf_puts(&body, "}}");
	const struct controller_write w = { .verb = API_PATCH,
					    .resource = pod->resource,
					    .ns = pod->ns,
					    .name = pod->name,
					    .content_type =
						    STR("application/strategic-merge-patch+json"),
					    .body = buf_view(&body),
					    .harmless = ERR_NOT_FOUND };
	round_call(r, &w, NULL, NULL);
}

void pod_adopt(struct round *r, const struct object *owner, const struct object *pod,
	       const char *finalizer)
{
	auto_buf reference = { 0 };

	owner_reference_json(owner, &reference);
	patch_owners(r, pod, buf_view(&reference), finalizer);
}

void pod_release(struct round *r, const struct object *owner, const struct object *pod)
{
	auto_buf reference = { 0 };

	buf_printf(&reference, "{\"$patch\":\"delete\",\"uid\":\"%.*s\"}", STR_ARG(owner->uid));
	patch_owners(r, pod, buf_view(&reference), NULL);
}

void pod_drop_finalizer(struct round *r, const struct pod_view *pod, const char *finalizer,
			void (*ended)(void *ctx, const struct client_result *result), void *ctx)
{
	auto_buf body = { 0 };

	buf_printf(&body,
		   "{\"metadata\":{\"uid\":\"%.*s\",\"$deleteFromPrimitiveList/"
		   "finalizers\":[\"%s\"]}}",
		   STR_ARG(pod->object->uid), finalizer);
	const struct controller_write w = { .verb = API_PATCH,
					    .resource = API_CORE_V1_PODS,
					    .ns = pod->object->ns,
					    .name = pod->object->name,
					    .content_type =
						    STR("application/strategic-merge-patch+json"),
					    .body = buf_view(&body),
					    .harmless = ERR_NOT_FOUND };
	round_call(r, &w, ended, ctx);
}

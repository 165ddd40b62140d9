/* SPDX-License-Identifier: Apache-2.0 */
/* pods/eviction: a delete that asks the pod's disruption budget first. Follows upstream's registry/core/pod/storage/eviction.go. */
#include "api/object/meta.h"
#include "api/selector/selector.h"
#include "base/clock.h"
#include "server/apiserver/admission/node_restriction.h"
#include "server/apiserver/respond.h"
#include "server/apiserver/subresources/eviction_budget.h"
#include "server/apiserver/subresources/subresources.h"
#include "server/apiserver/write/decode.h"
#include "server/apiserver/write/delete_options.h"
#include "server/apiserver/write/deletion.h"
#include "server/apiserver/write/write.h"

#define TARGET    "DisruptionTarget"
#define TRIES_MAX 5

struct eviction {          /* the request's state */
	struct str budget; /* that frees the pod while it is as it was; n == 0: none */
	bool own_version;  /* the precondition is ours: the pod as it was when we judged */
	int tries;
};

struct budgets {
	const struct object *pod;
	struct object *found;
	size_t n;
};

static const struct api_resource *budget_resource(void)
{
	return api_resource_find(STR("policy"), STR("v1"), STR("poddisruptionbudgets"));
}

static bool budget_match(void *ctx, const struct object *o)
{
	struct budgets *b = ctx;
	struct selector *s = NULL;
	json_t *tree = object_tree(o, NULL);
	const json_t *selector = tree_get(tree, "spec", "selector", NULL);
	if (selector && selector_from_json(selector, &s, NULL) == 0 &&
	    selector_match_labels(s, b->pod->labels, b->pod->nlabels)) {
		b->n++;
		if (!b->found)
			b->found = object_ref(o);
	}
	selector_free(s);
	json_decref(tree);
	return true;
}

static void eviction_try(struct api_request *r);

/* The pod is no longer what was judged: it is judged again, or the client is asked to come again. */
static void eviction_failed(struct api_request *r, const struct err *err)
{
	struct eviction *e = r->state;
	auto_err busy = { 0 };
	if (err->reason != ERR_CONFLICT || !e->own_version) {
		respond_err(r, err);
	} else if (e->budget.n) {
		request_about(r, "", "", STR(""));
		budget_busy(e->budget, &busy);
		respond_err(r, &busy);
	} else if (++e->tries < TRIES_MAX) {
		r->opt.pre_version = STR("");
		eviction_try(r);
	} else {
		respond_err(r, err);
	}
}

static void eviction_done(struct deletion *d, const struct object *last, bool gone,
			  const struct err *err)
{
	struct buf text = { 0 };
	(void)last;
	(void)gone;
	if (err) {
		eviction_failed(d->r, err);
		return;
	}
	buf_puts(&text, "{\"kind\":\"Status\",\"apiVersion\":\"v1\",\"metadata\":{},\"status\":"
			"\"Success\",\"code\":201}\n");
	respond_json(d->r, 201, api_type_find(STR("meta/v1.Status")), &text);
}

static void delete_target(struct api_request *r)
{
	struct deletion *d =
		deletion_new(r, r->resource, lookup_key(r, r->resource, r->ns, r->name), r->name);
	d->done = eviction_done;
	deletion_start(d);
}

/* Whoever looks at the pod's end shall know why it came. */
static void add_condition(struct write *w)
{
	json_t *status = json_object_get(w->tree, "status"), *conditions;
	char now[TIME_TEXT_MAX];
	if (!json_is_object(status)) {
		status = json_object();
		json_object_set_new(w->tree, "status", status);
	}
	conditions = json_object_get(status, "conditions");
	if (!json_is_array(conditions)) {
		conditions = json_array();
		json_object_set_new(status, "conditions", conditions);
	}
	for (size_t i = json_array_size(conditions); i-- > 0;)
		if (str_eqz(tree_get_str(json_array_get(conditions, i), "type", NULL), TARGET)) {
			if (str_eqz(tree_get_str(json_array_get(conditions, i), "status", NULL),
				    "True"))
				return;
			json_array_remove(conditions, i);
		}
	time_format(clock_wall_s(w->r->server->clock), now);
	json_array_append_new(conditions,
			      json_pack("{s:s,s:s,s:n,s:s,s:s,s:s}", "type", TARGET, "status",
					"True", "lastProbeTime", "lastTransitionTime", now,
					"reason", "EvictionByEvictionAPI", "message",
					"Eviction API: evicting"));
}

static int target_modify(struct write *w, struct err *err)
{
	int e = deletion_preconditions(w->r, w->res, w->old_object, err);
	if (e < 0)
		return e;
	w->tree = json_deep_copy(w->old);
	w->managed_done = true; /* nobody owns it */
	add_condition(w);
	return 0;
}

static void target_done(struct write *w, const struct err *err)
{
	struct api_request *r = w->r;
	if (err) {
		eviction_failed(r, err);
	} else {
		if (r->opt.pre_version.n && w->object)
			r->opt.pre_version = str_from(
				arena_printf(&r->arena, "%lld", (long long)w->object->revision));
		delete_target(r);
	}
	write_free(w);
}

static void eviction_delete(struct api_request *r)
{
	if (r->opt.dry_run) {
		delete_target(r);
		return;
	}
	struct write *w = write_new(r, r->resource, "status", r->ns, r->name);
	w->modify = target_modify;
	w->done = target_done;
	write_managed_by(w, "Update");
	write_update(w);
}

static int budget_modify(struct write *w, struct err *err)
{
	w->tree = json_deep_copy(w->old);
	int e = budget_take(w->tree, w->r->name, clock_wall_s(w->r->server->clock), err);
	if (e == -ERR_FORBIDDEN)
		request_about(w->r, "policy", "poddisruptionbudget", w->name);
	return e;
}

static void budget_done(struct write *w, const struct err *err)
{
	struct api_request *r = w->r;
	if (err)
		respond_err(r, err);
	else
		eviction_delete(r);
	write_free(w);
}

/* Goes only while the pod is as it is now. */
static void delete_as_it_is(struct api_request *r, const struct object *pod, struct str budget)
{
	struct eviction *e = r->state;
	if (!r->opt.pre_version.n) {
		e->own_version = true;
		r->opt.pre_version =
			str_from(arena_printf(&r->arena, "%lld", (long long)pod->revision));
	}
	e->budget = budget;
	eviction_delete(r);
}

/* The pods' budget, as it stands at this moment; a reference, NULL: none. */
static int budget_find(struct api_request *r, const struct object *pod, struct object **out,
		       struct err *err)
{
	const struct api_resource *res = budget_resource();
	struct budgets b = { .pod = pod };
	struct cache_view view;
	cache_view_now(server_cache(r->server, res), &view);
	cache_view_each(&view, lookup_key(r, res, r->ns, STR("")), STR(""), budget_match, &b);
	cache_view_close(&view);
	*out = b.found;
	return b.n <= 1 ? 0
			: err_set(err, ERR_INTERNAL,
				  "This pod has more than one PodDisruptionBudget, which the "
				  "eviction subresource does not support.");
}

static void budget_ask(struct api_request *r, const struct object *pod, const json_t *pod_tree,
		       const struct object *budget)
{
	json_t *tree = object_tree(budget, NULL);
	struct str name = arena_str(&r->arena, budget->name);
	if (budget_frees(tree, pod_tree)) {
		delete_as_it_is(r, pod, name);
	} else {
		struct write *w = write_new(r, budget_resource(), "status", r->ns, name);
		w->modify = budget_modify;
		w->done = budget_done;
		write_managed_by(w, "Update");
		w->by.manager =
			STR("kube-apiserver"); /* not the client: it may not write budgets */
		write_update(w);
	}
	json_decref(tree);
}

static void eviction_start(struct api_request *r, const struct object *pod)
{
	json_t *tree = object_tree(pod, NULL);
	bool waits =
		str_eqz(tree_get_str(tree, "status", "phase", NULL), "Pending") && !pod->deleting;
	struct object *budget = NULL;
	auto_err err = { 0 };
	if (!budget_ignores(tree) && budget_find(r, pod, &budget, &err) < 0)
		respond_err(r, &err);
	else if (budget)
		budget_ask(r, pod, tree, budget);
	else if (waits) /* it must not have become ready meanwhile */
		delete_as_it_is(r, pod, STR(""));
	else
		eviction_delete(r);
	object_unref(budget);
	json_decref(tree);
}

static void eviction_try(struct api_request *r)
{
	auto_err err = { 0 };
	struct object *pod = lookup_target(r, &err);
	if (pod)
		eviction_start(r, pod);
	else
		respond_err(r, &err);
	object_unref(pod);
}

static void eviction_body(struct api_request *r)
{
	auto_err err = { 0 };
	json_t *tree = NULL;
	struct decode_expect expect = { api_type_find(STR("policy/v1.Eviction")), "policy", "v1",
					"Eviction", true };
	int e = decode_body(r, &expect, &tree, &err);
	if (e == 0)
		e = admit_node_eviction(r, &err);
	if (e == 0 && meta_name(tree).n && !str_eq(meta_name(tree), r->name))
		e = err_set(&err, ERR_BAD_REQUEST,
			    "name in URL does not match name in Eviction object");
	if (e == 0)
		e = delete_options_read(&r->arena, json_object_get(tree, "deleteOptions"), &r->opt,
					&err);
	json_decref(tree);
	r->state = arena_alloc(&r->arena, sizeof(struct eviction));
	if (e == 0)
		eviction_try(r);
	else
		respond_err(r, &err);
}

void sub_eviction(struct api_request *r)
{
	auto_err err = { 0 };
	if (respond_negotiate(r, false, false, &err) < 0)
		respond_err(r, &err);
	else
		r->responder->body(r, eviction_body);
}

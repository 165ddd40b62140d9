/* SPDX-License-Identifier: Apache-2.0 */
/* pods/eviction: a delete that asks the pod's disruption budget first. Follows upstream's registry/core/pod/storage/eviction.go. */
#include "api/meta.h"
#include "api/selector.h"
#include "base/clock.h"
#include "server/apiserver/admission/node_restriction.h"
#include "server/apiserver/decode.h"
#include "server/apiserver/delete_options.h"
#include "server/apiserver/deletion.h"
#include "server/apiserver/respond.h"
#include "server/apiserver/subresources.h"
#include "server/apiserver/write.h"

#define TARGET "DisruptionTarget"

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

static void eviction_done(struct deletion *d, const struct object *last, bool gone,
			  const struct err *err)
{
	struct buf text = { 0 };
	(void)last;
	(void)gone;
	if (err) {
		respond_err(d->r, err);
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
	json_t *status = json_object_get(w->tree, "status"), *conditions, *meta;
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
	meta = json_object_get(w->tree, "metadata");
	json_array_append_new(
		conditions,
		json_pack("{s:s,s:I,s:s,s:n,s:s,s:s,s:s}", "type", TARGET, "observedGeneration",
			  (json_int_t)tree_int(json_object_get(meta, "generation"), 0), "status",
			  "True", "lastProbeTime", "lastTransitionTime", now, "reason",
			  "EvictionByEvictionAPI", "message", "Eviction API: evicting"));
}

static int target_modify(struct write *w, struct err *err)
{
	int e = deletion_preconditions(w->r, w->res, w->old_object, err);
	if (e < 0)
		return e;
	w->tree = json_deep_copy(w->old);
	add_condition(w);
	return 0;
}

static void target_done(struct write *w, const struct err *err)
{
	struct api_request *r = w->r;
	if (err)
		respond_err(r, err);
	else {
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

/* Takes one disruption out of the budget. */
static int budget_modify(struct write *w, struct err *err)
{
	json_t *status = json_object_get(w->old, "status");
	int64_t allowed = tree_int(json_object_get(status, "disruptionsAllowed"), 0);
	if (allowed <= 0) {
		err_set(err, ERR_TOO_MANY_REQUESTS,
			"Cannot evict pod as it would violate the pod's disruption budget.");
		err_cause(
			err, "DisruptionBudget", NULL,
			"The disruption budget %.*s needs %lld healthy pods and has %lld currently",
			STR_ARG(w->name),
			(long long)tree_int(json_object_get(status, "desiredHealthy"), 0),
			(long long)tree_int(json_object_get(status, "currentHealthy"), 0));
		return -(int)ERR_TOO_MANY_REQUESTS;
	}
	char now[TIME_TEXT_MAX];
	w->tree = tree_copy(w->old);
	status = json_object_get(w->tree, "status");
	json_object_set_new(status, "disruptionsAllowed", json_integer(allowed - 1));
	json_t *pods = json_object_get(status, "disruptedPods");
	if (!json_is_object(pods)) {
		pods = json_object();
		json_object_set_new(status, "disruptedPods", pods);
	}
	time_format(clock_wall_s(w->r->server->clock), now);
	json_object_setn_new(pods, w->r->name.p, w->r->name.n, json_string(now));
	w->managed_done = true;
	return 0;
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

/* A pod that does no work, or is on its way out, disrupts nothing. */
static bool budget_ignored(const struct object *pod)
{
	json_t *tree = object_tree(pod, NULL);
	struct str phase = tree_get_str(tree, "status", "phase", NULL);
	bool ignored = pod->deleting || str_eqz(phase, "Succeeded") || str_eqz(phase, "Failed") ||
		       str_eqz(phase, "Pending");
	json_decref(tree);
	return ignored;
}

static void eviction_start(struct api_request *r, const struct object *pod)
{
	struct budgets b = { .pod = pod };
	const struct api_resource *res = budget_resource();
	auto_err err = { 0 };
	if (admit_node_eviction(r, pod, &err) < 0) {
		respond_err(r, &err);
		return;
	}
	if (res && !budget_ignored(pod)) {
		struct cache_view view;
		cache_view_now(server_cache(r->server, res), &view);
		cache_view_each(&view, lookup_key(r, res, r->ns, STR("")), STR(""), budget_match,
				&b);
		cache_view_close(&view);
	}
	if (b.n > 1) {
		err_set(&err, ERR_INTERNAL,
			"This pod has more than one PodDisruptionBudget, which the eviction "
			"subresource does not support.");
		respond_err(r, &err);
	} else if (b.n == 1) {
		struct write *w =
			write_new(r, res, "status", r->ns, arena_str(&r->arena, b.found->name));
		w->modify = budget_modify;
		w->done = budget_done;
		write_managed_by(w, "Update");
		write_update(w);
	} else {
		eviction_delete(r);
	}
	object_unref(b.found);
}

static void eviction_body(struct api_request *r)
{
	auto_err err = { 0 };
	json_t *tree = NULL;
	struct object *pod = NULL;
	struct decode_expect expect = { api_type_find(STR("policy/v1.Eviction")), "policy", "v1",
					"Eviction" };
	int e = decode_body(r, &expect, &tree, &err);
	if (e == 0 && meta_name(tree).n && !str_eq(meta_name(tree), r->name))
		e = err_set(&err, ERR_BAD_REQUEST,
			    "name in URL does not match name in Eviction object");
	if (e == 0)
		e = delete_options_read(&r->arena, json_object_get(tree, "deleteOptions"), &r->opt,
					&err);
	json_decref(tree);
	if (e == 0)
		pod = lookup_target(r, &err);
	if (pod)
		eviction_start(r, pod);
	else
		respond_err(r, &err);
	object_unref(pod);
}

void sub_eviction(struct api_request *r)
{
	auto_err err = { 0 };
	if (respond_negotiate(r, false, false, &err) < 0)
		respond_err(r, &err);
	else
		r->responder->body(r, eviction_body);
}

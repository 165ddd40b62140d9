/* SPDX-License-Identifier: Apache-2.0 */
#include "server/apiserver/admission/quota.h"

#include "api/codec.h"
#include "api/object/meta.h"
#include "server/apiserver/admission/admission.h"
#include "server/apiserver/admission/amount_map.h"
#include "server/apiserver/admission/quota_usage.h"

static const struct api_resource *quotas(void)
{
	return api_resource_find(STR(""), STR("v1"), STR("resourcequotas"));
}

static void each_quota(struct write *w, bool (*fn)(void *ctx, const struct object *o), void *ctx)
{
	struct cache_view view;
	cache_view_now(server_cache(w->r->server, quotas()), &view);
	cache_view_each(&view, lookup_key(w->r, quotas(), w->ns, STR("")), STR(""), fn, ctx);
	cache_view_close(&view);
}

/* ---- one quota ---- */

struct quota_check {
	struct write *w;
	struct err *err;
	int64_t now_s;
	json_t *usage, *before; /* of the object, and of what it was; before NULL: all counts */
	int result;
};

static bool names_any(const struct api_resource *res, const json_t *quota)
{
	const char *name;
	json_t *value;
	json_object_foreach (tree_get(quota, "status", "hard", NULL), name, value)
		if (quota_matches_name(res, name))
			return true;
	return false;
}

static bool scopes_hold(const struct api_resource *res, const json_t *quota, const json_t *object)
{
	size_t i;
	json_t *item;
	json_array_foreach (tree_get(quota, "spec", "scopes", NULL), i, item)
		if (!quota_in_scope(res, object, tree_str(item), STR("Exists"), NULL))
			return false;
	json_array_foreach (tree_get(quota, "spec", "scopeSelector", "matchExpressions", NULL), i,
			    item)
		if (!quota_in_scope(res, object, tree_get_str(item, "scopeName", NULL),
				    tree_get_str(item, "operator", NULL),
				    json_object_get(item, "values")))
			return false;
	return true;
}

static bool matches(const struct api_resource *res, const json_t *quota, const json_t *object)
{
	return names_any(res, quota) && scopes_hold(res, quota, object);
}

/* What counts of the status: the resources that this object may use up. */
static json_t *hard_of_new(const struct api_resource *res, const json_t *quota)
{
	json_t *out = json_object(), *value;
	const char *name;
	json_object_foreach (tree_get(quota, "status", "hard", NULL), name, value)
		if (quota_matches_name(res, name))
			json_object_set(out, name, value);
	return out;
}

static int status_known(struct quota_check *c, const json_t *quota, const json_t *hard)
{
	const json_t *used = tree_get(quota, "status", "used", NULL);
	auto_buf names = { 0 };
	bool known = true;
	const char *name;
	json_t *value;
	json_object_foreach ((json_t *)hard, name, value)
		known = known && json_object_get(used, name);
	if (known)
		return 0;
	amount_map_names(hard, &names);
	return admission_forbid(c->w, c->err, "status unknown for quota: %.*s, resources: %s",
				STR_ARG(meta_name(quota)), names.p);
}

/* What is more than before; what is less counts as nothing. */
static json_t *delta_new(const json_t *usage, const json_t *before)
{
	json_t *out = json_object(), *value;
	const char *name;
	json_object_foreach ((json_t *)usage, name, value) {
		struct quantity now, was;
		if (!amount_get(usage, name, &now))
			continue;
		if (amount_get(before, name, &was))
			now = quantity_sub(now, was);
		if (now.nano > 0)
			amount_put(out, name, now);
	}
	return out;
}

static int negative(struct quota_check *c)
{
	json_t *bad = json_object(), *value;
	auto_buf names = { 0 };
	const char *name;
	json_object_foreach (c->usage, name, value) {
		struct quantity q;
		if (amount_get(c->usage, name, &q) && q.nano < 0)
			json_object_set(bad, name, value);
	}
	amount_map_names(bad, &names);
	int e = json_object_size(bad)
			? admission_forbid(c->w, c->err,
					   "quota usage is negative for resource(s): %s", names.p)
			: 0;
	json_decref(bad);
	return e;
}

static int exceeded(struct quota_check *c, const json_t *quota, const json_t *over,
		    const json_t *requested)
{
	auto_buf a = { 0 };
	auto_buf b = { 0 };
	auto_buf l = { 0 };
	amount_map_text(requested, over, &a);
	amount_map_text(tree_get(quota, "status", "used", NULL), over, &b);
	amount_map_text(tree_get(quota, "status", "hard", NULL), over, &l);
	return admission_forbid(c->w, c->err,
				"exceeded quota: %.*s, requested: %s, used: %s, limited: %s",
				STR_ARG(meta_name(quota)), a.p, b.n ? b.p : "", l.p);
}

/* requested, of what the quota limits, on top of what is used; `over` gets what is too much then. */
static void add_up(const json_t *quota, const json_t *delta, json_t *requested, json_t *used,
		   json_t *over)
{
	const json_t *hard = tree_get(quota, "status", "hard", NULL);
	const char *name;
	json_t *value;
	json_object_update(used, tree_get(quota, "status", "used", NULL));
	json_object_foreach ((json_t *)delta, name, value)
		if (json_object_get(hard, name))
			json_object_set(requested, name, value);
	amount_map_add(used, requested);
	json_object_foreach (requested, name, value) {
		struct quantity sum, limit;
		if (amount_get(used, name, &sum) && amount_get(hard, name, &limit) &&
		    quantity_cmp(sum, limit) > 0)
			json_object_set(over, name, value);
	}
}

/* ---- the quota's new status ---- */

static int store_used(struct quota_check *c, const struct object *o, json_t *quota, json_t *used)
{
	json_t *new = tree_copy(quota);
	struct managed_by by = { .manager = STR("kube-apiserver"),
				 .operation = STR("Update"),
				 .subresource = STR("status"),
				 .api_version = STR("v1"),
				 .now_s = c->now_s };
	auto_buf json = { 0 };
	struct object *next;
	json_object_set(json_object_get(new, "status"), "used", used);
	int e = managed_update(quotas(), quota, new, &by, c->err);
	meta_unset(new, "resourceVersion");
	if (e == 0)
		e = api_json_write(quotas()->type, new, true, &json, c->err);
	if (e == 0)
		e = object_new(quotas(), o->key, buf_view(&json), &next, c->err);
	json_decref(new);
	if (e < 0)
		return e;
	write_also(c->w, next, o->revision);
	return 0;
}

static int charge(struct quota_check *c, const struct object *o, json_t *quota, const json_t *delta)
{
	json_t *requested = json_object(), *used = json_object(), *over = json_object();
	int e = 0;
	add_up(quota, delta, requested, used, over);
	if (json_object_size(over) && strcmp(c->w->subresource, "status"))
		e = exceeded(c, quota, over, requested);
	else if (json_object_size(requested) && !c->w->r->opt.dry_run)
		e = store_used(c, o, quota, used);
	json_decref(requested);
	json_decref(used);
	json_decref(over);
	return e;
}

static int constraints(struct quota_check *c, const json_t *quota, const json_t *hard)
{
	auto_buf why = { 0 };
	if (quota_constraints_hold(c->w->res, hard, c->w->tree, &why))
		return 0;
	return admission_forbid(c->w, c->err, "failed quota: %.*s: %s", STR_ARG(meta_name(quota)),
				why.p);
}

static int check(struct quota_check *c, const struct object *o, json_t *quota)
{
	if (!matches(c->w->res, quota, c->w->tree))
		return 0;
	bool was = c->before && matches(c->w->res, quota, c->w->old);
	json_t *hard = hard_of_new(c->w->res, quota),
	       *delta = delta_new(c->usage, was ? c->before : NULL);
	int e = constraints(c, quota, hard);
	if (e == 0)
		e = status_known(c, quota, hard);
	if (e == 0)
		e = negative(c);
	if (e == 0 && json_object_size(delta))
		e = charge(c, o, quota, delta);
	json_decref(hard);
	json_decref(delta);
	return e;
}

static bool check_one(void *ctx, const struct object *o)
{
	struct quota_check *c = ctx;
	json_t *quota = object_tree(o, c->err);
	c->result = quota ? check(c, o, quota) : -(int)ERR_INTERNAL;
	json_decref(quota);
	return c->result == 0;
}

int admit_resource_quota(struct write *w, struct err *err)
{
	if (cache_count(server_cache(w->r->server, quotas())) == 0 ||
	    !quota_handles(w->res, w->subresource, w->tree, w->old))
		return 0;
	struct quota_check c = { .w = w, .err = err, .now_s = clock_wall_s(w->r->server->clock) };
	c.usage = quota_usage_new(w->res, w->tree, c.now_s);
	if (w->old)
		c.before = quota_usage_new(w->res, w->old, c.now_s);
	each_quota(w, check_one, &c);
	json_decref(c.usage);
	json_decref(c.before);
	return c.result;
}

/* ---- the gate ---- */

struct concern {
	const struct api_resource *res;
	bool any;
};

static bool concern_one(void *ctx, const struct object *o)
{
	struct concern *c = ctx;
	json_t *quota = object_tree(o, NULL);
	c->any = names_any(c->res, quota);
	json_decref(quota);
	return !c->any;
}

static void turn_comes(struct quota_turn *turn)
{
	struct write *w = CONTAINER_OF(turn, struct write, turn);
	w->resume(w);
}

bool quota_enter(struct write *w, void (*resume)(struct write *w))
{
	struct apiserver *s = w->r->server;
	struct concern c = { .res = w->res };
	if (w->turn.held || w->r->opt.dry_run || cache_count(server_cache(s, quotas())) == 0 ||
	    !quota_handles(w->res, w->subresource, w->tree, w->old))
		return true;
	each_quota(w, concern_one, &c);
	if (!c.any)
		return true;
	w->resume = resume;
	w->turn.loop = w->r->loop;
	w->turn.run = turn_comes;
	return quota_gate_enter(&s->quota_gates, w->ns, &w->turn);
}

void quota_leave(struct write *w)
{
	quota_gate_leave(&w->r->server->quota_gates, &w->turn);
}

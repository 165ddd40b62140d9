/* SPDX-License-Identifier: Apache-2.0 */
/* ClusterRoles that take over the rules of others: admin, edit, view and those like them. Follows upstream's
 * pkg/controller/clusterroleaggregation. Key: the role that gathers. */
#include "api/selector/selector.h"
#include "base/mem.h"
#include "server/controllers/controller.h"

#define MANAGER "clusterrole-aggregation-controller"

static bool gathers(const struct object *o)
{
	return str_contains(o->json, STR("\"aggregationRule\":{"));
}

static bool add_gatherer(void *ctx, const struct object *o)
{
	struct controller *c = ctx;
	if (gathers(o))
		work_queue_add(c->queue, o->name);
	return true;
}

static void on_synced(void *ctx)
{
	struct controller *c = ctx;
	informer_each(controller_informer(c, API_RBAC_V1_CLUSTERROLES), STR(""), add_gatherer, c);
}

/* Any role may be a part of any other. */
static void on_role(void *ctx, const struct object *old, const struct object *new)
{
	struct controller *c = ctx;
	(void)old;
	(void)new;
	if (informer_synced(controller_informer(c, API_RBAC_V1_CLUSTERROLES)))
		on_synced(c);
}

struct gathering {
	struct str self;
	struct selector *selector;
	json_t *rules;
};

static bool has_rule(const json_t *rules, const json_t *rule)
{
	for (size_t i = 0; i < json_array_size(rules); i++)
		if (json_equal(json_array_get(rules, i), rule))
			return true;
	return false;
}

/* Informers walk in no order that would last: names make one. */
struct parts {
	const struct object **items;
	size_t n, cap;
	const struct gathering *of;
};

static bool take_part(void *ctx, const struct object *o)
{
	struct parts *p = ctx;
	if (str_eq(o->name, p->of->self) ||
	    !selector_match_labels(p->of->selector, o->labels, o->nlabels))
		return true;
	p->items = mem_array_grow(p->items, &p->cap, p->n + 1, sizeof(*p->items));
	p->items[p->n++] = o;
	return true;
}

static int by_name(const void *a, const void *b)
{
	return str_cmp((*(const struct object *const *)a)->name,
		       (*(const struct object *const *)b)->name);
}

static void gather(struct controller *c, struct gathering *g)
{
	struct parts p = { .of = g };
	informer_each(controller_informer(c, API_RBAC_V1_CLUSTERROLES), STR(""), take_part, &p);
	if (p.n)
		qsort(p.items, p.n, sizeof(*p.items), by_name);
	for (size_t i = 0; i < p.n; i++) {
		json_t *role = object_tree(p.items[i], NULL), *rule;
		size_t k;
		json_array_foreach (json_object_get(role, "rules"), k, rule)
			if (!has_rule(g->rules, rule))
				json_array_append(g->rules, rule);
		json_decref(role);
	}
	free(p.items);
}

static void apply(struct controller *c, struct str name, json_t *rules)
{
	json_t *role = json_pack("{s:s,s:s,s:{s:s%},s:O}", "apiVersion",
				 "rbac.authorization.k8s.io/v1", "kind", "ClusterRole", "metadata",
				 "name", name.p, name.n, "rules", rules);
	auto_free char *body = json_dumps(role, JSON_COMPACT);
	const struct controller_write w = {
		.verb = API_PATCH,
		.resource = API_RBAC_V1_CLUSTERROLES,
		.name = name,
		.query = STR("fieldManager=" MANAGER "&force=true"),
		.content_type = STR("application/apply-patch+yaml"),
		.body = str_from(body),
	};
	controller_write(c, name, &w);
	json_decref(role);
}

static void work(void *ctx, struct str name)
{
	struct controller *c = ctx;
	const struct object *o =
		informer_get(controller_informer(c, API_RBAC_V1_CLUSTERROLES), STR(""), name);
	json_t *role = o && gathers(o) ? object_tree(o, NULL) : NULL, *selector;
	json_t *have = json_object_get(role, "rules");
	struct gathering g = { .self = name, .rules = json_array() };
	size_t i;
	json_array_foreach (json_object_get(json_object_get(role, "aggregationRule"),
					    "clusterRoleSelectors"),
			    i, selector) {
		if (selector_from_json(selector, &g.selector, NULL) == 0)
			gather(c, &g);
		selector_free(TAKE(g.selector));
	}
	bool same = json_is_array(have) ? json_equal(have, g.rules) : json_array_size(g.rules) == 0;
	if (!role || same)
		controller_done(c, name, false);
	else
		apply(c, name, g.rules);
	json_decref(g.rules);
	json_decref(role);
}

static int start(struct controller *c, struct err *err)
{
	(void)err;
	controller_queue_start(c, work);
	informer_hook_add(controller_informer(c, API_RBAC_V1_CLUSTERROLES), on_role, on_synced, c);
	return 0;
}

const struct controller_row controller_cluster_role_aggregation = { MANAGER, start, NULL };

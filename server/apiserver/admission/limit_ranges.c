/* SPDX-License-Identifier: Apache-2.0 */
/* LimitRanger's defaulting: containers without requests or limits get those of the namespace's LimitRanges, then minima and
 * maxima are checked per container. */
#include "api/meta.h"
#include "api/quantity.h"
#include "server/apiserver/admission/admission.h"

struct ranger {
	struct write *w;
	struct err *err;
	int result;
};

static json_t *member_object(json_t *of, const char *key)
{
	json_t *v = json_object_get(of, key);
	if (!json_is_object(v)) {
		v = json_object();
		json_object_set_new(of, key, v);
	}
	return v;
}

static void fill(json_t *container, const char *what, const json_t *defaults)
{
	const char *key;
	json_t *value;
	if (json_object_size(defaults) == 0)
		return;
	json_t *resources = member_object(container, "resources");
	json_t *to = member_object(resources, what);
	json_object_foreach ((json_t *)defaults, key, value)
		if (!json_object_get(to, key))
			json_object_set(to, key, value);
}

static bool quantity_of(const json_t *v, struct quantity *out)
{
	return json_is_string(v) && quantity_parse(tree_str(v), out, NULL) == 0;
}

static int bound_check(struct ranger *g, const json_t *container, const json_t *limit,
		       const char *bound, const char *what, int sign)
{
	const char *key;
	json_t *value;
	json_object_foreach (json_object_get(limit, bound), key, value) {
		struct quantity edge, have;
		const json_t *own = tree_get(container, "resources", what, key, NULL);
		if (!quantity_of(value, &edge))
			continue;
		if (!quantity_of(own, &have))
			return admission_forbid(
				g->w, g->err,
				"%s %s usage per Container is %s, but no %s is specified",
				sign < 0 ? "minimum" : "maximum", key, json_string_value(value),
				sign < 0 ? "request" : "limit");
		if (quantity_cmp(have, edge) * sign > 0)
			return admission_forbid(g->w, g->err,
						"%s %s usage per Container is %s, but %s is %s",
						sign < 0 ? "minimum" : "maximum", key,
						json_string_value(value),
						sign < 0 ? "request" : "limit",
						json_string_value(own));
	}
	return 0;
}

static int container_apply(struct ranger *g, json_t *container, const json_t *limit)
{
	fill(container, "limits", json_object_get(limit, "default"));
	fill(container, "requests", json_object_get(limit, "defaultRequest"));
	int e = bound_check(g, container, limit, "min", "requests", -1);
	return e < 0 ? e : bound_check(g, container, limit, "max", "limits", 1);
}

static int limit_apply(struct ranger *g, const json_t *limit)
{
	static const char *const lists[] = { "initContainers", "containers" };
	if (!str_eqz(tree_get_str(limit, "type", NULL), "Container"))
		return 0;
	for (size_t l = 0; l < COUNT_OF(lists); l++) {
		json_t *list = tree_get(g->w->tree, "spec", lists[l], NULL);
		for (size_t i = 0; i < json_array_size(list); i++) {
			int e = container_apply(g, json_array_get(list, i), limit);
			if (e < 0)
				return e;
		}
	}
	return 0;
}

static bool range_apply(void *ctx, const struct object *o)
{
	struct ranger *g = ctx;
	json_t *tree = object_tree(o, NULL), *limits = tree_get(tree, "spec", "limits", NULL);
	for (size_t i = 0; i < json_array_size(limits) && g->result == 0; i++)
		g->result = limit_apply(g, json_array_get(limits, i));
	json_decref(tree);
	return g->result == 0;
}

int admit_limit_ranges(struct write *w, struct err *err)
{
	const struct api_resource *res = api_resource_find(STR(""), STR("v1"), STR("limitranges"));
	if (!admission_is(w, "pods") || !res)
		return 0;
	struct ranger g = { .w = w, .err = err };
	struct cache_view view;
	struct cache *c = server_cache(w->r->server, res);
	if (cache_count(c) == 0)
		return 0;
	cache_view_now(c, &view);
	cache_view_each(&view, lookup_key(w->r, res, w->ns, STR("")), STR(""), range_apply, &g);
	cache_view_close(&view);
	return g.result;
}

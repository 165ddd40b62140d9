/* SPDX-License-Identifier: Apache-2.0 */
/* LimitRanger: containers without requests or limits get those of the namespace's LimitRanges; minima, maxima and ratios are checked for
 * containers, pods and claims. Follows upstream's plugin/pkg/admission/limitranger. */
#include "server/apiserver/admission/limit_ranges.h"

#include <stdlib.h>

#include "api/object/meta.h"
#include "base/mem.h"
#include "server/apiserver/admission/admission.h"
#include "server/apiserver/admission/amount_map.h"

#define ANNOTATION "kubernetes.io/limit-ranger"

static json_t *member_object(json_t *of, const char *key)
{
	json_t *v = json_object_get(of, key);
	if (!json_is_object(v)) {
		v = json_object();
		json_object_set_new(of, key, v);
	}
	return v;
}

static int by_text(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Fills in what is missing; says in `note` what that was. */
static void fill(json_t *container, const char *list, const json_t *defaults, const char *word,
		 const char *role, struct buf *note)
{
	const char **set = mem_alloc((json_object_size(defaults) + 1) * sizeof(*set)), *key;
	json_t *value;
	size_t n = 0;
	json_object_foreach ((json_t *)defaults, key, value) {
		json_t *to = member_object(member_object(container, "resources"), list);
		if (json_object_get(to, key))
			continue;
		json_object_set(to, key, value);
		set[n++] = key;
	}
	qsort(set, n, sizeof(*set), by_text);
	for (size_t i = 0; i < n; i++)
		buf_printf(note, "%s%s", i ? ", " : note->n ? "; " : "", set[i]);
	if (n)
		buf_printf(note, " %s for %s %s", word, role,
			   json_string_value(json_object_get(container, "name")));
	free(set);
}

struct limit_defaults {
	json_t *requests, *limits;
};

static struct limit_defaults defaults_of(const json_t *limits)
{
	struct limit_defaults d = { json_object(), json_object() };
	size_t i;
	json_t *limit;
	json_array_foreach ((json_t *)limits, i, limit) {
		if (!str_eqz(tree_get_str(limit, "type", NULL), "Container"))
			continue;
		json_object_update(d.requests, json_object_get(limit, "defaultRequest"));
		json_object_update(d.limits, json_object_get(limit, "default"));
	}
	return d;
}

static void set_defaults(json_t *pod, const json_t *limits)
{
	static const char *const lists[][2] = { { "containers", "container" },
						{ "initContainers", "init container" } };
	struct limit_defaults d = defaults_of(limits);
	auto_buf note = { 0 };
	for (size_t l = 0; l < COUNT_OF(lists); l++) {
		json_t *container;
		size_t i;
		json_array_foreach (tree_get(pod, "spec", lists[l][0], NULL), i, container) {
			fill(container, "requests", d.requests, "request", lists[l][1], &note);
			fill(container, "limits", d.limits, "limit", lists[l][1], &note);
		}
	}
	if (note.n) {
		auto_buf text = { 0 };
		buf_printf(&text, "LimitRanger plugin set: %s", note.p);
		meta_set_annotation(pod, ANNOTATION, buf_view(&text));
	}
	json_decref(d.requests);
	json_decref(d.limits);
}

static void check_pod(struct limit_check *c, const json_t *pod, const json_t *limit)
{
	static const char *const lists[] = { "containers", "initContainers" };
	struct str type = tree_get_str(limit, "type", NULL);
	if (str_eqz(type, "Container")) {
		for (size_t l = 0; l < COUNT_OF(lists); l++) {
			json_t *container;
			size_t i;
			json_array_foreach (tree_get(pod, "spec", lists[l], NULL), i, container)
				limit_check(c, limit,
					    tree_get(container, "resources", "requests", NULL),
					    tree_get(container, "resources", "limits", NULL));
		}
	} else if (str_eqz(type, "Pod")) {
		json_t *requests = pod_amounts_new(pod, "requests", 0),
		       *limits = pod_amounts_new(pod, "limits", 0);
		limit_check(c, limit, requests, limits);
		json_decref(requests);
		json_decref(limits);
	}
}

struct ranger {
	struct write *w;
	struct err *err;
	bool changes, claims;
	int result;
};

static int judge(struct ranger *g, const json_t *limits)
{
	struct limit_check c = { 0 };
	size_t i;
	json_t *limit;
	json_array_foreach ((json_t *)limits, i, limit) {
		if (!g->claims)
			check_pod(&c, g->w->tree, limit);
		else if (str_eqz(tree_get_str(limit, "type", NULL), "PersistentVolumeClaim"))
			limit_check_claim(&c, limit,
					  tree_get(g->w->tree, "spec", "resources", "requests",
						   NULL));
	}
	int e = limit_check_result(&c, g->w, g->err);
	limit_check_free(&c);
	return e;
}

static bool each_range(void *ctx, const struct object *o)
{
	struct ranger *g = ctx;
	json_t *tree = object_tree(o, NULL), *limits = tree_get(tree, "spec", "limits", NULL);
	if (g->changes)
		set_defaults(g->w->tree, limits);
	else
		g->result = judge(g, limits);
	json_decref(tree);
	return g->result == 0;
}

/* Pods when they are made or resized, claims when they are made or changed. */
static bool concerns(const struct write *w, bool *claims)
{
	bool pods = !w->res->group[0] && !strcmp(w->res->plural, "pods");
	*claims = admission_is(w, "persistentvolumeclaims");
	if (pods && w->subresource[0])
		return !strcmp(w->subresource, "resize");
	return *claims || (pods && !strcmp(w->operation, "CREATE"));
}

static int each(struct write *w, bool changes, struct err *err)
{
	const struct api_resource *res = api_resource_find(STR(""), STR("v1"), STR("limitranges"));
	struct ranger g = { .w = w, .err = err, .changes = changes };
	struct cache *c = server_cache(w->r->server, res);
	if (cache_count(c) == 0 || !concerns(w, &g.claims) || (changes && g.claims) ||
	    meta_deletion(w->old).n)
		return 0;
	struct cache_view view;
	cache_view_now(c, &view);
	cache_view_each(&view, lookup_key(w->r, res, w->ns, STR("")), STR(""), each_range, &g);
	cache_view_close(&view);
	return g.result;
}

int admit_limit_defaults(struct write *w, struct err *err)
{
	return each(w, true, err);
}

int admit_limit_ranges(struct write *w, struct err *err)
{
	return each(w, false, err);
}

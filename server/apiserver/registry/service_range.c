/* SPDX-License-Identifier: Apache-2.0 */
#include "server/apiserver/registry/service_range.h"

#include "api/object/meta.h"
#include "base/mem.h"
#include "server/apiserver/write/write.h"

struct reading {
	struct ip_range *ranges;
	size_t n, cap;
};

/* One that nobody has judged yet counts as ready: controllers may be elsewhere, or late. */
static bool is_ready(const json_t *tree)
{
	size_t i;
	json_t *c;
	json_array_foreach (tree_get(tree, "status", "conditions", NULL), i, c)
		if (str_eqz(tree_get_str(c, "type", NULL), "Ready"))
			return str_eqz(tree_get_str(c, "status", NULL), "True");
	return true;
}

static bool read_one(void *ctx, const struct object *o)
{
	struct reading *r = ctx;
	json_t *tree = o->deleting ? NULL : object_tree(o, NULL), *one;
	size_t i;
	if (tree && is_ready(tree)) {
		json_array_foreach (tree_get(tree, "spec", "cidrs", NULL), i, one) {
			struct ip_range range;
			if (!ip_range_parse(tree_str(one), &range))
				continue;
			r->ranges = mem_array_grow(r->ranges, &r->cap, r->n + 1, sizeof(range));
			r->ranges[r->n++] = range;
		}
	}
	json_decref(tree);
	return true;
}

void service_ranges_read(struct apiserver *s)
{
	const struct api_resource *res =
		api_resource_find(STR("networking.k8s.io"), STR("v1"), STR("servicecidrs"));
	struct reading r = { 0 };
	struct cache_view view;
	cache_view_now(server_cache(s, res), &view);
	cache_view_each(&view, str_from(res->storage_prefix), STR(""), read_one, &r);
	cache_view_close(&view);
	service_ranges_more(&s->ranges, r.ranges, r.n);
}

void service_range_strategy_committed(struct write *w)
{
	service_ranges_read(w->r->server);
}

void service_range_strategy_deleted(struct apiserver *s, const struct object *o)
{
	(void)o;
	service_ranges_read(s);
}

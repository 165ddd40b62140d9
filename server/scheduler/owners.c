/* SPDX-License-Identifier: Apache-2.0 */
#include "server/scheduler/owners.h"

#include "base/buf.h"
#include "base/mem.h"
#include "client/selectors.h"
#include "generated/api_tables.h"

struct kept { /* one object's selector */
	struct arena arena;
	struct meta_v1_label_selector selector;
	char *name;
};
struct kept_list {
	struct kept **items;
	size_t n, cap;
};

static void kept_free(void *v)
{
	struct kept *k = v;

	arena_free(&k->arena);
	free(k->name);
	free(k);
}

static void list_free(void *v)
{
	struct kept_list *l = v;

	for (size_t i = 0; i < l->n; i++)
		kept_free(l->items[i]);
	free(l->items);
	free(l);
}

/* NULL: it selects nothing. */
static struct kept *read_service(const struct object *o)
{
	struct kept *k = NEW(struct kept);
	struct core_v1_service s = { 0 };

	k->name = str_dup(o->name);
	if (object_decode(o, &k->arena, api_struct_core_v1_service, &s, NULL) < 0 ||
	    !s.spec.selector.n) {
		kept_free(k);
		return NULL;
	}
	k->selector.match_labels = s.spec.selector;
	return k;
}

static void service_del(struct owners *all, const struct object *o)
{
	struct kept_list *l = map_get(&all->services, o->ns);

	for (size_t i = 0; l && i < l->n; i++)
		if (str_eqz(o->name, l->items[i]->name)) {
			kept_free(l->items[i]);
			l->items[i] = l->items[--l->n];
			break;
		}
	if (l && !l->n)
		list_free(map_del(&all->services, o->ns));
}

void owners_service(struct owners *all, const struct object *before, const struct object *now)
{
	struct kept_list *l;
	struct kept *k;

	if (before)
		service_del(all, before);
	k = now ? read_service(now) : NULL;
	if (!k)
		return;
	l = map_get(&all->services, now->ns);
	if (!l) {
		l = NEW(struct kept_list);
		map_put(&all->services, now->ns, l);
	}
	l->items = mem_array_grow(l->items, &l->cap, l->n + 1, sizeof(k));
	l->items[l->n++] = k;
}

static void workload_key(const char *kind, struct str ns, struct str name, struct buf *out)
{
	buf_printf(out, "%s/%.*s/%.*s", kind, STR_ARG(ns), STR_ARG(name));
}

static bool read_workload(const struct object *o, struct kept *k)
{
	if (o->resource == API_CORE_V1_REPLICATIONCONTROLLERS) {
		struct core_v1_replication_controller rc = { 0 };

		if (object_decode(o, &k->arena, api_struct_core_v1_replication_controller, &rc,
				  NULL) < 0)
			return false;
		k->selector.match_labels = rc.spec.selector;
		return true;
	}
	if (o->resource == API_APPS_V1_REPLICASETS) {
		struct apps_v1_replica_set rs = { 0 };

		if (object_decode(o, &k->arena, api_struct_apps_v1_replica_set, &rs, NULL) < 0 ||
		    !rs.spec.selector)
			return false;
		k->selector = *rs.spec.selector;
		return true;
	}
	struct apps_v1_stateful_set ss = { 0 };

	if (object_decode(o, &k->arena, api_struct_apps_v1_stateful_set, &ss, NULL) < 0 ||
	    !ss.spec.selector)
		return false;
	k->selector = *ss.spec.selector;
	return true;
}

void owners_workload(struct owners *all, const struct object *before, const struct object *now)
{
	const struct object *o = now ? now : before;
	struct kept *k = NEW(struct kept), *old;
	auto_buf key = { 0 };

	workload_key(o->resource->kind, o->ns, o->name, &key);
	if (now && read_workload(now, k)) {
		old = map_put(&all->owners, buf_view(&key), k);
	} else {
		kept_free(k);
		old = map_del(&all->owners, buf_view(&key));
	}
	if (old)
		kept_free(old);
}

static const struct {
	const char *kind, *api_group;
} owner_kinds[] = {
	{ "ReplicationController", "v1" },
	{ "ReplicaSet", "apps/v1" },
	{ "StatefulSet", "apps/v1" },
};

static const struct kept *owner_of(const struct owners *all, const struct core_v1_pod *pod)
{
	auto_buf key = { 0 };

	for (size_t i = 0; i < pod->metadata.owner_references.n; i++) {
		const struct meta_v1_owner_reference *r = &pod->metadata.owner_references.items[i];

		if (!r->controller || !*r->controller)
			continue;
		for (size_t k = 0; k < COUNT_OF(owner_kinds); k++)
			if (str_eqz(r->kind, owner_kinds[k].kind) &&
			    str_eqz(r->api_version, owner_kinds[k].api_group)) {
				workload_key(owner_kinds[k].kind, pod->metadata.namespace, r->name,
					     &key);
				return map_get(&all->owners, buf_view(&key));
			}
		return NULL;
	}
	return NULL;
}

size_t owners_selectors(const struct owners *all, const struct core_v1_pod *pod,
			const struct object *o,
			const struct meta_v1_label_selector *out[OWNERS_TERMS_MAX])
{
	const struct kept_list *l = map_get(&all->services, o->ns);
	const struct kept *owner = owner_of(all, pod);
	size_t n = 0;

	for (size_t i = 0; l && i < l->n && n < OWNERS_TERMS_MAX - 1; i++)
		if (label_selector_matches(&l->items[i]->selector, o))
			out[n++] = &l->items[i]->selector;
	if (owner && !label_selector_is_empty(&owner->selector))
		out[n++] = &owner->selector;
	return n;
}

void owners_free(struct owners *all)
{
	map_free(&all->services, list_free);
	map_free(&all->owners, kept_free);
	*all = (struct owners){ 0 };
}

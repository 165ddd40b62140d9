/* SPDX-License-Identifier: Apache-2.0 */
/* Follows upstream's pkg/registry/rbac/validation/rule.go in what a binding means. */
#include "server/apiserver/authz/rbac_index.h"

#include <stdlib.h>

#include "api/decode.h"
#include "base/log.h"
#include "base/mem.h"
#include "generated/api_tables.h"
#include "server/apiserver/authz/rbac_grants.h"

/* --- subjects --- */

/* One letter, the name, and where: names hold no line feed that would matter, since the namespace can't. */
static void subject_key(struct buf *out, char letter, struct str name, struct str ns)
{
	buf_reset(out);
	buf_add(out, &letter, 1);
	buf_add(out, name.p, name.n);
	buf_add(out, "\n", 1);
	buf_add(out, ns.p, ns.n);
}

static bool key_of(struct buf *out, const struct rbac_subject *s, struct str ns)
{
	if (s->kind != RBAC_ACCOUNT) {
		subject_key(out, s->kind == RBAC_USER ? 'u' : 'g', s->name, ns);
		return true;
	}
	buf_reset(out);
	buf_printf(out, "usystem:serviceaccount:%.*s:%.*s\n%.*s", STR_ARG(s->ns), STR_ARG(s->name),
		   STR_ARG(ns));
	return s->ns.n > 0;
}

/* The same subject twice in one binding counts once. */
static bool is_repeated(const struct rbac_binding *b, size_t i)
{
	const struct rbac_subject *s = &b->subjects[i];
	for (size_t k = 0; k < i; k++)
		if (b->subjects[k].kind == s->kind && str_eq(b->subjects[k].name, s->name) &&
		    str_eq(b->subjects[k].ns, s->ns))
			return true;
	return false;
}

static void subjects_add(struct rbac_index *x, struct rbac_binding *b)
{
	auto_buf key = { 0 };
	for (size_t i = 0; i < b->nsubjects; i++) {
		if (!key_of(&key, &b->subjects[i], b->ns) || is_repeated(b, i))
			continue;
		struct rbac_grants *g = map_get(&x->subjects, buf_view(&key));
		if (!g) {
			g = NEW(struct rbac_grants);
			map_put(&x->subjects, buf_view(&key), g);
		}
		rbac_grants_add(g, b);
	}
}

static void subjects_remove(struct rbac_index *x, const struct rbac_binding *b)
{
	auto_buf key = { 0 };
	for (size_t i = 0; i < b->nsubjects; i++) {
		if (!key_of(&key, &b->subjects[i], b->ns))
			continue;
		struct rbac_grants *g = map_get(&x->subjects, buf_view(&key));
		if (!g)
			continue;
		rbac_grants_remove(g, b);
		if (g->n == 0)
			rbac_grants_free(map_del(&x->subjects, buf_view(&key)));
	}
}

/* --- roles --- */

static void role_key(struct buf *out, bool cluster, struct str ns, struct str name)
{
	object_key(cluster ? API_RBAC_V1_CLUSTERROLES : API_RBAC_V1_ROLES, cluster ? STR("") : ns,
		   name, out);
}

static struct rbac_role *role_make(struct rbac_index *x, struct str key, bool cluster,
				   struct str name)
{
	struct rbac_role *r = map_get(&x->roles, key);
	if (r)
		return r;
	r = mem_zalloc(sizeof(*r) + name.n + 1);
	memcpy((char *)(r + 1), name.p, name.n);
	r->name = str_of((char *)(r + 1), name.n);
	r->cluster = cluster;
	map_put(&x->roles, key, r);
	return r;
}

static void role_free(void *p)
{
	struct rbac_role *r = p;
	free(r->rules);
	free(r);
}

static void role_drop_unused(struct rbac_index *x, struct str key, const struct rbac_role *r)
{
	if (!r->rules && r->nbindings == 0)
		role_free(map_del(&x->roles, key));
}

/* ClusterRoles have the shape of Roles, and an aggregation that decisions don't look at. */
static int rules_read(const struct object *o, struct rbac_rules **out, struct err *err)
{
	auto_arena a = { 0 };
	struct rbac_v1_role role = { 0 };
	int e = object_decode(o, &a, api_struct_rbac_v1_role, &role, err);
	if (e == 0)
		*out = rbac_rules_new(role.rules.items, role.rules.n);
	return e;
}

static void role_put(struct rbac_index *x, const struct object *o)
{
	auto_err err = { 0 };
	struct rbac_rules *rules = NULL;
	struct rbac_role *r =
		role_make(x, o->key, o->resource == API_RBAC_V1_CLUSTERROLES, o->name);
	if (rules_read(o, &rules, &err) < 0) {
		log_error("a role cannot be read", LOG_STR("key", o->key),
			  LOG_S("error", err_text(&err)));
		rules = rbac_rules_new(NULL, 0);
	}
	free(r->rules);
	r->rules = rules;
}

static void role_del(struct rbac_index *x, const struct object *o)
{
	struct rbac_role *r = map_get(&x->roles, o->key);
	if (!r)
		return;
	free(r->rules);
	r->rules = NULL;
	role_drop_unused(x, o->key, r);
}

const struct rbac_role *rbac_index_role(const struct rbac_index *x, bool cluster, struct str ns,
					struct str name)
{
	auto_buf key = { 0 };
	role_key(&key, cluster, ns, name);
	const struct rbac_role *r = map_get(&x->roles, buf_view(&key));
	return r && r->rules ? r : NULL;
}

/* --- bindings --- */

static void binding_remove(struct rbac_index *x, struct str key)
{
	struct rbac_binding *b = map_del(&x->bindings, key);
	if (!b)
		return;
	subjects_remove(x, b);
	b->role->nbindings--;
	role_drop_unused(x, b->role_key, b->role);
	free(b);
}

static void binding_put(struct rbac_index *x, const struct object *o)
{
	auto_arena a = { 0 };
	auto_err err = { 0 };
	auto_buf key = { 0 };
	/* both kinds have one shape */
	struct rbac_v1_role_binding in = { 0 };
	binding_remove(x, o->key);
	if (object_decode(o, &a, api_struct_rbac_v1_role_binding, &in, &err) < 0) {
		log_error("a binding cannot be read", LOG_STR("key", o->key),
			  LOG_S("error", err_text(&err)));
		return;
	}
	bool cluster = str_eqz(in.role_ref.kind, "ClusterRole");
	role_key(&key, cluster, o->ns, in.role_ref.name);
	struct rbac_binding *b = rbac_binding_new(o, &in, buf_view(&key));
	b->role = role_make(x, buf_view(&key), cluster, in.role_ref.name);
	b->role->nbindings++;
	map_put(&x->bindings, o->key, b);
	subjects_add(x, b);
}

/* --- the index --- */

static bool is_role(const struct object *o)
{
	return o->resource == API_RBAC_V1_CLUSTERROLES || o->resource == API_RBAC_V1_ROLES;
}

void rbac_index_put(struct rbac_index *x, const struct object *o)
{
	if (is_role(o))
		role_put(x, o);
	else
		binding_put(x, o);
}

void rbac_index_del(struct rbac_index *x, const struct object *o)
{
	if (is_role(o))
		role_del(x, o);
	else
		binding_remove(x, o->key);
}

void rbac_index_free(struct rbac_index *x)
{
	map_free(&x->subjects, rbac_grants_free);
	map_free(&x->bindings, free);
	map_free(&x->roles, role_free);
	*x = (struct rbac_index){ 0 };
}

/* --- who has what --- */

static const struct rbac_grants *grants_of(const struct rbac_index *x, struct buf *key, char letter,
					   struct str name, struct str ns)
{
	subject_key(key, letter, name, ns);
	return map_get(&x->subjects, buf_view(key));
}

static bool visit_roles(const struct rbac_grants *g, rbac_visit fn, void *ctx)
{
	for (size_t i = 0; g && i < g->n; i++)
		if (!fn(ctx, g->items[i].bindings[0]))
			return false;
	return true;
}

static bool visit_place(const struct rbac_index *x, const struct api_user *u, struct str ns,
			struct buf *key, rbac_visit fn, void *ctx)
{
	if (!visit_roles(grants_of(x, key, 'u', u->name, ns), fn, ctx))
		return false;
	for (size_t i = 0; i < u->ngroups; i++)
		if (!visit_roles(grants_of(x, key, 'g', u->groups[i], ns), fn, ctx))
			return false;
	return true;
}

void rbac_index_visit(const struct rbac_index *x, const struct api_user *u, struct str ns,
		      rbac_visit fn, void *ctx)
{
	auto_buf key = { 0 };
	if (visit_place(x, u, STR(""), &key, fn, ctx) && ns.n)
		visit_place(x, u, ns, &key, fn, ctx);
}

struct gathered {
	const struct rbac_binding **items;
	size_t n, cap;
};

static void gather(struct gathered *all, const struct rbac_grants *g)
{
	for (size_t i = 0; g && i < g->n; i++)
		for (size_t k = 0; k < g->items[i].n; k++) {
			all->items = mem_array_grow(all->items, &all->cap, all->n + 1,
						    sizeof(*all->items));
			all->items[all->n++] = g->items[i].bindings[k];
		}
}

static int by_place_and_name(const void *a, const void *b)
{
	const struct rbac_binding *x = *(const struct rbac_binding *const *)a,
				  *y = *(const struct rbac_binding *const *)b;
	int order = str_cmp(x->ns, y->ns);
	return order ? order : str_cmp(x->name, y->name);
}

static void gather_place(const struct rbac_index *x, const struct api_user *u, struct str ns,
			 struct buf *key, struct gathered *all)
{
	gather(all, grants_of(x, key, 'u', u->name, ns));
	for (size_t i = 0; i < u->ngroups; i++)
		gather(all, grants_of(x, key, 'g', u->groups[i], ns));
}

void rbac_index_visit_all(const struct rbac_index *x, const struct api_user *u, struct str ns,
			  rbac_visit fn, void *ctx)
{
	auto_buf key = { 0 };
	struct gathered all = { 0 };
	gather_place(x, u, STR(""), &key, &all);
	if (ns.n)
		gather_place(x, u, ns, &key, &all);
	if (all.n)
		qsort(all.items, all.n, sizeof(*all.items), by_place_and_name);
	for (size_t i = 0; i < all.n; i++)
		if ((i == 0 || all.items[i] != all.items[i - 1]) && !fn(ctx, all.items[i]))
			break;
	free(all.items);
}

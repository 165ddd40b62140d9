/* SPDX-License-Identifier: Apache-2.0 */
/* Follows upstream's plugin/pkg/auth/authorizer/rbac. */
#include "server/apiserver/authz/rbac.h"

#include <pthread.h>

#include "base/mem.h"
#include "generated/api_tables.h"
#include "server/apiserver/authz/rbac_cover.h"
#include "server/apiserver/authz/rbac_index.h"

enum { ROLES, CLUSTER_ROLES, BINDINGS, CLUSTER_BINDINGS, SOURCES };
struct rbac {
	pthread_rwlock_t lock;
	struct rbac_index index;
	struct cache *sources[SOURCES];
	_Atomic int64_t seen[SOURCES]; /* every event up to here is in the index */
};

struct rbac *rbac_new(struct cache_set *objects)
{
	struct rbac *r = NEW(struct rbac);
	pthread_rwlock_init(&r->lock, NULL);
	r->sources[ROLES] = cache_of(objects, API_RBAC_V1_ROLES);
	r->sources[CLUSTER_ROLES] = cache_of(objects, API_RBAC_V1_CLUSTERROLES);
	r->sources[BINDINGS] = cache_of(objects, API_RBAC_V1_ROLEBINDINGS);
	r->sources[CLUSTER_BINDINGS] = cache_of(objects, API_RBAC_V1_CLUSTERROLEBINDINGS);
	for (size_t i = 0; i < SOURCES; i++)
		atomic_store(&r->seen[i], -1);
	return r;
}

void rbac_free(struct rbac *r)
{
	if (!r)
		return;
	rbac_index_free(&r->index);
	pthread_rwlock_destroy(&r->lock);
	free(r);
}

/* --- following the cache --- */

static bool is_behind(struct rbac *r)
{
	for (size_t i = 0; i < SOURCES; i++)
		if (atomic_load(&r->seen[i]) < cache_changed(r->sources[i]))
			return true;
	return false;
}

static void on_event(void *ctx, const struct cache_event *e)
{
	struct rbac *r = ctx;
	if (e->type == CACHE_DELETED)
		rbac_index_del(&r->index, e->object);
	else
		rbac_index_put(&r->index, e->object);
}

static bool take_in(void *ctx, const struct object *o)
{
	struct rbac *r = ctx;
	rbac_index_put(&r->index, o);
	return true;
}

/* From the start: the first time, and when the ring no longer reaches back to what we know. */
static void read_all(struct rbac *r)
{
	rbac_index_free(&r->index);
	for (size_t i = 0; i < SOURCES; i++) {
		struct cache_view v;
		cache_view_now(r->sources[i], &v);
		cache_view_each(&v, STR(""), STR(""), take_in, r);
		atomic_store(&r->seen[i], v.revision);
		cache_view_close(&v);
	}
}

static void catch_up(struct rbac *r)
{
	for (size_t i = 0; i < SOURCES; i++) {
		int64_t seen = atomic_load(&r->seen[i]);
		if (seen < 0 || cache_events(r->sources[i], &seen, on_event, r) < 0) {
			read_all(r);
			return;
		}
		atomic_store(&r->seen[i], seen);
	}
}

static void read_lock(struct rbac *r)
{
	if (is_behind(r)) {
		pthread_rwlock_wrlock(&r->lock);
		catch_up(r);
		pthread_rwlock_unlock(&r->lock);
	}
	pthread_rwlock_rdlock(&r->lock);
}

/* --- decisions --- */

struct decision {
	const struct authz_attributes *a;
	const struct rbac_binding *by; /* what allows it */
	bool missing;                  /* a role that is bound but isn't there */
};

static bool decide(void *ctx, const struct rbac_binding *b)
{
	struct decision *d = ctx;
	if (!b->role->rules)
		d->missing = true;
	else if (rbac_rules_allow(b->role->rules, d->a))
		d->by = b;
	return !d->by;
}

struct unresolved {
	char **items;
	size_t n, cap;
};

static bool name_missing(void *ctx, const struct rbac_binding *b)
{
	struct unresolved *u = ctx;
	if (b->role->rules)
		return true;
	char *text = str_printf("%s.rbac.authorization.k8s.io \"%.*s\" not found",
				b->role->cluster ? "clusterrole" : "role", STR_ARG(b->role->name));
	for (size_t i = 0; i < u->n; i++) {
		if (strcmp(u->items[i], text) == 0) {
			free(text);
			return true;
		}
	}
	u->items = mem_array_grow(u->items, &u->cap, u->n + 1, sizeof(*u->items));
	u->items[u->n++] = text;
	return true;
}

/* As an aggregated error reads: "[a, b]" when there are several. */
static void name_all_missing(struct rbac *r, const struct api_user *who, struct str ns,
			     struct buf *out)
{
	struct unresolved u = { 0 };
	rbac_index_visit_all(&r->index, who, ns, name_missing, &u);
	buf_puts(out, u.n > 1 ? "[" : "");
	for (size_t i = 0; i < u.n; i++) {
		buf_printf(out, "%s%s", i ? ", " : "", u.items[i]);
		free(u.items[i]);
	}
	buf_puts(out, u.n > 1 ? "]" : "");
	free(u.items);
}

bool rbac_allows(struct rbac *r, const struct authz_attributes *a, struct buf *reason)
{
	struct decision d = { .a = a };
	read_lock(r);
	rbac_index_visit(&r->index, a->user, a->ns, decide, &d);
	if (reason && d.by) {
		buf_puts(reason, "RBAC: allowed by ");
		rbac_binding_describe(d.by, a->user, reason);
	} else if (reason && d.missing) {
		buf_puts(reason, "RBAC: ");
		name_all_missing(r, a->user, a->ns, reason);
	}
	pthread_rwlock_unlock(&r->lock);
	return d.by != NULL;
}

/* --- what may I do --- */

static json_t *words_json(struct rbac_words w)
{
	json_t *out = json_array();
	for (size_t i = 0; i < w.n; i++)
		json_array_append_new(out, json_stringn(w.items[i].p, w.items[i].n));
	return out;
}

static void words_set(json_t *to, const char *field, struct rbac_words w)
{
	if (w.n)
		json_object_set_new(to, field, words_json(w));
}

struct rules_out {
	json_t *resources, *paths;
};

static void rule_json(struct rules_out *to, const struct rbac_rule *rule)
{
	json_t *row = json_object();
	json_object_set_new(row, "verbs", words_json(rule->verbs));
	if (rule->resources.n) {
		json_t *res = json_copy(row);
		words_set(res, "apiGroups", rule->groups);
		words_set(res, "resources", rule->resources);
		words_set(res, "resourceNames", rule->names);
		json_array_append_new(to->resources, res);
	}
	if (rule->urls.n) {
		words_set(row, "nonResourceURLs", rule->urls);
		json_array_append(to->paths, row);
	}
	json_decref(row);
}

static bool rules_json(void *ctx, const struct rbac_binding *b)
{
	for (size_t i = 0; b->role->rules && i < b->role->rules->n; i++)
		rule_json(ctx, &b->role->rules->items[i]);
	return true;
}

void rbac_rules_json(struct rbac *r, const struct api_user *u, struct str ns, json_t *resources,
		     json_t *paths, struct buf *why)
{
	struct rules_out to = { resources, paths };
	read_lock(r);
	rbac_index_visit_all(&r->index, u, ns, rules_json, &to);
	name_all_missing(r, u, ns, why);
	pthread_rwlock_unlock(&r->lock);
}

/* --- may this be granted --- */

static bool own_rules(void *ctx, const struct rbac_binding *b)
{
	if (b->role->rules)
		rbac_cover_own(ctx, b->role->rules);
	return true;
}

static bool holds_locked(struct rbac *r, const struct api_user *u, struct str ns,
			 const struct rbac_rules *wanted, struct buf *out)
{
	struct rbac_cover c = { .missing = rbac_cover_collect };
	rbac_index_visit(&r->index, u, ns, own_rules, &c);
	bool fine = rbac_cover_check(&c, wanted);
	if (!fine) {
		auto_buf why = { 0 };
		rbac_cover_describe(&c, u, out);
		name_all_missing(r, u, ns, &why);
		if (why.n)
			buf_printf(out, "; resolution errors: [%s]", why.p);
	}
	rbac_cover_free(&c);
	return fine;
}

bool rbac_holds(struct rbac *r, const struct api_user *u, struct str ns,
		const struct rbac_rules *wanted, struct buf *out)
{
	read_lock(r);
	bool fine = holds_locked(r, u, ns, wanted, out);
	pthread_rwlock_unlock(&r->lock);
	return fine;
}

int rbac_holds_role(struct rbac *r, const struct api_user *u, struct str ns, bool cluster,
		    struct str role_ns, struct str role, struct err *err)
{
	auto_buf why = { 0 };
	int e = 0;
	read_lock(r);
	const struct rbac_role *found = rbac_index_role(&r->index, cluster, role_ns, role);
	if (!found)
		e = err_set(err, ERR_NOT_FOUND, "there is no such role");
	else if (!holds_locked(r, u, ns, found->rules, &why))
		e = err_set(err, ERR_FORBIDDEN, "%s", why.p);
	pthread_rwlock_unlock(&r->lock);
	return e;
}

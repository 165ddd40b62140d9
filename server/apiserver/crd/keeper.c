/* SPDX-License-Identifier: Apache-2.0 */
#include "server/apiserver/crd/keeper_parts.h"

#include "api/codec.h"
#include "api/object/meta.h"
#include "base/log.h"
#include "base/mem.h"
#include "generated/api_tables.h"
#include "server/apiserver/apiserver.h"
#include "server/apiserver/verbs.h"

#define AGAIN_MS 500

static void look(struct crd_keeper *k, const struct object *o);

/* ---- entries ---- */

static struct crd_entry *entry_of(struct crd_keeper *k, struct str name)
{
	struct crd_entry *e = map_get(&k->entries, name);
	if (e)
		return e;
	e = NEW(struct crd_entry);
	e->keeper = k;
	e->name = str_dup(name);
	map_put(&k->entries, name, e);
	return e;
}

static void entry_free(void *entry)
{
	struct crd_entry *e = entry;
	crd_unref(e->crd);
	json_decref(e->accepted);
	crd_cleanup_free(e);
	free(e->fingerprint);
	free(e->group);
	free(e->name);
	free(e);
}

void crd_entry_call(struct crd_entry *e, const struct client_call *call)
{
	e->calls++;
	client_do(e->keeper->client, call);
}

/* Entries that are gone stand under a name that no definition has. */
static char *aside(const struct crd_entry *e)
{
	return str_printf("/%p", (const void *)e);
}

bool crd_entry_returned(struct crd_entry *e)
{
	e->calls--;
	if (!e->gone)
		return true;
	if (e->calls == 0) {
		auto_free char *name = aside(e);
		map_del(&e->keeper->entries, str_from(name));
		entry_free(e);
	}
	return false;
}

struct object *crd_entry_object(const struct crd_entry *e)
{
	auto_buf key = { 0 };
	object_key(e->keeper->definitions, STR(""), str_from(e->name), &key);
	return cache_get(server_cache(e->keeper->server, e->keeper->definitions), buf_view(&key));
}

/* ---- publishing ---- */

struct ending {
	struct loop *loop;
	struct crd *crd; /* a reference */
};

static void end_watches(void *ctx)
{
	struct ending *e = ctx;
	watches_end_of(e->loop, e->crd);
	crd_unref(e->crd);
	free(e);
}

static void watches_of_old_end(struct apiserver *s, struct crd *old)
{
	for (size_t i = 0; old && i < s->nloops; i++) {
		struct ending *e = NEW(struct ending);
		*e = (struct ending){ s->loops[i], crd_ref(old) };
		loop_call(s->loops[i], end_watches, e);
	}
}

static void publish(struct crd_entry *e, struct crd *c)
{
	struct apiserver *s = e->keeper->server;
	struct crd *before = e->crd;
	if (c)
		cache_redefine(s->caches, c->storage);
	crd_unref(crd_registry_put(s->crds, str_from(e->name), c));
	if (!c && before)
		cache_retire(s->caches, before->storage);
	if (e->keeper->client)
		watches_of_old_end(s, before);
	e->crd = c;
	crd_unref(before);
}

/* What tables depend on: the spec (its generation stands for it) and the names. */
static char *fingerprint_of(const json_t *tree)
{
	char *names = json_dumps(tree_get(tree, "status", "acceptedNames", NULL),
				 JSON_COMPACT | JSON_SORT_KEYS);
	char *text = str_printf("%.*s %lld %s", STR_ARG(meta_uid(tree)),
				(long long)meta_generation(tree), names ? names : "");
	free(names);
	return text;
}

/* False: the schema can't be served, `why` says what is wrong. */
static bool serve(struct crd_entry *e, const json_t *tree, struct err *why)
{
	char *fingerprint = fingerprint_of(tree);
	struct crd *c = NULL;
	if (e->fingerprint && strcmp(e->fingerprint, fingerprint) == 0) {
		free(fingerprint);
		return e->crd != NULL;
	}
	free(e->fingerprint);
	e->fingerprint = fingerprint;
	if (crd_compile(tree, tree_get(tree, "status", "acceptedNames", NULL), &c, why) < 0)
		return false;
	publish(e, c);
	return true;
}

static void withdraw(struct crd_entry *e)
{
	free(TAKE(e->fingerprint));
	if (e->crd)
		publish(e, NULL);
}

/* ---- status ---- */

static void written(void *entry, const struct client_result *r)
{
	struct crd_entry *e = entry;
	if (crd_entry_returned(e) && r->err && r->err->reason != ERR_CONFLICT &&
	    r->err->reason != ERR_NOT_FOUND)
		log_error("the status of a definition cannot be written", LOG_S("name", e->name),
			  LOG_S("error", err_text(r->err)));
}

void crd_status_write(struct crd_entry *e, const json_t *tree,
		      void (*done)(void *entry, const struct client_result *r))
{
	struct crd_keeper *k = e->keeper;
	auto_buf body = { 0 };
	if (!k->client || api_json_write(k->definitions->type, tree, false, &body, NULL) < 0)
		return;
	const struct client_call call = { .verb = API_UPDATE,
					  .resource = k->definitions,
					  .name = str_from(e->name),
					  .subresource = STR("status"),
					  .query = STR("fieldManager=kube-apiserver"),
					  .body = buf_view(&body),
					  .done = done ? done : written,
					  .ctx = e };
	crd_entry_call(e, &call);
}

static bool decide(struct crd_entry *e, json_t *tree)
{
	struct crd_names_taken taken = { 0 };
	struct map_entry *m;
	int64_t now = clock_wall_s(e->keeper->server->clock);
	for (size_t i = 0; (m = map_next(&e->keeper->entries, &i));) {
		const struct crd_entry *other = m->value;
		if (other->group && !strcmp(other->group, e->group))
			crd_names_take(&taken, other->accepted);
	}
	bool changed = crd_approval_decide(tree, now);
	changed |= crd_names_decide(tree, &taken, now);
	crd_names_free(&taken);
	return changed;
}

/* ---- looking at one ---- */

/* Names were given back: those of the group that wait for them may have them now. */
static void look_at_group(struct crd_keeper *k, const char *group, const struct crd_entry *but)
{
	struct map_entry *m;
	for (size_t i = 0; (m = map_next(&k->entries, &i));) {
		struct crd_entry *e = m->value;
		if (e == but || !e->group || strcmp(e->group, group) || e->crd)
			continue;
		struct object *o = crd_entry_object(e);
		if (o)
			look(k, o);
		object_unref(o);
	}
}

static bool nonstructural(struct crd_entry *e, json_t *tree, const struct err *why)
{
	if (!why->reason)
		return false;
	const struct crd_condition c = { "NonStructuralSchema", "True", "Violations",
					 err_text(why) };
	return crd_condition_set(tree, &c, clock_wall_s(e->keeper->server->clock));
}

static bool emptied(struct crd_entry *e, json_t *tree)
{
	const struct crd_condition c = { "Terminating", "False", "InstanceDeletionCompleted",
					 "removed all instances" };
	if (meta_has_finalizer(tree, STR(CRD_FINALIZER)) ||
	    !crd_condition_true(tree, "Terminating"))
		return false;
	return crd_condition_set(tree, &c, clock_wall_s(e->keeper->server->clock));
}

static void look_tree(struct crd_entry *e, json_t *tree, bool deleting)
{
	auto_err why = { 0 };
	free(e->group);
	e->group = str_dup(tree_get_str(tree, "spec", "group", NULL));
	bool changed = deleting ? emptied(e, tree) : decide(e, tree);
	json_t *names = tree_get(tree, "status", "acceptedNames", NULL), *had = e->accepted;
	bool released = had && !json_equal(had, names);
	e->accepted = names ? tree_copy(names) : NULL;
	json_decref(had);
	if (crd_condition_true(tree, "Established"))
		serve(e, tree, &why);
	else
		withdraw(e);
	changed |= nonstructural(e, tree, &why);
	if (e->crd && deleting)
		atomic_store(&e->crd->terminating, true);
	if (changed)
		crd_status_write(e, tree, NULL);
	if (released)
		look_at_group(e->keeper, e->group, e);
	if (deleting && meta_has_finalizer(tree, STR(CRD_FINALIZER)))
		crd_cleanup(e, tree);
}

static void look(struct crd_keeper *k, const struct object *o)
{
	auto_err err = { 0 };
	json_t *tree = object_tree(o, &err);
	if (tree)
		look_tree(entry_of(k, o->name), tree, o->deleting);
	else
		log_error("a definition cannot be read", LOG_STR("name", o->name),
			  LOG_S("error", err_text(&err)));
	json_decref(tree);
}

static void gone(struct crd_keeper *k, struct str name)
{
	struct crd_entry *e = map_del(&k->entries, name);
	if (!e)
		return;
	withdraw(e);
	if (e->group)
		look_at_group(k, e->group, NULL);
	if (e->calls == 0) {
		entry_free(e);
		return;
	}
	auto_free char *place = aside(e);
	e->gone = true;
	e->cleaning = CLEAN_NOT;
	json_decref(TAKE(e->accepted));
	free(TAKE(e->group));
	map_put(&k->entries, str_from(place), e);
}

/* ---- the cache's events ---- */

static void on_event(struct cache_watcher *w, const struct cache_event *ev)
{
	struct crd_keeper *k = CONTAINER_OF(w, struct crd_keeper, watcher);
	if (ev->type == CACHE_DELETED)
		gone(k, ev->object->name);
	else
		look(k, ev->object);
}

static bool look_one(void *ctx, const struct object *o)
{
	look(ctx, o);
	return true;
}

static void look_at_all(struct crd_keeper *k)
{
	struct cache_view v;
	cache_view_now(server_cache(k->server, k->definitions), &v);
	cache_view_each(&v, str_from(k->definitions->storage_prefix), STR(""), look_one, k);
	cache_view_close(&v);
}

/* Those that have gone meanwhile are found here; the others are looked at anyway. */
static void drop_absent(struct crd_keeper *k)
{
	struct map_entry *m;
	for (size_t i = 0; (m = map_next(&k->entries, &i));) {
		const struct crd_entry *e = m->value;
		struct object *o = e->gone ? NULL : crd_entry_object(e);
		object_unref(o);
		if (o || e->gone)
			continue;
		auto_free char *name = str_dup(m->key);
		gone(k, str_from(name));
		i = 0;
	}
}

/* First the watch, then all that are there: to look at many takes long enough for a revision from before to be forgotten. What is heard
 * once more is looked at once more. */
static void watch(struct crd_keeper *k)
{
	k->watcher.prefix = str_from(k->definitions->storage_prefix);
	cache_watch_from_now(k->server->loops[0], server_cache(k->server, k->definitions),
			     &k->watcher);
	look_at_all(k);
}

static void on_expired(struct cache_watcher *w)
{
	struct crd_keeper *k = CONTAINER_OF(w, struct crd_keeper, watcher);
	watch(k);
	drop_absent(k);
}

/* Whether an instance has gone is not worth a watch of its own: finalizers may keep it for long. */
static void on_timer(struct loop_timer *t)
{
	struct crd_keeper *k = CONTAINER_OF(t, struct crd_keeper, timer);
	struct map_entry *m;
	bool any = false;
	for (size_t i = 0; (m = map_next(&k->entries, &i));) {
		struct crd_entry *e = m->value;
		if (e->cleaning == CLEAN_WAITING) {
			crd_cleanup_again(e);
			any = true;
		}
	}
	if (any)
		loop_timer_start(t, AGAIN_MS);
}

/* ---- life ---- */

struct crd_keeper *crd_keeper_new(struct apiserver *s)
{
	struct crd_keeper *k = NEW(struct crd_keeper);
	k->server = s;
	k->definitions = API_APIEXTENSIONS_V1_CUSTOMRESOURCEDEFINITIONS;
	k->watcher.on_event = on_event;
	k->watcher.on_expired = on_expired;
	return k;
}

void crd_keeper_load(void *keeper)
{
	look_at_all(keeper);
}

static void start(void *ctx)
{
	struct crd_keeper *k = ctx;
	loop_timer_init(k->server->loops[0], &k->timer, on_timer);
	k->timed = true;
	watch(k);
}

void crd_keeper_start(struct crd_keeper *k)
{
	k->client = apiserver_local_client(k->server, k->server->loops[0], "system:apiserver",
					   (const char *const[]){ "system:masters", NULL });
	loop_call(k->server->loops[0], start, k);
}

void crd_keeper_stop(struct crd_keeper *k)
{
	if (k->timed)
		loop_timer_close(&k->timer, NULL);
	k->timed = false;
	cache_unwatch(&k->watcher);
}

void crd_keeper_free(struct crd_keeper *k)
{
	if (!k)
		return;
	map_free(&k->entries, entry_free);
	free(k);
}

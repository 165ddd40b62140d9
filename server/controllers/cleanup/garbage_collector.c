/* SPDX-License-Identifier: Apache-2.0 */
/* Deletes objects whose owners are gone, and carries out deletions in the foreground and those that orphan. The graph is the
 * informers themselves: every resource is indexed by the uids of its owners; custom ones join as they are defined. Key: "N/ns/name", N the resource.
 *
 *   object gone           → its dependents are looked at, and its owners, which may wait for it
 *   object with owners    → looked at when an owner is not to be seen; before anything is deleted, the API is asked
 *   foregroundDeletion    → blocking dependents are looked at; when none is left the finalizer goes
 *   orphan                → dependents lose the reference, then the finalizer goes */
#include "api/registry.h"
#include "base/mem.h"
#include "server/controllers/cleanup/garbage_graph.h"

#define LATER_MS 500 /* for an owner that another informer has yet to see */

static bool is_blocked_by(const struct object *o, struct str uid)
{
	struct owner all[OWNERS_MAX];
	size_t n = o ? owners_of(o, all) : 0;

	for (size_t i = 0; i < n; i++)
		if (all[i].blocks && str_eq(all[i].uid, uid))
			return true;
	return false;
}

/* Owners that `old` had, and that `new` (NULL: it is gone) doesn't keep from going. */
static void wake_owners(struct garbage_graph *g, const struct object *old, const struct object *new)
{
	struct owner all[OWNERS_MAX];
	size_t n = owners_of(old, all);

	for (size_t i = 0; i < n; i++) {
		if (is_blocked_by(new, all[i].uid) || (new && !all[i].blocks))
			continue;
		struct garbage_kind *k = garbage_kind_of(g, all[i].api_version, all[i].kind);
		const struct object *owner =
			k ? informer_get(k->informer, k->resource->namespaced ? old->ns : STR(""),
					 all[i].name)
			  : NULL;

		if (owner && owner->deleting)
			garbage_enqueue(k, owner, 0);
	}
}

static void on_object(void *ctx, const struct object *old, const struct object *new)
{
	struct garbage_kind *k = ctx;
	struct garbage_graph *g = k->controller->state;
	struct owner all[OWNERS_MAX];
	size_t n;

	if (old && (!new || !str_eq(old->uid, new->uid))) {
		garbage_dependents(g, old, true);
		wake_owners(g, old, NULL);
	} else if (old) {
		wake_owners(g, old, new);
	}
	if (!new)
		return;
	if (new->deleting &&
	    (object_has_finalizer(new, FOREGROUND) || object_has_finalizer(new, ORPHAN)))
		garbage_enqueue(k, new, 0);
	n = new->deleting ? 0 : owners_of(new, all);
	for (size_t i = 0; i < n; i++)
		if (garbage_owner_state(g, new->ns, &all[i]) != OWNER_SOLID) {
			garbage_enqueue(k, new, LATER_MS);
			return;
		}
}

static void drop_finalizer(struct round *r, struct garbage_kind *k, const struct object *o,
			   struct str finalizer)
{
	auto_arena arena = { 0 };
	auto_buf body = { 0 };
	struct meta_v1_partial_object_metadata meta = { 0 };
	const char *comma = "";

	if (object_decode(o, &arena, api_struct_meta_v1_partial_object_metadata, &meta, NULL) < 0)
		return;
	buf_printf(&body, "{\"metadata\":{\"resourceVersion\":\"%lld\",\"finalizers\":[",
		   (long long)o->revision);
	for (size_t i = 0; i < meta.metadata.finalizers.n; i++) {
		if (str_eq(meta.metadata.finalizers.items[i], finalizer))
			continue;
		buf_puts(&body, comma);
		buf_json_string(&body, meta.metadata.finalizers.items[i]);
		comma = ",";
	}
	buf_puts(&body, "]}}");
	const struct controller_write w = { .verb = API_PATCH,
					    .resource = k->resource,
					    .ns = o->ns,
					    .name = o->name,
					    .content_type = STR("application/merge-patch+json"),
					    .body = buf_view(&body),
					    .harmless = ERR_NOT_FOUND };
	round_call(r, &w, NULL, NULL);
}

struct orphaning {
	struct round *round;
	struct garbage_kind *kind;
	const struct object *owner;
	size_t n;
};

static bool orphan_one(void *ctx, const struct object *o)
{
	struct orphaning *x = ctx;
	auto_buf body = { 0 };

	x->n++;
	if (!garbage_unlink_patch(o, &x->owner->uid, 1, &body))
		return true;
	const struct controller_write w = { .verb = API_PATCH,
					    .resource = x->kind->resource,
					    .ns = o->ns,
					    .name = o->name,
					    .content_type = STR("application/merge-patch+json"),
					    .body = buf_view(&body),
					    .harmless = ERR_NOT_FOUND };
	round_call(x->round, &w, NULL, NULL);
	return true;
}

/* The references go first; their absence is seen as a change only later, so the owner is looked at again. */
static void orphan(struct garbage_kind *k, struct str key, const struct object *o)
{
	struct garbage_graph *g = k->controller->state;
	struct orphaning x = { .round = round_new(k->controller, key), .owner = o };

	for (size_t i = 0; i < g->n; i++) {
		x.kind = g->kinds[i];
		if (!x.kind->gone)
			informer_each_indexed(x.kind->informer, x.kind->by_owner, o->uid,
					      orphan_one, &x);
	}
	if (!x.n)
		drop_finalizer(x.round, k, o, ORPHAN);
	round_close(x.round, false, x.n ? LATER_MS : 0);
}

static void finish_foreground(struct garbage_kind *k, struct str key, const struct object *o)
{
	struct round *r = round_new(k->controller, key);
	struct garbage_dependents d = garbage_dependents(k->controller->state, o, true);

	if (!d.blocking)
		drop_finalizer(r, k, o, FOREGROUND);
	round_close(r, false, 0);
}

static bool all_synced(const struct garbage_graph *g)
{
	for (size_t i = 0; i < g->n; i++)
		if (!g->kinds[i]->gone && !informer_synced(g->kinds[i]->informer))
			return false;
	return true;
}

static void work(void *ctx, struct str key)
{
	struct controller *c = ctx;
	struct garbage_graph *g = c->state;
	struct garbage_kind *k = NULL;
	const struct object *o = garbage_find(g, key, &k);

	if (!all_synced(g)) {
		work_queue_add_after(c->queue, key, LATER_MS);
		controller_done(c, key, false);
	} else if (!o) {
		controller_done(c, key, false);
	} else if (o->deleting && object_has_finalizer(o, ORPHAN)) {
		orphan(k, key, o);
	} else if (o->deleting && object_has_finalizer(o, FOREGROUND)) {
		finish_foreground(k, key, o);
	} else {
		garbage_check(k, key, o);
	}
}

static bool is_collected(const struct api_resource *r)
{
	const uint32_t needed = API_LIST_VERB | API_WATCH | API_DELETE;

	return r->storage == r && (r->verbs & needed) == needed && strcmp(r->plural, "events") != 0;
}

static struct garbage_kind *add_kind(struct controller *c, const struct api_resource *r)
{
	struct garbage_graph *g = c->state;
	struct garbage_kind *k = NEW(struct garbage_kind);

	*k = (struct garbage_kind){ .controller = c, .resource = r, .number = g->n };
	g->kinds = mem_array_grow(g->kinds, &g->cap, g->n + 1, sizeof(struct garbage_kind *));
	g->kinds[g->n++] = k;
	return k;
}

static void watch_kind(struct garbage_kind *k)
{
	k->by_owner = informer_index_add(k->informer, owner_index_all);
	informer_hook_add(k->informer, on_object, NULL, k);
}

/* --- custom resources --- */

static void on_come(void *ctx, const struct api_resource *r, struct informer *informer)
{
	struct garbage_kind *k = add_kind(ctx, r);

	k->informer = informer;
	watch_kind(k);
}

static void on_go(void *ctx, const struct api_resource *r)
{
	struct controller *c = ctx;
	struct garbage_graph *g = c->state;

	for (size_t i = 0; i < g->n; i++)
		if (!g->kinds[i]->gone && g->kinds[i]->resource == r) {
			g->kinds[i]->gone = true;
			g->kinds[i]->informer = NULL;
			g->kinds[i]->resource = NULL;
		}
}

static int start(struct controller *c, struct err *err)
{
	struct garbage_graph *g = NEW(struct garbage_graph);

	(void)err;
	c->state = g;
	g->events = event_recorder_new(c->client, clock_real(), c->component);
	controller_queue_start(c, work);
	for (size_t i = 0; i < api_builtin_count; i++) {
		struct garbage_kind *k;

		if (!is_collected(api_builtin[i]))
			continue;
		k = add_kind(c, api_builtin[i]);
		k->informer = controller_informer(c, k->resource);
		watch_kind(k);
	}
	controller_customs(c, &(struct customs_user){ on_come, on_go, c });
	return 0;
}

static void stop(struct controller *c)
{
	struct garbage_graph *g = c->state;

	for (size_t i = 0; g && i < g->n; i++)
		free(g->kinds[i]);
	if (g) {
		map_free(&g->absent, NULL);
		event_recorder_free(g->events);
		free(g->kinds);
	}
	free(g);
}

const struct controller_row controller_garbage_collector = {
	.name = "generic-garbage-collector",
	.start = start,
	.stop = stop,
	.component = "garbage-collector-controller",
};

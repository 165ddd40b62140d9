/* SPDX-License-Identifier: Apache-2.0 */
/* Deletes objects whose owners are gone, and carries out deletions in the foreground and those that orphan. The graph is the
 * informers themselves: every built-in resource is indexed by the uids of its owners. Key: "N/ns/name", N the resource.
 *
 *   object gone           → its dependents are looked at, and its owners, which may wait for it
 *   object with owners    → looked at when an owner is not to be seen; before anything is deleted, the API is asked
 *   foregroundDeletion    → blocking dependents are looked at; when none is left the finalizer goes
 *   orphan                → dependents lose the reference, then the finalizer goes */
#include <stdio.h>

#include "api/registry.h"
#include "base/log.h"
#include "base/map.h"
#include "base/mem.h"
#include "server/controllers/garbage_plan.h"
#include "server/controllers/owners.h"
#include "server/controllers/round.h"

#define FOREGROUND STR("foregroundDeletion")
#define ORPHAN     STR("orphan")
#define LATER_MS   500 /* for an owner that another informer has yet to see */

struct kind {
	struct controller *controller;
	const struct api_resource *resource;
	struct informer *informer;
	int by_owner;
	size_t number;
};
struct collector {
	struct kind *kinds;
	size_t n;
	struct map
		absent; /* uids of owners that the API was asked for and that are gone: a uid never comes back */
};
#define ABSENT_MAX 1000

static void enqueue(struct kind *k, const struct object *o, int64_t after_ms)
{
	auto_buf key = { 0 };

	buf_printf(&key, "%zu/%.*s/%.*s", k->number, STR_ARG(o->ns), STR_ARG(o->name));
	work_queue_add_after(k->controller->queue, buf_view(&key), after_ms);
}

static const struct object *find(struct collector *g, struct str key, struct kind **out)
{
	struct str number, ns, name = key;
	int64_t n;

	if (!str_next(&name, '/', &number) || !str_next(&name, '/', &ns) || !str_to_i64(number, &n))
		return NULL;
	*out = &g->kinds[n];
	return informer_get((*out)->informer, ns, name);
}

static struct kind *kind_of(struct collector *g, struct str api_version, struct str name)
{
	size_t slash = str_find(api_version, '/');
	struct str group = slash < api_version.n ? str_of(api_version.p, slash) : STR("");

	for (size_t i = 0; i < g->n; i++)
		if (str_eqz(name, g->kinds[i].resource->kind) &&
		    str_eqz(group, g->kinds[i].resource->group))
			return &g->kinds[i];
	return NULL;
}

struct dependents {
	struct kind *kind;
	int64_t after_ms;
	size_t n, blocking;
	const struct object *owner;
	bool enqueue;
};

static bool see_dependent(void *ctx, const struct object *o)
{
	struct dependents *d = ctx;
	struct owner all[OWNERS_MAX];
	size_t n = owners_of(o, all);

	d->n++;
	for (size_t i = 0; i < n; i++)
		d->blocking += all[i].blocks && str_eq(all[i].uid, d->owner->uid);
	if (d->enqueue)
		enqueue(d->kind, o, d->after_ms);
	return true;
}

static struct dependents dependents(struct collector *g, const struct object *owner,
				    bool enqueue_them)
{
	struct dependents d = { .owner = owner, .enqueue = enqueue_them };

	for (size_t i = 0; i < g->n; i++) {
		d.kind = &g->kinds[i];
		informer_each_indexed(d.kind->informer, d.kind->by_owner, owner->uid, see_dependent,
				      &d);
	}
	return d;
}

/* Known at once from the informers; OWNER_ABSENT still has to be confirmed. */
static enum owner_state owner_state(struct collector *g, struct str ns, const struct owner *ref)
{
	struct kind *k = kind_of(g, ref->api_version, ref->kind);
	const struct object *o;

	if (!k)
		return OWNER_SOLID; /* of a kind that we don't know: not ours to judge */
	o = informer_get(k->informer, k->resource->namespaced ? ns : STR(""), ref->name);
	if (!o || !str_eq(o->uid, ref->uid))
		return OWNER_ABSENT;
	return o->deleting && object_has_finalizer(o, FOREGROUND) ? OWNER_WAITING : OWNER_SOLID;
}

static void wake_owners(struct collector *g, const struct object *o)
{
	struct owner all[OWNERS_MAX];
	size_t n = owners_of(o, all);

	for (size_t i = 0; i < n; i++) {
		struct kind *k = kind_of(g, all[i].api_version, all[i].kind);
		const struct object *owner =
			k ? informer_get(k->informer, k->resource->namespaced ? o->ns : STR(""),
					 all[i].name)
			  : NULL;

		if (owner && owner->deleting)
			enqueue(k, owner, 0);
	}
}

static void on_object(void *ctx, const struct object *old, const struct object *new)
{
	struct kind *k = ctx;
	struct collector *g = k->controller->state;
	struct owner all[OWNERS_MAX];
	size_t n;

	if (old && (!new || !str_eq(old->uid, new->uid))) {
		dependents(g, old, true);
		wake_owners(g, old);
	}
	if (!new)
		return;
	if (new->deleting &&
	    (object_has_finalizer(new, FOREGROUND) || object_has_finalizer(new, ORPHAN)))
		enqueue(k, new, 0);
	n = new->deleting ? 0 : owners_of(new, all);
	for (size_t i = 0; i < n; i++)
		if (owner_state(g, new->ns, &all[i]) != OWNER_SOLID) {
			enqueue(k, new, LATER_MS);
			return;
		}
}

/* --- an object without owners ------------------------------------------------------------------------------------------ */

struct check { /* of one object's owners, one GET after the other */
	struct kind *kind;
	char *key;
	const struct object *object;
	struct owner owners[OWNERS_MAX];
	enum owner_state states[OWNERS_MAX];
	size_t n, at;
};

static void check_next(struct check *c);

static void check_end(struct check *c, bool retry)
{
	controller_done(c->kind->controller, str_from(c->key), retry);
	object_unref(c->object);
	free(c->key);
	free(c);
}

static void on_written(void *ctx, const struct client_result *r)
{
	struct check *c = ctx;
	bool failed = r->err && r->err->reason != ERR_NOT_FOUND;

	if (failed && r->err->reason != ERR_CONFLICT)
		log_warn("garbage is not collected", LOG_STR("object", c->object->key),
			 LOG_S("error", err_text(r->err)));
	check_end(c, failed);
}

static void delete_object(struct check *c, bool foreground)
{
	auto_buf body = { 0 };
	const char *policy = foreground || object_has_finalizer(c->object, FOREGROUND)
				     ? "Foreground"
			     : object_has_finalizer(c->object, ORPHAN) ? "Orphan"
								       : "Background";

	buf_printf(&body,
		   "{\"kind\":\"DeleteOptions\",\"apiVersion\":\"v1\",\"preconditions\":{\"uid\":"
		   "\"%.*s\"},"
		   "\"propagationPolicy\":\"%s\"}",
		   STR_ARG(c->object->uid), policy);
	const struct client_call call = { .verb = API_DELETE,
					  .resource = c->kind->resource,
					  .ns = c->object->ns,
					  .name = c->object->name,
					  .body = buf_view(&body),
					  .done = on_written,
					  .ctx = c };
	client_do(c->kind->controller->client, &call);
}

static void unlink_owners(struct check *c)
{
	auto_buf body = { 0 };
	const char *comma = "";

	buf_puts(&body, "{\"metadata\":{\"ownerReferences\":[");
	for (size_t i = 0; i < c->n; i++)
		if (c->states[i] != OWNER_SOLID) {
			buf_printf(&body, "%s{\"$patch\":\"delete\",\"uid\":\"%.*s\"}", comma,
				   STR_ARG(c->owners[i].uid));
			comma = ",";
		}
	buf_printf(&body, "],\"uid\":\"%.*s\"}}", STR_ARG(c->object->uid));
	const struct client_call call = { .verb = API_PATCH,
					  .resource = c->kind->resource,
					  .ns = c->object->ns,
					  .name = c->object->name,
					  .content_type =
						  STR("application/strategic-merge-patch+json"),
					  .body = buf_view(&body),
					  .done = on_written,
					  .ctx = c };
	client_do(c->kind->controller->client, &call);
}

static void remember_absent(struct collector *g, struct str uid)
{
	if (g->absent.count >= ABSENT_MAX)
		map_free(&g->absent, NULL);
	map_put(&g->absent, uid, g);
}

static void on_owner(void *ctx, const struct client_result *r)
{
	struct check *c = ctx;
	auto_arena arena = { 0 };
	struct meta_v1_partial_object_metadata meta = { 0 };

	if (r->err && r->err->reason != ERR_NOT_FOUND) {
		check_end(c, true);
		return;
	}
	if (!r->err &&
	    struct_read_json(r->body, &arena, api_struct_meta_v1_partial_object_metadata, &meta,
			     NULL) == 0 &&
	    str_eq(meta.metadata.uid, c->owners[c->at].uid))
		c->states[c->at] = OWNER_SOLID; /* our view was behind */
	else
		remember_absent(c->kind->controller->state, c->owners[c->at].uid);
	c->at++;
	check_next(c);
}

static void judge(struct check *c)
{
	struct collector *g = c->kind->controller->state;
	struct dependents d = dependents(g, c->object, false);

	switch (garbage_plan(c->states, c->n, c->object->deleting, d.n > 0)) {
	case GARBAGE_KEEP: check_end(c, false); break;
	case GARBAGE_UNLINK: unlink_owners(c); break;
	case GARBAGE_DELETE: delete_object(c, false); break;
	case GARBAGE_DELETE_FOREGROUND: delete_object(c, true); break;
	}
}

static void check_next(struct check *c)
{
	struct collector *g = c->kind->controller->state;

	while (c->at < c->n &&
	       (c->states[c->at] != OWNER_ABSENT || map_get(&g->absent, c->owners[c->at].uid)))
		c->at++;
	if (c->at == c->n) {
		judge(c);
		return;
	}
	struct owner *ref = &c->owners[c->at];
	const struct api_resource *r = kind_of(g, ref->api_version, ref->kind)->resource;
	const struct client_call call = { .verb = API_GET,
					  .resource = r,
					  .ns = r->namespaced ? c->object->ns : STR(""),
					  .name = ref->name,
					  .done = on_owner,
					  .ctx = c };
	client_do(c->kind->controller->client, &call);
}

static void check_start(struct kind *k, struct str key, const struct object *o)
{
	struct check *c = NEW(struct check);

	c->kind = k;
	c->key = str_dup(key);
	c->object = object_ref(o);
	c->n = owners_of(c->object, c->owners);
	for (size_t i = 0; i < c->n; i++)
		c->states[i] = owner_state(k->controller->state, o->ns, &c->owners[i]);
	check_next(c);
}

/* --- an owner that is being deleted ------------------------------------------------------------------------------------- */

static void drop_finalizer(struct round *r, struct kind *k, const struct object *o,
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
	struct kind *kind;
	const struct object *owner;
	size_t n;
};

static bool orphan_one(void *ctx, const struct object *o)
{
	struct orphaning *x = ctx;
	auto_buf body = { 0 };

	buf_printf(&body,
		   "{\"metadata\":{\"ownerReferences\":[{\"$patch\":\"delete\",\"uid\":\"%.*s\"}],"
		   "\"uid\":\"%.*s\"}}",
		   STR_ARG(x->owner->uid), STR_ARG(o->uid));
	const struct controller_write w = { .verb = API_PATCH,
					    .resource = x->kind->resource,
					    .ns = o->ns,
					    .name = o->name,
					    .content_type =
						    STR("application/strategic-merge-patch+json"),
					    .body = buf_view(&body),
					    .harmless = ERR_NOT_FOUND };
	round_call(x->round, &w, NULL, NULL);
	x->n++;
	return true;
}

/* The references go first; their absence is seen as a change only later, so the owner is looked at again. */
static void orphan(struct kind *k, struct str key, const struct object *o)
{
	struct collector *g = k->controller->state;
	struct orphaning x = { .round = round_new(k->controller, key), .owner = o };

	for (size_t i = 0; i < g->n; i++) {
		x.kind = &g->kinds[i];
		informer_each_indexed(x.kind->informer, x.kind->by_owner, o->uid, orphan_one, &x);
	}
	if (!x.n)
		drop_finalizer(x.round, k, o, ORPHAN);
	round_close(x.round, false, x.n ? LATER_MS : 0);
}

static void finish_foreground(struct kind *k, struct str key, const struct object *o)
{
	struct round *r = round_new(k->controller, key);
	struct dependents d = dependents(k->controller->state, o, true);

	if (!d.blocking)
		drop_finalizer(r, k, o, FOREGROUND);
	round_close(r, false, 0);
}

static bool all_synced(const struct collector *g)
{
	for (size_t i = 0; i < g->n; i++)
		if (!informer_synced(g->kinds[i].informer))
			return false;
	return true;
}

static void work(void *ctx, struct str key)
{
	struct controller *c = ctx;
	struct collector *g = c->state;
	struct kind *k = NULL;
	const struct object *o = find(g, key, &k);

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
		check_start(k, key, o);
	}
}

static bool is_collected(const struct api_resource *r)
{
	const uint32_t needed = API_LIST_VERB | API_WATCH | API_DELETE;

	return r->storage == r && (r->verbs & needed) == needed && strcmp(r->plural, "events") != 0;
}

static int start(struct controller *c, struct err *err)
{
	struct collector *g = NEW(struct collector);

	(void)err;
	c->state = g;
	controller_queue_start(c, work);
	g->kinds = mem_zalloc(api_builtin_count * sizeof(*g->kinds));
	for (size_t i = 0; i < api_builtin_count; i++) {
		struct kind *k = &g->kinds[g->n];

		if (!is_collected(api_builtin[i]))
			continue;
		*k = (struct kind){ .controller = c, .resource = api_builtin[i], .number = g->n++ };
		k->informer = controller_informer(c, k->resource);
		k->by_owner = informer_index_add(k->informer, owner_index_all);
		informer_hook_add(k->informer, on_object, NULL, k);
	}
	return 0;
}

static void stop(struct controller *c)
{
	struct collector *g = c->state;

	if (g) {
		map_free(&g->absent, NULL);
		free(g->kinds);
	}
	free(g);
}

const struct controller_row controller_garbage_collector = { "generic-garbage-collector", start,
							     stop };

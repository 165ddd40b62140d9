/* SPDX-License-Identifier: Apache-2.0 */
/* One object whose owners may be gone: each owner that the informers don't show is asked for, one GET after the other, then
 * the plan decides over the object. */
#include "base/log.h"
#include "base/mem.h"
#include "server/controllers/cleanup/garbage_graph.h"

#define ABSENT_MAX 1000 /* remembered */

struct check { /* of one object's owners, one GET after the other */
	struct garbage_kind *kind;
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

static void patch_object(struct check *c, struct str body,
			 void (*done)(void *ctx, const struct client_result *r))
{
	const struct client_call call = { .verb = API_PATCH,
					  .resource = c->kind->resource,
					  .ns = c->object->ns,
					  .name = c->object->name,
					  .content_type = STR("application/merge-patch+json"),
					  .body = body,
					  .done = done,
					  .ctx = c };
	client_do(c->kind->controller->client, &call);
}

static void unlink_owners(struct check *c)
{
	auto_buf body = { 0 };
	struct str uids[OWNERS_MAX];
	size_t n = 0;

	for (size_t i = 0; i < c->n; i++)
		if (c->states[i] != OWNER_SOLID)
			uids[n++] = c->owners[i].uid;
	if (garbage_unlink_patch(c->object, uids, n, &body))
		patch_object(c, buf_view(&body), on_written);
	else
		check_end(c, false);
}

static void on_unblocked(void *ctx, const struct client_result *r)
{
	struct check *c = ctx;

	if (r->err)
		on_written(c, r);
	else
		delete_object(c, true);
}

/* Who waits for its dependents while it is one of theirs would wait for ever: it stops blocking its owners first. */
static void unblock_and_delete(struct check *c)
{
	auto_buf body = { 0 };

	if (garbage_unblock_patch(c->object, &body))
		patch_object(c, buf_view(&body), on_unblocked);
	else
		check_end(c, false);
}

struct elsewhere {
	struct str uid;
	bool found;
};

static bool has_uid(void *ctx, const struct object *o)
{
	struct elsewhere *e = ctx;

	e->found = str_eq(o->uid, e->uid);
	return !e->found;
}

/* The owner is there, but in another namespace, where nobody may own what is in ours. */
static void tell_misplaced(struct check *c)
{
	struct garbage_graph *g = c->kind->controller->state;
	const struct owner *ref = &c->owners[c->at];
	const struct garbage_kind *k = garbage_kind_of(g, ref->api_version, ref->kind);
	struct elsewhere e = { .uid = ref->uid };

	if (!k || !k->resource->namespaced)
		return;
	informer_each(k->informer, STR(""), has_uid, &e);
	if (e.found)
		event_record(
			g->events, c->object, EVENT_WARNING, "OwnerRefInvalidNamespace", NULL,
			"ownerRef [%.*s/%.*s, namespace: %.*s, name: %.*s, uid: %.*s] does not "
			"exist in namespace \"%.*s\"",
			STR_ARG(ref->api_version), STR_ARG(ref->kind), STR_ARG(c->object->ns),
			STR_ARG(ref->name), STR_ARG(ref->uid), STR_ARG(c->object->ns));
}

static void remember_absent(struct garbage_graph *g, struct str uid)
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
	    str_eq(meta.metadata.uid, c->owners[c->at].uid)) {
		c->states[c->at] = OWNER_SOLID; /* our view was behind */
	} else {
		tell_misplaced(c);
		remember_absent(c->kind->controller->state, c->owners[c->at].uid);
	}
	c->at++;
	check_next(c);
}

static void judge(struct check *c)
{
	struct garbage_graph *g = c->kind->controller->state;
	struct garbage_dependents d = garbage_dependents(g, c->object, false);

	switch (garbage_plan(c->states, c->n, c->object->deleting, d.n > 0)) {
	case GARBAGE_KEEP: check_end(c, false); break;
	case GARBAGE_UNLINK: unlink_owners(c); break;
	case GARBAGE_DELETE: delete_object(c, false); break;
	case GARBAGE_DELETE_FOREGROUND:
		if (d.foreground)
			unblock_and_delete(c);
		else
			delete_object(c, true);
		break;
	}
}

static void check_next(struct check *c)
{
	struct garbage_graph *g = c->kind->controller->state;

	while (c->at < c->n &&
	       (c->states[c->at] != OWNER_ABSENT || map_get(&g->absent, c->owners[c->at].uid)))
		c->at++;
	if (c->at == c->n) {
		judge(c);
		return;
	}
	struct owner *ref = &c->owners[c->at];
	const struct garbage_kind *k = garbage_kind_of(g, ref->api_version, ref->kind);
	if (!k) { /* its definition has just gone, and the object goes with it */
		check_end(c, false);
		return;
	}
	const struct api_resource *r = k->resource;
	const struct client_call call = { .verb = API_GET,
					  .resource = r,
					  .ns = r->namespaced ? c->object->ns : STR(""),
					  .name = ref->name,
					  .done = on_owner,
					  .ctx = c };
	client_do(c->kind->controller->client, &call);
}

void garbage_check(struct garbage_kind *k, struct str key, const struct object *o)
{
	struct check *c = NEW(struct check);

	c->kind = k;
	c->key = str_dup(key);
	c->object = object_ref(o);
	c->n = owners_of(c->object, c->owners);
	for (size_t i = 0; i < c->n; i++)
		c->states[i] = garbage_owner_state(k->controller->state, o->ns, &c->owners[i]);
	check_next(c);
}

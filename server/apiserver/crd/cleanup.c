/* SPDX-License-Identifier: Apache-2.0 */
/* A definition that is being deleted: its instances go first, namespace by namespace, then our finalizer lets it go.
 *
 *   say so in the status ─► delete the collection of each namespace ─► empty? ─ yes ─► finalizer goes
 *                                     ▲                                   └ no ─► looked at again later
 *                                     └──────────────────────────────────────────┘ */
#include "api/object/meta.h"
#include "base/log.h"
#include "base/mem.h"
#include "server/apiserver/crd/keeper_parts.h"

#define AGAIN_MS 500

static void next_namespace(struct crd_entry *e);

void crd_cleanup_free(struct crd_entry *e)
{
	for (size_t i = 0; i < e->nnamespaces; i++)
		free((char *)e->namespaces[i].p);
	free(TAKE(e->namespaces));
	e->nnamespaces = e->at_namespace = 0;
}

static void wait(struct crd_entry *e)
{
	e->cleaning = CLEAN_WAITING;
	if (e->keeper->timed)
		loop_timer_start(&e->keeper->timer, AGAIN_MS);
}

static void released(void *entry, const struct client_result *r)
{
	struct crd_entry *e = entry;
	if (!crd_entry_returned(e))
		return;
	e->cleaning = CLEAN_NOT;
	if (r->err && r->err->reason != ERR_NOT_FOUND)
		wait(e);
}

static void release(struct crd_entry *e)
{
	struct object *o = crd_entry_object(e);
	json_t *tree = o ? object_tree(o, NULL) : NULL;
	object_unref(o);
	e->cleaning = CLEAN_NOT;
	if (!tree || !meta_remove_finalizer(tree, STR(CRD_FINALIZER))) {
		json_decref(tree);
		return;
	}
	json_t *finalizers = meta_finalizers(tree);
	json_t *patch =
		json_pack("{s:{s:s%,s:O?}}", "metadata", "resourceVersion", meta_revision(tree).p,
			  meta_revision(tree).n, "finalizers", finalizers);
	char *body = json_dumps(patch, JSON_COMPACT);
	const struct client_call call = { .verb = API_PATCH,
					  .resource = e->keeper->definitions,
					  .name = str_from(e->name),
					  .query = STR("fieldManager=kube-apiserver"),
					  .content_type = STR("application/merge-patch+json"),
					  .body = str_from(body),
					  .done = released,
					  .ctx = e };
	e->cleaning = CLEAN_CALLING;
	crd_entry_call(e, &call);
	free(body);
	json_decref(patch);
	json_decref(tree);
}

static bool take_namespace(void *ctx, const struct object *o)
{
	struct crd_entry *e = ctx;
	if (e->nnamespaces && str_eq(e->namespaces[e->nnamespaces - 1], o->ns))
		return true;
	e->namespaces = mem_realloc(e->namespaces, (e->nnamespaces + 1) * sizeof(*e->namespaces));
	e->namespaces[e->nnamespaces++] = str_of(str_dup(o->ns), o->ns.n);
	return true;
}

/* Their keys stand together in the cache's order. */
static void find_namespaces(struct crd_entry *e)
{
	struct cache_view v;
	crd_cleanup_free(e);
	cache_view_now(server_cache(e->keeper->server, e->crd->storage), &v);
	cache_view_each(&v, str_from(e->crd->storage->storage_prefix), STR(""), take_namespace, e);
	cache_view_close(&v);
}

static bool is_empty(const struct crd_entry *e)
{
	return !e->crd || cache_count(server_cache(e->keeper->server, e->crd->storage)) == 0;
}

static void deleted(void *entry, const struct client_result *r)
{
	struct crd_entry *e = entry;
	if (!crd_entry_returned(e))
		return;
	if (r->err)
		log_warn("instances of a definition are not deleted", LOG_S("name", e->name),
			 LOG_S("error", err_text(r->err)));
	next_namespace(e);
}

static void next_namespace(struct crd_entry *e)
{
	if (e->at_namespace == e->nnamespaces || !e->crd) {
		if (is_empty(e))
			release(e);
		else
			wait(e);
		return;
	}
	const struct client_call call = { .verb = API_DELETE_COLLECTION,
					  .resource = e->crd->storage,
					  .ns = e->namespaces[e->at_namespace++],
					  .done = deleted,
					  .ctx = e };
	e->cleaning = CLEAN_CALLING;
	crd_entry_call(e, &call);
}

static void empty(struct crd_entry *e)
{
	if (e->crd)
		find_namespaces(e);
	next_namespace(e);
}

static void announced(void *entry, const struct client_result *r)
{
	struct crd_entry *e = entry;
	if (!crd_entry_returned(e))
		return;
	e->cleaning = CLEAN_NOT;
	if (!r->err)
		empty(e);
	else if (r->err->reason != ERR_NOT_FOUND)
		wait(e);
}

void crd_cleanup(struct crd_entry *e, json_t *tree)
{
	const struct crd_condition c = { "Terminating", "True", "InstanceDeletionInProgress",
					 "CustomResource deletion is in progress" };
	if (e->cleaning != CLEAN_NOT || !e->keeper->client)
		return;
	if (!crd_condition_set(tree, &c, clock_wall_s(e->keeper->server->clock))) {
		empty(e);
		return;
	}
	e->cleaning = CLEAN_CALLING;
	crd_status_write(e, tree, announced);
}

void crd_cleanup_again(struct crd_entry *e)
{
	e->cleaning = CLEAN_NOT;
	empty(e);
}

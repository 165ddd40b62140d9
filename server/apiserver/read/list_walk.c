/* SPDX-License-Identifier: Apache-2.0 */
#include "server/apiserver/read/list_walk.h"

#include "server/apiserver/read/continue_token.h"
#include "server/apiserver/respond.h"
#include "server/apiserver/write/revision.h"

void list_walk_close(struct list_walk *w)
{
	for (size_t i = 0; i < w->n; i++)
		object_unref(w->items[i]);
	free(w->items);
	if (w->view_open)
		cache_view_close(&w->view);
	selection_free(&w->selection);
}

static int expired(struct list_walk *w, bool token, struct err *err)
{
	if (!token)
		return err_set(err, ERR_EXPIRED,
			       "The resourceVersion for the provided list is too old.");
	w->r->status_continue = continue_make(&w->r->arena, -1, w->after, w->prefix);
	return err_set(err, ERR_EXPIRED,
		       "The provided continue parameter is too old to display a consistent list "
		       "result. You can start a new list without "
		       "the continue parameter, or use the continue token in this response to "
		       "retrieve the remainder of the results. "
		       "Continuing with the provided token results in an inconsistent list - "
		       "objects that were created, modified, or "
		       "deleted between the time the first chunk was returned and now may show up "
		       "in the list.");
}

static int walk_at(struct list_walk *w, struct err *err)
{
	const struct request_options *o = &w->r->opt;
	int64_t revision;
	if (revision_parse(w->r, o->resource_version, &revision, err) < 0) {
		auto_free char *why = str_dup(str_from(err_text(err)));
		return err_set(err, ERR_BAD_REQUEST, "invalid resource version: %s", why);
	}
	int e = 0;
	if (o->continue_token.n) {
		struct continue_token token;
		if (o->resource_version.n && revision != 0)
			return err_set(
				err, ERR_BAD_REQUEST,
				"specifying resource version is not allowed when using continue");
		e = continue_parse(&w->r->arena, o->continue_token, w->prefix, &token, err);
		if (e < 0)
			return err_wrap(err, e, "invalid continue token");
		w->after = token.after;
		w->at = token.revision > 0 ? token.revision : 0;
		return 0;
	}
	bool exact = str_eqz(o->resource_version_match, "Exact") ||
		     (!o->resource_version_match.n && (o->limit > 0 || w->pages) && revision > 0);
	w->at = exact ? revision : 0;
	return revision_reached(w->r, revision, err);
}

int list_walk_open(struct list_walk *w, struct api_request *r, bool pages, struct err *err)
{
	struct cache *c = server_cache(r->server, r->resource);
	w->r = r;
	w->pages = pages;
	int e = respond_negotiate(r, true, false, err);
	if (e == 0)
		e = revision_options_check(r, false, err);
	if (e == 0)
		e = selection_parse(r->resource, r->opt.label_selector, r->opt.field_selector,
				    &w->selection, err);
	if (e < 0)
		return e;
	w->prefix = lookup_prefix(r);
	e = walk_at(w, err);
	if (e < 0)
		return e;
	struct store *store = r->server->store;
	if (w->at == 0)
		cache_view_now(c, &w->view);
	else if (w->at < store->ops->compacted(store)) /* though it may still be in memory */
		e = err_set(err, ERR_EXPIRED, "The provided resource version is too old: %lld",
			    (long long)w->at);
	else
		e = cache_view_at(c, w->at, &w->view, err);
	if (e == -ERR_EXPIRED) {
		err_clear(err);
		return expired(w, r->opt.continue_token.n > 0, err);
	}
	w->view_open = e == 0;
	bool whole = str_eqz(r->opt.resource_version, "0"); /* as upstream's cache serves it */
	w->limit = r->opt.limit > 0 && !whole ? (size_t)r->opt.limit : 0;
	return e;
}

static bool walk_take(void *ctx, const struct object *o)
{
	struct list_walk *w = ctx;
	if (w->limit && w->n == w->limit) { /* whether it would match is for the next page to say */
		w->more = true;
		return false;
	}
	if (!selection_match(&w->selection, o))
		return true;
	w->items = mem_array_grow(w->items, &w->cap, w->n + 1, sizeof(*w->items));
	w->items[w->n++] = object_ref(o);
	return true;
}

static void walk_page_end(struct list_walk *w)
{
	struct str last = w->items[w->n - 1]->key;
	w->meta.continue_token = continue_make(&w->r->arena, w->meta.revision, last, w->prefix);
	if (selection_all(&w->selection))
		w->meta.remaining = (int64_t)cache_view_count(&w->view, w->prefix, last);
}

void list_walk_run(struct list_walk *w)
{
	w->meta = (struct list_meta){ .revision = w->view.revision, .remaining = -1 };
	if (w->at)
		w->meta.revision = w->at;
	cache_view_each(&w->view, w->prefix, w->after, walk_take, w);
	if (w->more)
		walk_page_end(w);
	cache_view_close(&w->view);
	w->view_open = false;
}

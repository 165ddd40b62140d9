/* SPDX-License-Identifier: Apache-2.0 */
/* A list is a walk over one consistent view of a collection: which objects, as of when, and where the next page begins. Used by
 * list and deletecollection. The request's loop. Follows upstream's registry/generic/registry and apiserver's pkg/storage/etcd3. */
#ifndef SERVER_APISERVER_READ_LIST_WALK_H
#define SERVER_APISERVER_READ_LIST_WALK_H

#include "api/table/table.h"
#include "server/apiserver/lookup.h"
#include "server/apiserver/read/selection.h"

struct list_walk {
	struct api_request *r;
	const struct object **items; /* references */
	size_t n, cap;
	struct list_meta meta;
	/* private */
	struct selection selection;
	struct cache_view view;
	bool view_open, more, pages;
	struct str prefix, after;
	size_t limit; /* 0: none */
	int64_t at;   /* exact revision asked for, 0: now */
};
/* Checks the request's ListOptions. `pages`: versions count as for a list with a limit, though none may be set. */
int list_walk_open(struct list_walk *w, struct api_request *r, bool pages, struct err *err);
/* Takes the objects; then the view isn't held any more. */
void list_walk_run(struct list_walk *w);
/* Answers with what was taken, in the negotiated form. */
void list_walk_respond(struct list_walk *w);
void list_walk_close(struct list_walk *w);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* The graph of owners and dependents that the garbage collector walks: the informers of all resources, built-in and custom, each indexed
 * by the uids of its objects' owners. Keys are "N/ns/name", N the resource. Control loop only. */
#ifndef SERVER_CONTROLLERS_CLEANUP_GARBAGE_GRAPH_H
#define SERVER_CONTROLLERS_CLEANUP_GARBAGE_GRAPH_H

#include "base/map.h"
#include "client/events.h"
#include "server/controllers/cleanup/garbage_plan.h"
#include "server/controllers/owners.h"
#include "server/controllers/round.h"

#define FOREGROUND STR("foregroundDeletion")
#define ORPHAN     STR("orphan")

struct garbage_kind {
	struct controller *controller;
	const struct api_resource *resource;
	struct informer *informer;
	int by_owner;
	size_t number;
	bool gone; /* a custom one whose definition is */
};
struct garbage_graph {               /* the controller's state */
	struct garbage_kind **kinds; /* those that are gone keep their number */
	size_t n, cap;
	struct event_recorder *events;
	/* Uids of owners that the API was asked for and that are gone; a uid never comes back. */
	struct map absent;
};

void garbage_enqueue(struct garbage_kind *k, const struct object *o, int64_t after_ms);
const struct object *garbage_find(struct garbage_graph *g, struct str key,
				  struct garbage_kind **out); /* NULL: gone */
struct garbage_kind *garbage_kind_of(struct garbage_graph *g, struct str api_version,
				     struct str kind);

struct garbage_dependents {
	size_t n, blocking; /* how many there are, how many of them block the owner's deletion */
	size_t foreground; /* how many of them wait for dependents of their own: a circle, perhaps */
	struct garbage_kind *kind; /* of the walk */
	const struct object *owner;
	bool enqueue;
};
struct garbage_dependents garbage_dependents(struct garbage_graph *g, const struct object *owner,
					     bool enqueue_them);
/* As the informers show it; OWNER_ABSENT still has to be confirmed. */
enum owner_state garbage_owner_state(struct garbage_graph *g, struct str ns,
				     const struct owner *ref);

/* Writes a merge patch that takes the references to these owners off the object; false: it can't be read. */
bool garbage_unlink_patch(const struct object *o, const struct str *uids, size_t n,
			  struct buf *out);

/* The same for one that lets references stand, but none of them blocks its owner's deletion any more. */
bool garbage_unblock_patch(const struct object *o, struct buf *out);

/* garbage_check.c: looks at an object's owners and does what garbage_plan() says; ends the key. */
void garbage_check(struct garbage_kind *k, struct str key, const struct object *o);

#endif

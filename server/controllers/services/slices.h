/* SPDX-License-Identifier: Apache-2.0 */
/* The EndpointSlices of a Service that one controller manages: finding them, and making them what its plan wants. Slices that
 * others manage are left alone. Control loop only. */
#ifndef SERVER_CONTROLLERS_SERVICES_SLICES_H
#define SERVER_CONTROLLERS_SERVICES_SLICES_H

#include "server/controllers/services/backends.h"

/* Is it a slice that `manager` manages? For the controller's index: gives the name of its Service. */
size_t slice_service(const struct object *o, const char *manager, struct str *out, size_t max);

typedef size_t slice_index(const struct object *o, struct str *out, size_t max);
void slices_watch(struct controller *c, slice_index *by_service,
		  void (*on_slice)(void *controller, const struct object *old,
				   const struct object *new)); /* for start() */
/* Queues the Service of a slice, if by_service() knows it. */
void slices_wake(struct controller *c, slice_index *by_service, const struct object *slice);

struct slices_write {
	struct round *round;
	slice_index *by_service;
	const struct object *owner; /* of those that are made; may be NULL when none is wanted */
	struct str ns, service;
	struct slices *wanted;    /* those that are there lose their name */
	bool annotations;         /* are the plan's, too */
	enum err_reason harmless; /* of a create */
	struct arena *arena;
};
/* Updates what differs, deletes what isn't wanted, creates what is missing. */
void slices_write(struct controller *c, struct slices_write *w);

#endif

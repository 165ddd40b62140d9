/* SPDX-License-Identifier: Apache-2.0 */
/* Services whose EndpointSlices carry hints by zones (zone_hints.h): which do, and which have to be looked at again when nodes come, go
 * or change. Control loop only. */
#ifndef SERVER_CONTROLLERS_SERVICES_SLICE_HINTS_H
#define SERVER_CONTROLLERS_SERVICES_SLICE_HINTS_H

#include "client/events.h"
#include "server/controllers/services/backends.h"

struct slice_hints;
struct slice_hints *slice_hints_new(struct controller *c);
void slice_hints_free(struct slice_hints *h);
void slice_hints_nodes_changed(struct slice_hints *h);
/* Sets or clears the hints in a Service's slices, and tells of it. service == NULL: it is gone. */
void slice_hints_apply(struct slice_hints *h, struct str key, const struct object *service,
		       bool wanted, struct slices *slices, struct arena *a);
/* Whom the nodes of now leave with too little, or could help: queued again. */
void slice_hints_review(struct slice_hints *h);

#endif

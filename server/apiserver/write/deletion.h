/* SPDX-License-Identifier: Apache-2.0 */
/* One object on its way out: options and preconditions, plan, transaction, again when someone else was faster. Shared by
 * delete, deletecollection and eviction. Request's loop. */
#ifndef SERVER_APISERVER_WRITE_DELETION_H
#define SERVER_APISERVER_WRITE_DELETION_H

#include "server/apiserver/lookup.h"

struct deletion {
	struct api_request *r; /* the starter's, who keeps it alive */
	const struct api_resource *res;
	struct str key, name;
	struct request_options options;
	/* Called once; then the deletion is freed. `last`: the object's state now or before it went; NULL on error. */
	void (*done)(struct deletion *d, const struct object *last, bool gone,
		     const struct err *err);
	void *ctx;
	/* private */
	struct object *old, *new;
	int attempts;
	bool removes;
	struct store_op op;
	struct store_txn txn;
};
/* Heap; `key` and `name` are copied into the request's arena. */
struct deletion *deletion_new(struct api_request *r, const struct api_resource *res, struct str key,
			      struct str name);
void deletion_start(struct deletion *d);
/* What the client hears of how it deletes. */
void deletion_warn(struct api_request *r, const struct api_resource *res,
		   const struct request_options *options);
/* The request's preconditions hold for the object as it is now. */
int deletion_preconditions(struct api_request *r, const struct api_resource *res,
			   const struct object *now, struct err *err);

#endif

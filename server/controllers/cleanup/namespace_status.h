/* SPDX-License-Identifier: Apache-2.0 */
/* What is left in a namespace that is being deleted, and how upstream tells it. Pure. */
#ifndef SERVER_CONTROLLERS_CLEANUP_NAMESPACE_STATUS_H
#define SERVER_CONTROLLERS_CLEANUP_NAMESPACE_STATUS_H

#include "api/object/object.h"

struct namespace_remain {
	const struct api_resource *resource;
	size_t count;
};
struct namespace_finalizer {
	char *name;
	size_t count; /* objects seen with it */
};
struct namespace_remains {
	struct namespace_remain *items;
	size_t n;
	struct namespace_finalizer *finalizers;
	size_t nfinalizers;
};
void namespace_remains_free(struct namespace_remains *r);
/* Takes a page of a list (JSON) into the account; returns how many objects there are in all. */
size_t namespace_count(struct str list, struct namespace_remains *r,
		       const struct api_resource *resource);
/* The Namespace with conditions that say so. */
void namespace_report(const struct object *ns, const struct namespace_remains *r, int64_t now_s,
		      struct buf *out);
/* The Namespace without its "kubernetes" finalizer, as the body of a finalize request; false: it doesn't have it. */
bool namespace_finalized(const struct object *ns, struct buf *out);

#endif

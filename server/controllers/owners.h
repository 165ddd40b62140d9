/* SPDX-License-Identifier: Apache-2.0 */
/* metadata.ownerReferences straight from an object's bytes; what is returned borrows from the object. Any thread. */
#ifndef SERVER_CONTROLLERS_OWNERS_H
#define SERVER_CONTROLLERS_OWNERS_H

#include "api/object/object.h"

#define OWNERS_MAX 16

struct owner {
	struct str api_version, kind, name, uid;
	bool controller, blocks; /* blockOwnerDeletion */
};
size_t owners_of(const struct object *o, struct owner out[OWNERS_MAX]);
bool owner_controller(const struct object *o, struct owner *out); /* the one that manages it */
/* For informer_index_add(). */
size_t owner_index_controller(const struct object *o, struct str *out, size_t max); /* its uid */
size_t owner_index_all(const struct object *o, struct str *out, size_t max);
/* metadata.finalizers */
bool object_has_finalizer(const struct object *o, struct str finalizer);
/* metadata.deletionTimestamp and the like: the text of a member of metadata, or empty. */
struct str object_meta_text(const struct object *o, struct str member);

#endif

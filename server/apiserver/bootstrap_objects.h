/* SPDX-License-Identifier: Apache-2.0 */
/* Objects that a new cluster has with their status, complete: the default flow schemas and priority levels, the API's own APIServices, the
 * ServiceCIDR of this server. They are stored in one transaction. */
#ifndef SERVER_APISERVER_BOOTSTRAP_OBJECTS_H
#define SERVER_APISERVER_BOOTSTRAP_OBJECTS_H

#include "storage/store.h"

struct apiserver;
struct bootstrap_objects {
	struct store_op *ops; /* items are references */
	size_t n, cap;
};
void bootstrap_objects_make(struct apiserver *s, struct bootstrap_objects *out);
void bootstrap_objects_free(struct bootstrap_objects *o);

#endif

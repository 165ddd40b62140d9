/* SPDX-License-Identifier: Apache-2.0 */
/* A local view of one resource kept by a reflector: objects by key ("ns/name" or "name"), with change hooks and optional
 * indexes. In process the objects are the cache's own (references, no copies). Loop thread of the client only. */
#ifndef CLIENT_INFORMER_H
#define CLIENT_INFORMER_H

#include "client/client.h"

struct informer;
typedef void (*informer_hook)(void *ctx, const struct object *old, const struct object *new);

struct informer *informer_new(struct client *c, const struct api_resource *r, struct str ns,
			      struct str label_selector, struct str field_selector);
void informer_free(struct informer *i);
void informer_hook_add(struct informer *i, informer_hook on_change, void (*on_synced)(void *ctx),
		       void *ctx); /* before start */
/* Index by a value taken from each object (e.g. the controller owner's uid, spec.nodeName); up to 4, before start. */
int informer_index_add(struct informer *i,
		       size_t (*keys)(const struct object *o, struct str *out, size_t max));
void informer_start(struct informer *i);
bool informer_synced(const struct informer *i);
const struct object *informer_get(const struct informer *i, struct str ns,
				  struct str name); /* borrowed, or NULL */
void informer_each(const struct informer *i, struct str ns,
		   bool (*fn)(void *ctx, const struct object *o), void *ctx);
void informer_each_indexed(const struct informer *i, int index, struct str value,
			   bool (*fn)(void *ctx, const struct object *o), void *ctx);
size_t informer_count(const struct informer *i);

#endif

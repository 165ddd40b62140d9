/* SPDX-License-Identifier: Apache-2.0 */
/* A layer from a blob into the store: unpacked beside, both digests checked, then moved into place. Blocking; any thread. */
#ifndef AGENT_RUNTIME_LAYER_ADD_H
#define AGENT_RUNTIME_LAYER_ADD_H

#include "agent/runtime/blob_reader.h"
#include "agent/runtime/image_store.h"

struct layer_source {
	struct blob_range range;
	const char *stored_digest; /* of the blob as it is; NULL: not known */
	const char *diff_id;
	void (*taken)(void *ctx, int64_t bytes); /* may be NULL */
	void *ctx;
};
int layer_add(struct image_store *s, const struct layer_source *from,
	      struct err *err); /* there already is fine */

#endif

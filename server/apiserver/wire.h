/* SPDX-License-Identifier: Apache-2.0 */
/* The protobuf envelopes around objects whose own encoding is at hand: lists and watch events are put together from the
 * bytes that each object version keeps. Source: generated.proto of apimachinery's runtime and meta/v1. Any thread. */
#ifndef SERVER_APISERVER_WIRE_H
#define SERVER_APISERVER_WIRE_H

#include "api/object/object.h"
#include "api/table/table.h"
#include "net/chunk.h"

/* "k8s\0" + runtime.Unknown{typeMeta, raw}, raw being {metadata = 1, repeated items = 2}: WIRE_LIST_CHUNKS(n) chunks, in which each
 * object's own bytes are borrowed under the items' references, which they take over. */
#define WIRE_LIST_CHUNKS(n) (2 * (n) + 2)
int wire_list_chunks(const char *kind, const char *api_version, const struct object *const *items,
		     size_t n, const struct list_meta *m, struct chunk *out, struct err *err);
/* What stands in front of an embedded object's bytes in one length-delimited frame of a watch stream. */
void wire_event_head(const char *type, size_t object_bytes, struct buf *out);

#endif

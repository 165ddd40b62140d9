/* SPDX-License-Identifier: Apache-2.0 */
/* An object at rest: immutable bytes. One version of one API object, as JSON exactly as served, with what look-ups and
 * selectors need beside it. Reference-counted atomically; any thread may read it.
 *
 * Life: object_new() scans JSON *without* metadata.resourceVersion (that is what the store keeps, revision-independent);
 * the store's writer calls object_seal() once the revision is known, before anyone else sees the object: it moves the bytes
 * in front of the place where the field belongs (after metadata.uid) to the left, into head room kept for it, and writes
 * `"resourceVersion":"N",` there. After that the object never changes. */
#ifndef API_OBJECT_OBJECT_H
#define API_OBJECT_OBJECT_H

#include <jansson.h>
#include <stdatomic.h>

#include "api/type.h"
#include "base/buf.h"
#include "base/err.h"

struct object_label {
	struct str key, value;
};
struct object_encoding; /* a protobuf encoding made on demand */

struct object {
	_Atomic int refs;
	int64_t revision;                    /* 0 until sealed */
	const struct api_resource *resource; /* the storage version's */
	struct str key;                      /* "/registry/pods/default/web", NUL-terminated */
	struct str ns, name;                 /* slices of key; ns.n == 0: cluster-scoped */
	struct str uid;
	struct str json;                   /* as served (before the seal: as stored) */
	bool deleting;                     /* metadata.deletionTimestamp is set */
	const struct object_label *labels; /* sorted by key */
	size_t nlabels;
	const struct str *fields; /* values, parallel to resource->selectable */
	_Atomic(struct object_encoding *) protobuf;
	size_t size_bytes; /* memory that this object holds */
};

/* `json`: as written by our encoder or found in the store, without resourceVersion. Copied. */
int object_new(const struct api_resource *r, struct str key, struct str json, struct object **out,
	       struct err *err);
void object_seal(struct object *o, int64_t revision);
/* An object as an API server sends it, with its resourceVersion (a number). Sealed. */
int object_from_served(const struct api_resource *r, struct str json, struct object **out,
		       struct err *err);
struct object *object_ref(const struct object *o);
void object_unref(const struct object *o); /* NULL is fine */
/* The same bytes under another revision (a DELETED event carries the revision of the deletion). Sealed. */
struct object *object_with_revision(const struct object *o, int64_t revision);
/* The value of its metadata, in its JSON. */
struct str object_metadata(const struct object *o);
/* Parsed tree; the caller owns it. */
json_t *object_tree(const struct object *o, struct err *err);
/* Protobuf bytes (magic "k8s\0" + runtime.Unknown), made once per object version. Borrowed from o. */
int object_protobuf(const struct object *o, struct str *out, struct err *err);
int object_protobuf_raw(const struct object *o, struct str *out, struct err *err); /* no envelope */

/* "/registry/pods/" + ns + "/" + name */
void object_key(const struct api_resource *r, struct str ns, struct str name, struct buf *out);

#endif

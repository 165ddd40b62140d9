/* SPDX-License-Identifier: Apache-2.0 */
/* What the server decides about metadata, before anyone else has a say. Follows upstream's registry/rest (BeforeCreate,
 * BeforeUpdate) and registry/generic/registry. */
#ifndef SERVER_APISERVER_WRITE_OBJECT_META_H
#define SERVER_APISERVER_WRITE_OBJECT_META_H

#include "server/apiserver/write/write.h"

/* What a client can't say of a new object; before the fields are counted as its. */
void object_meta_wipe(json_t *tree);
int object_meta_create(struct write *w, struct err *err);
/* An update of what isn't there and may be created: the uid that it names can't be right, its revision says nothing. */
int object_meta_absent(struct write *w, json_t *tree, struct err *err);
int object_meta_update(struct write *w, struct err *err);
/* Whether the update took away what kept a deleted object alive. */
bool object_meta_last_finalizer_gone(const struct write *w);
/* The namespace of the body against the path's. */
int object_meta_namespace(const struct api_request *r, json_t *tree, struct err *err);
/* A name out of metadata.generateName; empty when there is none. In the arena. */
struct str object_meta_generate(struct arena *a, const json_t *tree);

#endif

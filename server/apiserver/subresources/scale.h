/* SPDX-License-Identifier: Apache-2.0 */
/* What reading a Scale and writing it share. Request's loop. */
#ifndef SERVER_APISERVER_SUBRESOURCES_SCALE_H
#define SERVER_APISERVER_SUBRESOURCES_SCALE_H

#include "server/apiserver/request.h"

const struct api_type *scale_type(const struct api_request *r);
/* Where a custom resource keeps its replicas (0), those of its status (1), its selector (2); NULL: nowhere. */
const char *scale_custom_path(const struct api_request *r, size_t which);
/* A Scale as if it were a resource: its columns, its type, its version. */
struct api_resource scale_resource(const struct api_request *r);
json_t *scale_of(const struct api_request *r, const json_t *object); /* new */
void scale_respond(struct api_request *r, const struct object *o);   /* the object's Scale */

#endif

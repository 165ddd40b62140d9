/* SPDX-License-Identifier: Apache-2.0 */
/* From a request to the objects that it is about, and the errors that say they aren't there. */
#ifndef SERVER_APISERVER_LOOKUP_H
#define SERVER_APISERVER_LOOKUP_H

#include "server/apiserver/request.h"
#include "server/apiserver/server.h"

/* "/registry/pods/default/web"; for a collection with name.n == 0 its prefix, which ends in '/'. In the arena. */
struct str lookup_key(struct api_request *r, const struct api_resource *res, struct str ns,
		      struct str name);
struct str lookup_prefix(struct api_request *r);
/* A reference or NULL. */
struct object *lookup_object(struct api_request *r, const struct api_resource *res, struct str ns,
			     struct str name);
struct object *lookup_core(struct apiserver *s, const char *plural, struct str ns, struct str name);
/* The object the path names: a reference, or NotFound. */
struct object *lookup_target(struct api_request *r, struct err *err);
/* "deployments.apps", "pods" */
const char *lookup_qualified(struct api_request *r, const struct api_resource *res);
int lookup_not_found(struct api_request *r, const struct api_resource *res, struct str name,
		     struct err *err);
struct str lookup_ns(const struct api_request *r); /* empty for cluster-scoped resources */

#endif

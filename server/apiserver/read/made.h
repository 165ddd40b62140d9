/* SPDX-License-Identifier: Apache-2.0 */
/* Objects that are made for one answer and kept in no store: componentstatuses, metrics.k8s.io. A request's own thread. */
#ifndef SERVER_APISERVER_READ_MADE_H
#define SERVER_APISERVER_READ_MADE_H

#include "server/apiserver/request.h"

struct made {
	const struct object **items; /* references; the array lives in the request's arena */
	size_t n, cap;
};

/* `json`: the whole object with kind and apiVersion first; copied. False: it is no object. */
bool made_add(struct api_request *r, struct made *m, struct str ns, struct str name,
	      struct str json);

/* The answer in the form that the client wants (respond_negotiate() was called): of a GET the first object, or NotFound;
 * otherwise the list. Takes the objects. */
void made_respond(struct api_request *r, struct made *m);

#endif

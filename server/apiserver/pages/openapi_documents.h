/* SPDX-License-Identifier: Apache-2.0 */
/* OpenAPI documents at rest. One is written when it is first asked for, on a worker thread, and answers everybody who asks until what it
 * tells of has changed. Kept are OPENAPI_KEPT_BYTES of them at most, each for a minute after it was last asked for, so that a cluster in
 * which nobody asks holds none. Locked inside; any loop. */
#ifndef SERVER_APISERVER_PAGES_OPENAPI_DOCUMENTS_H
#define SERVER_APISERVER_PAGES_OPENAPI_DOCUMENTS_H

#include "server/apiserver/crd/registry.h"
#include "server/apiserver/request.h"

#define OPENAPI_KEPT_BYTES (64u << 20)

enum openapi_form { OPENAPI_V2, OPENAPI_V2_PROTOBUF, OPENAPI_V3_INDEX, OPENAPI_V3 };

struct openapi_wish {
	enum openapi_form form;
	struct str where;    /* of a v3 document */
	bool packed;         /* gzip */
	const char *etag;    /* of what it shall tell: see openapi_etag() */
	struct crd_set *set; /* what it tells of; borrowed */
};

struct openapi_documents;
struct openapi_documents *openapi_documents_new(struct apiserver *s);
void openapi_documents_free(struct openapi_documents *d); /* after the loops have ended */

/* Calls done() on the request's loop, perhaps at once. The chunk holds a reference to the text and is the callee's; empty: it could not
 * be written, `err` says why. */
void openapi_documents_get(struct openapi_documents *d, struct api_request *r,
			   const struct openapi_wish *wish,
			   void (*done)(struct api_request *r, struct chunk text,
					const struct err *err));

#endif

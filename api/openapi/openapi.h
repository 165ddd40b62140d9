/* SPDX-License-Identifier: Apache-2.0 */
/* OpenAPI documents, written from the tables: schemas, and the paths of resources. A document takes some milliseconds to write, with many
 * custom resources a second, and is large: whoever serves one writes it beside his loop and keeps it as long as somebody asks. What it would
 * say is known by its ETag. Any thread; JSON is appended. */
#ifndef API_OPENAPI_OPENAPI_H
#define API_OPENAPI_OPENAPI_H

#include "api/discovery.h"
#include "base/err.h"

/* GET /openapi/v3: where the document of each group and version is. */
void openapi_v3_index(const struct discovery *d, struct buf *out);
/* GET /openapi/v3/WHERE: "apis/GROUP/VERSION" ("api/v1" for the core group), or what is about the API itself: "apis", "apis/GROUP",
 * "version", …; false: nothing is served there. */
bool openapi_v3(const struct discovery *d, struct str where, struct buf *out);
/* GET /openapi/v2: everything in one. */
void openapi_v2(const struct discovery *d, struct buf *out);
/* The v2 document (JSON) as application/com.github.proto-openapi.spec.v2@v1.0+protobuf, which old clients ask for. */
int openapi_v2_protobuf(struct str json, struct buf *out, struct err *err);
/* The quoted ETag of a v3 document, also the hash in the index; changes when the content would. False: nothing is served there. */
bool openapi_etag(const struct discovery *d, struct str where, char etag[DISCOVERY_ETAG_MAX]);
/* The same of a document about everything: `name` is which of them. */
void openapi_etag_of_all(const struct discovery *d, const char *name,
			 char etag[DISCOVERY_ETAG_MAX]);

/* One schema on its own: what `type` looks like. Types without an OpenAPI name (inside a custom resource) are written in place. */
struct openapi_types; /* the types that a document refers to */
void openapi_schema(const struct api_type *t, bool v3, struct openapi_types *refers,
		    struct buf *out);

#endif

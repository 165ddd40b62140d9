/* SPDX-License-Identifier: Apache-2.0 */
/* /openapi/v2, and /openapi/v3 with one document per group and version. */
#ifndef SERVER_APISERVER_PAGES_OPENAPI_PAGE_H
#define SERVER_APISERVER_PAGES_OPENAPI_PAGE_H

#include "server/apiserver/request.h"

void page_openapi_v2(struct api_request *r, struct str rest);
void page_openapi_v3_root(struct api_request *r, struct str rest);
void page_openapi_v3(struct api_request *r, struct str rest);
/* pages.c: answers 304 when the client knows the ETag. */
void page_with_etag(struct api_request *r, const char *type, const char *etag, struct buf *take);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* /openapi/v2, and /openapi/v3 with one document per group and version. What a document would tell is known before it is written: who
 * has it hears 304 at once. */
#ifndef SERVER_APISERVER_PAGES_OPENAPI_PAGE_H
#define SERVER_APISERVER_PAGES_OPENAPI_PAGE_H

#include "server/apiserver/request.h"

void page_openapi_v2(struct api_request *r, struct str rest);
void page_openapi_v3_root(struct api_request *r, struct str rest);
void page_openapi_v3(struct api_request *r, struct str rest);

#endif

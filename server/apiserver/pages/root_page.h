/* SPDX-License-Identifier: Apache-2.0 */
/* GET /: the paths that are served, sorted. */
#ifndef SERVER_APISERVER_PAGES_ROOT_PAGE_H
#define SERVER_APISERVER_PAGES_ROOT_PAGE_H

#include "server/apiserver/request.h"

/* `own`: the fixed pages; groups, versions and health checks are added as they are now. */
void root_page_respond(struct api_request *r, const char *const *own, size_t n);

#endif

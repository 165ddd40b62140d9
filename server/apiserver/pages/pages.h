/* SPDX-License-Identifier: Apache-2.0 */
/* What is served besides resources: discovery, OpenAPI, health, version, metrics, the keys of service-account tokens. */
#ifndef SERVER_APISERVER_PAGES_PAGES_H
#define SERVER_APISERVER_PAGES_PAGES_H

#include "server/apiserver/request.h"

void page_respond(struct api_request *r);

#endif

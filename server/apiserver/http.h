/* SPDX-License-Identifier: Apache-2.0 */
/* The HTTP front: makes an api_request of an http_request and carries its answer. */
#ifndef SERVER_APISERVER_HTTP_H
#define SERVER_APISERVER_HTTP_H

#include "net/http_server.h"

void http_front(void *server,
		struct http_request *req); /* an http_handler; ctx is the struct apiserver */

#endif

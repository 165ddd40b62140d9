/* SPDX-License-Identifier: Apache-2.0 */
/* List and watch for an in-process consumer: objects are the cache's own. Loop thread of the client. */
#ifndef SERVER_APISERVER_LOCAL_LOCAL_REFLECTOR_H
#define SERVER_APISERVER_LOCAL_LOCAL_REFLECTOR_H

#include "client/client.h"
#include "server/apiserver/request.h"

struct local_client {
	struct client client;
	struct apiserver *server;
	struct api_user user;
	const char *agent; /* stands for the user agent: "kube-scheduler" */
	struct arena arena;
	struct client *next; /* of the server's list */
};
struct reflector *reflector_start(struct local_client *c, const struct watch_handler *h);
void reflector_stop(struct reflector *r); /* no call after this one */

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* client/client.h in process. A call enters the request path under the client's identity: routed already, authorized like any
 * other, answered on the client's loop, never from inside the call. A watch is a subscription to the object cache. */
#ifndef SERVER_APISERVER_LOCAL_LOCAL_CLIENT_H
#define SERVER_APISERVER_LOCAL_LOCAL_CLIENT_H

#include "client/client.h"

struct apiserver;
struct client *local_client_new(struct apiserver *s, struct loop *l, const char *user,
				const char *const *groups);
void local_client_free(struct client *c);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* What remote.c, remote_call.c and remote_reflector.c share. Private to client/. */
#ifndef CLIENT_REMOTE_PARTS_H
#define CLIENT_REMOTE_PARTS_H

#include "base/list.h"
#include "client/remote.h"
#include "net/http_client.h"

struct remote_identity { /* one is used, former ones stay for the connections that may still need them */
	struct remote_identity *former;
	struct tls_client *tls;
};
struct remote {
	struct client client;
	struct http_client *http;
	struct remote_identity *identity;
	char *host, *user, *agent, *authorization; /* "Bearer …", or NULL */
	int port;
	struct buf ca;
	struct list calls;      /* struct remote_call */
	struct list reflectors; /* struct reflector */
};
struct remote_request {
	struct str method, target, content_type, body;
	const struct http_call_ops *ops;
	void *ctx;
	uint64_t timeout_ms;
};
struct http_call *remote_send(struct remote *r, const struct remote_request *request);
/* "/apis/apps/v1/namespaces/default/deployments" */
void remote_path(const struct api_resource *res, struct str ns, struct buf *out);

/* How long the answer asks to wait before the same is asked again; below 0: it does not, or for more than we are ready to wait. */
#define REMOTE_WAIT_MAX_MS 60000
int64_t remote_wait_ms(const struct http_response *response);

void remote_call(struct client *client, const struct client_call *call);
void remote_calls_drop(struct remote *r); /* the client goes */

struct reflector *remote_watch(struct client *client, const struct watch_handler *h);
void remote_unwatch(struct client *client, struct reflector *r);
void remote_reflector_renew(struct list *link); /* connects again */
void remote_reflector_drop(struct list *link);  /* the client goes */

#endif

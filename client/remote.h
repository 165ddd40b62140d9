/* SPDX-License-Identifier: Apache-2.0 */
/* client/client.h over HTTPS: the same interface against an API server elsewhere. HTTP/1.1 with kept connections, one of its own for
 * each watch. The server is verified against the given authorities; we show a client certificate or a bearer token. Calls
 * that fail on the way come back with an err; those that are answered 429 or 5xx with a Retry-After of up to a minute are sent again
 * after it, ten times at most. Watches begin again by themselves, for ever, with a pause that grows. All on one loop
 * (made before it runs, or on its thread). */
#ifndef CLIENT_REMOTE_H
#define CLIENT_REMOTE_H

#include "client/client.h"

struct remote_config {
	struct loop *loop;
	const char *host; /* name or address */
	int port;
	struct str
		ca_pem; /* empty: the server is not verified; for its CA alone (see agent/join) */
	struct str cert_pem, key_pem; /* may be empty */
	const char *token;            /* NULL: none */
	const char *user;             /* "system:node:n1"; for logs */
	const char *agent; /* of the User-Agent, and so the name of the field manager: "kubelet" */
};
int remote_client_new(const struct remote_config *c, struct client **out, struct err *err);
/* A renewed certificate: from now on connections are made with it; watches move over to it without a gap. */
int remote_client_renew(struct client *client, struct str cert_pem, struct str key_pem,
			struct err *err);
/* Calls under way are not answered any more, watches end: no callback after this. Before the loop is closed. */
void remote_client_free(struct client *client);

#endif

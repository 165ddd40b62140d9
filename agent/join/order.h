/* SPDX-License-Identifier: Apache-2.0 */
/* Orders a certificate: a CertificateSigningRequest is sent and watched until it is signed or refused. Client's loop. */
#ifndef AGENT_JOIN_ORDER_H
#define AGENT_JOIN_ORDER_H

#include "client/client.h"

/* The certificates of a node: its kubelet's two, and those of its service proxy and its name server, which are no part of the kubelet and
 * have names and rights of their own. */
enum order_kind { ORDER_KUBELET, ORDER_SERVING, ORDER_PROXY, ORDER_DNS, ORDER_KINDS };
#define ORDER_PROXY_USER "system:kube-proxy"
#define ORDER_DNS_USER   "system:serviceaccount:kube-system:coredns"

/* Called once, never from inside order_start(): the chain and its key as PEM, borrowed; or why not. FORBIDDEN: it was refused. */
typedef void (*order_done)(void *ctx, struct str cert_pem, struct str key_pem,
			   const struct err *err);
struct order;
struct order *order_start(struct client *c, enum order_kind kind, const char *node_name,
			  order_done done, void *ctx);
void order_cancel(struct order *o); /* before done: it does not come */

#endif

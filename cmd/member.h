/* SPDX-License-Identifier: Apache-2.0 */
/* A member of the cluster: a node as `allinone server` and `allinone agent` run it: kubelet, service proxy, routes to other nodes and the name server, on two
 * loops of their own. Everything is built on the caller's thread before the loops run. */
#ifndef CMD_MEMBER_H
#define CMD_MEMBER_H

#include "client/client.h"
#include "cmd/node_options.h"

/* Who asks the API server: each is an identity of its own. */
enum member_part { MEMBER_KUBELET, MEMBER_NETWORK, MEMBER_DNS };
struct member_config { /* all of it stays valid until the end */
	const struct node_options *options;
	const char *const *cluster_cidrs, *const *cluster_dns; /* NULL-terminated */
	const char *cluster_domain;
	const char *serving_cert, *serving_key, *client_ca; /* PEM files */
	struct client *(*client_for)(void *ctx, enum member_part part, struct loop *l);
	void (*on_ready)(void *ctx); /* the Node is Ready for the first time; on its loop */
	void *ctx;
};
struct member;
int member_new(const struct member_config *c, struct member **out,
	       struct err *err); /* makes the loops */
int member_start(struct member *n, struct err *err);
int member_spawn(struct member *n, struct err *err); /* the loops run */
struct loop *member_loop(struct member *n);          /* the kubelet's */
struct kubelet *member_kubelet(struct member *n);
void member_stop(struct member *n, void (*done)(void *ctx),
		 void *ctx); /* any thread; done on one of its loops. Pods keep running */
void member_join(struct member *n);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* How a machine becomes a node of a cluster elsewhere. With a token: the authority's certificate is fetched and must have the token's
 * hash; then a client certificate is asked for with the token, and with that all the rest. With a certificate from before no token is
 * needed, and what a node has to know is remembered, so that it starts while the server is away. Blocks (on a loop of its own)
 * until all is there: it tries again for ever, with a growing pause; only what waiting can't mend is an error.
 *
 * In DATADIR/agent: server-ca.crt, client-ca.crt, cluster.json, and with 0600 client-kubelet.pem, serving-kubelet.pem,
 * client-kube-proxy.pem and client-coredns.pem. */
#ifndef AGENT_JOIN_JOIN_H
#define AGENT_JOIN_JOIN_H

#include "agent/join/order.h"
#include "agent/join/token.h"

struct join_config {
	const char *host;
	int port;
	const struct join_token *token; /* NULL: none */
	const char *data_dir, *node_name;
};
struct join_files { /* paths */
	char *server_ca, *client_ca, *cluster;
	char *pairs[ORDER_KINDS];
};
void join_files_of(const char *data_dir, struct join_files *out);
void join_files_free(struct join_files *f);

struct join_cluster {                        /* what the cluster says of itself */
	char **cluster_cidrs, **cluster_dns; /* NULL-terminated */
	char *cluster_domain;
};
int join_run(const struct join_config *c, struct join_cluster *out, struct err *err);
void join_cluster_free(struct join_cluster *c);

#endif

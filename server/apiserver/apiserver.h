/* SPDX-License-Identifier: Apache-2.0 */
/* The API server as cmd/ starts it: PKI, store, cache, request path, HTTPS listener, in-process clients. */
#ifndef SERVER_APISERVER_APISERVER_H
#define SERVER_APISERVER_APISERVER_H

#include "client/client.h"
#include "net/loop.h"

struct apiserver;
struct store;
struct apiserver_config {
	const char *data_dir; /* DATADIR/server/{db,tls,cred} below it, as k3s lays it out */
	const char *const *bind_addresses; /* NULL-terminated */
	int port;
	const char *advertise_address; /* NULL: the address of the default route */
	const char *const *tls_sans;   /* NULL-terminated, may be NULL */
	const char *cluster_cidr, *service_cidr, *cluster_dns,
		*cluster_domain; /* comma-separated for dual stack */
	const char *service_node_port_range;
	int64_t compaction_ms; /* how often old revisions are forgotten; 0: every 5 minutes */
	int64_t event_ttl_s;   /* how long events are kept; 0: an hour */
	const char *write_kubeconfig; /* path, NULL: DATADIR/server/cred/admin.kubeconfig only */
	const char *write_kubeconfig_mode; /* "0600" */
	bool api_only; /* the other parts of a cluster are someone else's: no roles for them */
	struct store *store; /* NULL: the embedded log in data_dir; closed with the server */
	struct loop **loops; /* API loops, initialised, not yet running */
	size_t nloops;
};
int apiserver_start(const struct apiserver_config *c, struct apiserver **out, struct err *err);
/* A client in process, with the identity's own rights. `groups` NULL-terminated, may be NULL. */
struct client *apiserver_local_client(struct apiserver *s, struct loop *l, const char *user,
				      const char *const *groups);
/* PEM of certificates that the node on this machine needs: issues and keeps (in DATADIR/agent) kubelet serving and client
 * certificates, and renews them while running. Paths are returned in out (owned by the apiserver). Before the loops run. */
struct apiserver_node_files {
	const char *client_ca, *serving_cert, *serving_key;
};
struct apiserver_node_renewal { /* the files are others now; on loops[0] */
	void (*renewed)(void *ctx);
	void *ctx;
};
int apiserver_issue_node(struct apiserver *s, const char *node_name,
			 const struct apiserver_node_renewal *renewal,
			 struct apiserver_node_files *out, struct err *err);
/* A token of a service account that lasts as long as the Secret that holds it. */
int apiserver_secret_token(struct apiserver *s, struct str ns, struct str account, struct str uid,
			   struct str secret, struct buf *out);
bool apiserver_ready(struct apiserver *s);
/* A check shown in /readyz?verbose ("poststarthook/…"); fn from any thread. */
void apiserver_add_ready_check(struct apiserver *s, const char *name, bool (*fn)(void *ctx),
			       void *ctx);
/* Stops accepting, ends watches, flushes the store. Any thread; done on loops[0]. */
void apiserver_stop(struct apiserver *s, void (*done)(void *ctx), void *ctx);
void apiserver_free(struct apiserver *s);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* The controllers as cmd/ starts them. Each is one small file and one row in controllers.c. Control loop only; each writes
 * through a client of its own identity, and all read from one set of informers. */
#ifndef SERVER_CONTROLLERS_CONTROLLERS_H
#define SERVER_CONTROLLERS_CONTROLLERS_H

#include "client/client.h"
#include "server/controllers/autoscaling/autoscaler_config.h"
#include "server/controllers/nodes/node_health.h"
#include "server/controllers/nodes/node_zones.h"

struct controllers;
struct controllers_authority { /* PEM */
	struct str cert_pem, key_pem;
};
struct controllers_token { /* what a token without end stands for */
	struct str ns, account, account_uid, secret;
};
struct controllers_config {
	struct client *
		client; /* system:kube-controller-manager: the informers'; its loop is the control loop */
	/* A client for a controller: user "system:serviceaccount:kube-system:NAME". Called once per controller. */
	struct client *(*client_for)(void *ctx, const char *name);
	int (*account_token)(void *ctx, const struct controllers_token *t, struct buf *out);
	void *ctx;
	struct str
		root_ca_pem; /* kube-root-ca.crt; these and the lists stay valid while the controllers run */
	struct controllers_authority client_ca, server_ca; /* sign requests */
	int64_t signing_ms;               /* for so long, unless something shorter is asked */
	const char *const *cluster_cidrs; /* node IPAM; NULL-terminated */
	const char *const *service_cidrs;
	bool no_load_balancers; /* somebody else gives Services their addresses */
	struct node_health_config node_health;
	struct node_zones_config node_zones;
	struct autoscaler_config autoscaler;
	int64_t terminated_pods;   /* more than so many that have ended are removed; 0: they stay */
	const char *manifests_dir; /* NULL: nothing is applied from a directory */
	struct client *administrator; /* may do everything: applies manifests */
};
int controllers_start(const struct controllers_config *c, struct controllers **out,
		      struct err *err);
void controllers_stop(struct controllers *c);

#endif

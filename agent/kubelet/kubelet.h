/* SPDX-License-Identifier: Apache-2.0 */
/* The kubelet: registers the node, runs the pods bound to it through agent/runtime and agent/network, reports status, serves
 * logs, exec, attach and port-forward on its HTTPS port. Talks to the API only through the client. Node loop only. */
#ifndef AGENT_KUBELET_KUBELET_H
#define AGENT_KUBELET_KUBELET_H

#include "agent/kubelet/node/pressure_rules.h"
#include "client/client.h"

struct kubelet;
struct kubelet_config {
	struct loop *loop;     /* the node loop */
	struct client *client; /* as system:node:NAME */
	const char *data_dir, *run_dir;
	const char *node_name;
	const char *const *node_ips; /* NULL-terminated; empty: found out */
	const char *const
		*pod_cidrs; /* fallback until the Node object has podCIDRs; NULL-terminated */
	const char *const *cluster_cidrs;
	const char *cluster_dns, *cluster_domain;
	const char *const *node_labels, *const *node_taints; /* "k=v", "k=v:Effect"; may be NULL */
	int port;                                            /* 10250 */
	const char *serving_cert, *serving_key, *client_ca;  /* PEM files */
	const char *registries;                              /* registries.yaml; NULL: none */
	bool mirrors_only;                  /* registries that have mirrors are left alone */
	int max_pods;                       /* 0: 110 */
	struct pressure_options eviction;   /* its texts are read by kubelet_start() only */
	const char *allowed_unsafe_sysctls; /* sysctls.h; NULL: none */
	void (*on_ready)(void *ctx);        /* the Node is Ready for the first time; may be NULL */
	void *ctx;
};
int kubelet_start(const struct kubelet_config *c, struct kubelet **out, struct err *err);
/* The files of the serving certificate changed: new connections get it. Node loop. */
int kubelet_certificate_renewed(struct kubelet *k, struct err *err);
void kubelet_stop(struct kubelet *k, void (*done)(void *ctx), void *ctx); /* pods keep running */

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* The kubelet's HTTPS port: logs, exec, attach, port-forward, pods, statistics. Only clients with a certificate of the cluster's
 * client CA that are administrators or the API server itself get in. Errors are plain text, as upstream's are: the API server
 * makes them into Status objects. Node loop only. Upstream's pkg/kubelet/server. */
#ifndef AGENT_KUBELET_SERVE_SERVER_H
#define AGENT_KUBELET_SERVE_SERVER_H

#include "agent/kubelet/pod/params.h"
#include "agent/kubelet/pod/pod.h"
#include "net/http_server.h"

int server_start(struct kubelet *k, struct err *err);
int server_reload(struct kubelet *k, struct err *err); /* the certificate files changed */
void server_stop(struct kubelet *k); /* stops accepting; streams end with their connections */
void server_free(struct kubelet *k);

/* What a handler gets: the parts of the path behind the route's name, decoded, and the query. The arena lives for the call. */
struct server_call {
	struct kubelet *k;
	struct http_request *req;
	struct arena *arena;
	struct str parts[4];
	size_t nparts;
	struct params query;
};
void server_reply(struct http_request *req, int status, const char *type,
		  struct buf *body); /* takes the body */
void server_error(struct http_request *req, int status, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
/* The container that NAMESPACE/POD[/UID]/CONTAINER means; NULL: the request was answered. */
struct pod_container *server_container(const struct server_call *c);
struct pod *server_pod(const struct server_call *c);

/* False: it does not run. */
bool container_usage(const struct pod_container *c, struct runtime_usage *out);

void server_logs(struct server_call *c);
void server_exec(struct server_call *c);
void server_attach(struct server_call *c);
void server_port_forward(struct server_call *c);
void server_pods(struct server_call *c);
void server_stats(struct server_call *c);
void server_metrics(struct server_call *c);
/* Followers of logs look again: a container ended. */
void logs_look_again(struct kubelet *k);

#endif

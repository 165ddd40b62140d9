/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of this room share: the apiserver's own state. Set up by apiserver_start() before the loops run and
 * constant afterwards, except for what says otherwise. */
#ifndef SERVER_APISERVER_SERVER_H
#define SERVER_APISERVER_SERVER_H

#include <stdatomic.h>

#include "base/clock.h"
#include "base/version.h"
#include "net/http_client.h"
#include "net/http_server.h"
#include "server/apiserver/admission/quota_gate.h"
#include "server/apiserver/apiserver.h"
#include "server/apiserver/authn/impersonation.h"
#include "server/apiserver/authn/token.h"
#include "server/apiserver/kubelet/kubelet_link.h"
#include "server/apiserver/pages/health.h"
#include "server/apiserver/pages/node_files.h"
#include "server/apiserver/pki/layout.h"
#include "server/apiserver/registry/ports.h"
#include "server/apiserver/registry/service_ip.h"
#include "storage/cache/cache.h"

#define API_VERSION_TEXT KUBERNETES_VERSION
#define FLOW_READ_MAX    400 /* --max-requests-inflight */
#define FLOW_WRITE_MAX   200 /* --max-mutating-requests-inflight */
enum { FLOW_READ, FLOW_WRITE, FLOW_KINDS };

struct apiserver {
	char *data_dir, *advertise_address, *service_cidr, *cluster_cidr, *cluster_domain,
		*node_port_range;
	char *cluster_dns;     /* the first one */
	char *cluster_dns_all; /* comma-separated */
	char *kubeconfig_path;
	int port;
	mode_t kubeconfig_mode;
	char **tls_sans;
	bool api_only; /* the rest of the cluster is someone else's */
	struct loop **loops;
	size_t nloops;
	int64_t event_ttl_s;
	struct clock *clock;
	int64_t started_s;

	struct store *store;
	struct cache_set *caches;
	struct pki pki;
	struct token_keys *tokens;
	struct token_cache *token_cache;     /* locked inside */
	struct token_tracker *token_tracker; /* locked inside */
	struct authorizer *authorizer;       /* locked inside */
	struct service_ranges ranges;        /* locked inside */
	struct port_range ports;             /* locked inside */
	struct quota_gates quota_gates;      /* locked inside */
	struct impersonation_ways ways;      /* any thread */

	struct buf client_authorities; /* PEM: of clients, of the request header */
	struct tls_server *tls;
	struct http_server *http;
	struct kubelet_links links;      /* towards nodes; locked inside */
	struct tls_client *insecure_tls; /* towards pods that speak https; under links.lock */
	struct health health;
	struct loop_timer renewal; /* on loops[0] */

	_Atomic int in_flight[FLOW_KINDS];
	_Atomic bool ready, stopping;
	_Atomic bool store_fails;          /* the last write did not reach the disk */
	struct crd_registry *crds;         /* custom resources; locked inside */
	struct crd_keeper *crd_keeper;     /* on loops[0] */
	struct openapi_documents *openapi; /* locked inside */
	struct node_files *node_files;     /* before the loops run */
	struct client *clients;            /* in-process ones; under links.lock */
	void (*stopped)(void *ctx);
	void *stopped_ctx;
};

/* Of the version in which a resource is stored. */
struct cache *server_cache(struct apiserver *s, const struct api_resource *r);

#endif

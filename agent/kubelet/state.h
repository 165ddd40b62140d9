/* SPDX-License-Identifier: Apache-2.0 */
/* The kubelet's own state, shared by its files and by nobody else. Loop thread only, but for what is marked constant, which
 * worker threads read, too. */
#ifndef AGENT_KUBELET_STATE_H
#define AGENT_KUBELET_STATE_H

#include "agent/kubelet/certificates/certificates.h"
#include "agent/kubelet/events.h"
#include "agent/kubelet/kubelet.h"
#include "agent/kubelet/node/eviction.h"
#include "agent/kubelet/node/machine.h"
#include "agent/kubelet/node/usage.h"
#include "agent/kubelet/volumes/sources.h"
#include "agent/kubelet/volumes/trust_bundles.h"
#include "agent/network/network.h"
#include "agent/runtime/runtime.h"
#include "base/map.h"
#include "client/informer.h"
#include "net/http_client.h"

struct node;
struct local_volumes;
struct kubelet {
	struct loop *loop;
	struct client *client;
	struct clock *clock;
	struct kubelet_config config; /* constant; texts and lists are copies */
	struct machine machine;       /* constant */
	const char *const *host_ips;  /* constant; NULL-terminated, primary first */
	struct runtime *runtime;
	struct image_store *images;
	struct network *network; /* NULL until the node's pod CIDRs are known */
	struct sources *sources;
	struct trust_bundles *trust;
	struct certificates *certificates;
	struct events *events;
	struct informer *services;
	struct reflector *pod_watch;
	struct map pods;     /* uid → struct pod */
	struct map restored; /* uids of sandboxes found at start and not yet claimed by a pod */
	bool pods_synced, stopping;
	struct node *node;
	struct pressure_rules pressure; /* constant */
	struct eviction *eviction;
	struct usage_history usage; /* of the machine */
	struct local_volumes *local_volumes;
	struct http_client *http; /* probes and hooks */
	struct http_server *server;
	struct tls_server *tls;
	struct list followers; /* of logs; made at the first use */
	void (*stopped)(void *ctx);
	void *stopped_ctx;
};

#endif

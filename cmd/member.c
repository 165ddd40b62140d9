/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/member.h"

#include "agent/kubelet/kubelet.h"
#include "agent/network/host_address.h"
#include "agent/network/node_routes.h"
#include "agent/network/service_proxy.h"
#include "base/mem.h"
#include "server/dns/dns.h"

#define THREAD_STACK (1u << 20)
#define DNS_PORT     53

struct member {
	struct member_config config;
	struct loop loop, dns_loop;
	struct kubelet *kubelet;
	struct service_proxy *proxy;
	struct node_routes *routes;
	struct dns *dns;
	void (*stopped)(void *ctx);
	void *stopped_ctx;
};

static const char *const *items(const struct flag_list *l)
{
	static const char *const none[] = { NULL };
	return l->n ? (const char *const *)l->items : none;
}

int member_new(const struct member_config *c, struct member **out, struct err *err)
{
	struct member *n = NEW(struct member);
	n->config = *c;
	*out = n;
	int r = loop_init(&n->loop, "node", err);
	return r < 0 ? r : loop_init(&n->dns_loop, "dns", err);
}

static int start_kubelet(struct member *n, struct err *err)
{
	const struct member_config *c = &n->config;
	const struct node_options *o = c->options;
	const struct kubelet_config config = {
		.loop = &n->loop,
		.client = c->client_for(c->ctx, MEMBER_KUBELET, &n->loop),
		.data_dir = o->data_dir,
		.run_dir = o->run_dir,
		.node_name = o->node_name,
		.node_ips = items(&o->node_ip),
		.cluster_cidrs = c->cluster_cidrs,
		.cluster_dns = c->cluster_dns[0],
		.cluster_domain = c->cluster_domain,
		.node_labels = items(&o->node_label),
		.node_taints = items(&o->node_taint),
		.port = (int)o->kubelet_port,
		.serving_cert = c->serving_cert,
		.serving_key = c->serving_key,
		.client_ca = c->client_ca,
		.registries = o->private_registry,
		.mirrors_only = o->disable_default_registry_endpoint,
		.max_pods = (int)o->max_pods,
		.eviction = o->eviction,
		.allowed_unsafe_sysctls = o->allowed_unsafe_sysctls,
		.on_ready = c->on_ready,
		.ctx = c->ctx,
	};
	int r = kubelet_start(&config, &n->kubelet, err);
	return r < 0 ? err_wrap(err, r, "kubelet") : 0;
}

static int start_network(struct member *n, struct err *err)
{
	const struct member_config *c = &n->config;
	struct client *client = c->client_for(c->ctx, MEMBER_NETWORK, &n->loop);
	const struct service_proxy_config config = {
		.client = client,
		.node_name = c->options->node_name,
		.cluster_cidrs = c->cluster_cidrs,
		.own_addresses = c->cluster_dns,
	};
	n->routes = node_routes_start(client, c->options->node_name);
	return service_proxy_start(&config, &n->proxy, err);
}

/* On the cluster's DNS address, which is one of this machine's own. */
static int start_dns(struct member *n, struct err *err)
{
	const struct member_config *c = &n->config;
	for (const char *const *a = c->cluster_dns; *a; a++) {
		int r = host_address_add(c->options->run_dir, *a, err);
		if (r < 0)
			return r;
	}
	const struct dns_config config = {
		.client = c->client_for(c->ctx, MEMBER_DNS, &n->dns_loop),
		.domain = c->cluster_domain,
		.addresses = c->cluster_dns,
		.port = DNS_PORT,
		.resolv_conf = "/etc/resolv.conf",
	};
	return dns_start(&config, &n->dns, err);
}

int member_start(struct member *n, struct err *err)
{
	int r = start_kubelet(n, err);
	if (r == 0)
		r = start_network(n, err);
	return r < 0 ? r : start_dns(n, err);
}

int member_spawn(struct member *n, struct err *err)
{
	int r = loop_spawn(&n->loop, THREAD_STACK, err);
	return r < 0 ? r : loop_spawn(&n->dns_loop, THREAD_STACK, err);
}

struct loop *member_loop(struct member *n)
{
	return &n->loop;
}

struct kubelet *member_kubelet(struct member *n)
{
	return n->kubelet;
}

/* --- stop: one after the other, each on its loop --- */

static void stop_dns(void *ctx)
{
	struct member *n = ctx;
	dns_stop(n->dns);
	for (const char *const *a = n->config.cluster_dns; *a; a++)
		host_address_remove(n->config.options->run_dir, *a, NULL);
	loop_stop(&n->dns_loop);
	n->stopped(n->stopped_ctx);
}

static void network_stopped(void *ctx)
{
	struct member *n = ctx;
	loop_stop(&n->loop);
	loop_call(&n->dns_loop, stop_dns, n);
}

static void kubelet_stopped(void *ctx)
{
	struct member *n = ctx;
	node_routes_stop(TAKE(n->routes));
	service_proxy_stop(n->proxy, network_stopped, n);
}

static void stop_kubelet(void *ctx)
{
	struct member *n = ctx;
	kubelet_stop(n->kubelet, kubelet_stopped, n);
}

void member_stop(struct member *n, void (*done)(void *ctx), void *ctx)
{
	n->stopped = done;
	n->stopped_ctx = ctx;
	loop_call(&n->loop, stop_kubelet, n);
}

void member_join(struct member *n)
{
	loop_join(&n->loop);
	loop_join(&n->dns_loop);
}

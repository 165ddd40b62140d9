/* SPDX-License-Identifier: Apache-2.0 */
/* Start and stop, and the wires between the parts:
 *   kubelet_start (any thread): runtime, machine, HTTPS port      begin (node loop): services, node
 *   pod CIDRs known: network → sandboxes of before → pods         services and pods seen: orphans go
 * Exits and changed sources end in pod_sync() of the pods concerned. */
#include "agent/kubelet/kubelet.h"

#include <stdio.h>

#include "agent/kubelet/node/node.h"
#include "agent/kubelet/orphans.h"
#include "agent/kubelet/pod/pod.h"
#include "agent/kubelet/pod/refs.h"
#include "agent/kubelet/serve/server.h"
#include "agent/kubelet/volumes/local_volumes.h"
#include "agent/network/cidr.h"
#include "agent/network/link.h"
#include "agent/runtime/registries.h"
#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"
#include "generated/api_tables.h"

#define MAX_PODS_DEFAULT 110
#define KUBELET_PORT     10250

/* --- configuration --- */

static const char *text(const char *s)
{
	return s ? str_dup(str_from(s)) : NULL;
}

static const char *const *list(const char *const *l)
{
	size_t n = 0;
	while (l && l[n])
		n++;
	const char **out = mem_zalloc((n + 1) * sizeof(char *));
	for (size_t i = 0; i < n; i++)
		out[i] = text(l[i]);
	return out;
}

static void list_free(const char *const *l)
{
	for (size_t i = 0; l && l[i]; i++)
		free((char *)l[i]);
	free((void *)l);
}

static void config_copy(struct kubelet_config *to, const struct kubelet_config *c)
{
	*to = *c;
	to->data_dir = text(c->data_dir);
	to->run_dir = text(c->run_dir);
	to->node_name = text(c->node_name);
	to->cluster_dns = text(c->cluster_dns);
	to->cluster_domain = text(c->cluster_domain ? c->cluster_domain : "cluster.local");
	to->serving_cert = text(c->serving_cert);
	to->serving_key = text(c->serving_key);
	to->client_ca = text(c->client_ca);
	to->registries = text(c->registries);
	to->allowed_unsafe_sysctls =
		text(c->allowed_unsafe_sysctls ? c->allowed_unsafe_sysctls : "");
	to->node_ips = list(c->node_ips);
	to->pod_cidrs = list(c->pod_cidrs);
	to->cluster_cidrs = list(c->cluster_cidrs);
	to->node_labels = list(c->node_labels);
	to->node_taints = list(c->node_taints);
	to->port = c->port ? c->port : KUBELET_PORT;
	to->max_pods = c->max_pods ? c->max_pods : MAX_PODS_DEFAULT;
}

static void config_free(struct kubelet_config *c)
{
	const char *const texts[] = { c->data_dir,       c->run_dir,
				      c->node_name,      c->cluster_dns,
				      c->cluster_domain, c->serving_cert,
				      c->serving_key,    c->client_ca,
				      c->registries,     c->allowed_unsafe_sysctls };
	for (size_t i = 0; i < COUNT_OF(texts); i++)
		free((char *)texts[i]);
	list_free(c->node_ips);
	list_free(c->pod_cidrs);
	list_free(c->cluster_cidrs);
	list_free(c->node_labels);
	list_free(c->node_taints);
}

/* The first address of each family, the one of the default route before others. */
static int find_host_ips(struct kubelet *k, struct err *err)
{
	struct netlink nl;
	struct ip ips[64];
	size_t n = 0, found = 0;
	if (k->config.node_ips[0]) {
		k->host_ips = list(k->config.node_ips);
		return 0;
	}
	int r = netlink_open(&nl, NETLINK_ROUTE, err);
	if (r == 0)
		r = address_list(&nl, ips, COUNT_OF(ips), &n, err);
	netlink_close(&nl);
	if (r < 0)
		return r;
	const char **out = mem_zalloc(3 * sizeof(char *));
	for (int family = AF_INET;; family = AF_INET6) {
		for (size_t i = 0; i < n; i++)
			if (ips[i].family == family) {
				char address[IP_TEXT_MAX];
				ip_format(&ips[i], address);
				out[found++] = text(address);
				break;
			}
		if (family == AF_INET6)
			break;
	}
	if (!found)
		out[0] = text("127.0.0.1");
	k->host_ips = out;
	return 0;
}

/* --- what happens to pods from outside --- */

static void on_exit_of(void *ctx, const char *pod_uid, const char *container_id)
{
	struct kubelet *k = ctx;
	struct pod *p = pod_by_uid(k, pod_uid);
	struct container_status s;
	if (p && !container_id) {
		pod_sandbox_lost(p);
		pod_sync(p);
		return;
	}
	if (!p || !runtime_container_status(k->runtime, container_id, &s) ||
	    s.state != CONTAINER_EXITED)
		return;
	for (size_t i = 0; i < p->ncontainers; i++)
		if (!strcmp(p->containers[i]->id, container_id))
			pod_container_ended(p->containers[i], &s, NULL, NULL);
	logs_look_again(k);
	pod_sync(p);
}

struct change {
	enum source_kind kind;
	struct str name;
	bool hit;
};

static void compare(void *ctx, enum source_kind kind, struct str name)
{
	struct change *c = ctx;
	c->hit = c->hit || (kind == c->kind && str_eq(name, c->name));
}

static void source_came(struct pod *p)
{
	p->volumes_dirty = true;
	p->sandbox_retry_us = 0;
	for (size_t i = 0; i < p->ncontainers; i++) {
		struct pod_container *c = p->containers[i];
		if (c->waiting_reason && !strcmp(c->waiting_reason, "CreateContainerConfigError"))
			c->pull_retry_at_us = 0;
	}
	pod_sync(p);
}

static void on_source(void *ctx, enum source_kind kind, struct str ns, struct str name)
{
	struct kubelet *k = ctx;
	size_t at = 0, n = 0;
	struct pod **hit = mem_alloc((k->pods.count + 1) * sizeof(*hit));
	for (struct map_entry *e; (e = map_next(&k->pods, &at));) {
		struct pod *p = e->value;
		struct change c = { kind, name, false };
		if (!p->object || !str_eqz(ns, p->ns))
			continue;
		refs_each(&p->api, compare, &c);
		if (c.hit)
			hit[n++] = p;
	}
	for (size_t i = 0; i < n; i++)
		source_came(hit[i]);
	free(hit);
}

static void on_trust(void *ctx)
{
	struct kubelet *k = ctx;
	size_t at = 0, n = 0;
	struct pod **hit = mem_alloc((k->pods.count + 1) * sizeof(*hit));
	for (struct map_entry *e; (e = map_next(&k->pods, &at));) {
		struct pod *p = e->value;
		if (p->object && refs_trust_bundles(&p->api))
			hit[n++] = p;
	}
	for (size_t i = 0; i < n; i++)
		source_came(hit[i]);
	free(hit);
}

static void on_certificate(void *ctx, const char *pod_uid)
{
	struct pod *p = pod_by_uid(ctx, pod_uid);
	if (p)
		source_came(p);
}

static void on_certificate_event(void *ctx, const char *pod_uid, const char *reason,
				 const char *text)
{
	struct pod *p = pod_by_uid(ctx, pod_uid);
	if (p)
		pod_event(p, NULL, true, reason, "%s", text);
}

static const char *uid_of_node(void *ctx)
{
	struct kubelet *k = ctx;
	return node_uid(k->node);
}

static void start_sources(struct kubelet *k)
{
	const struct certificates_config c = { .client = k->client,
					       .clock = k->clock,
					       .node_name = k->config.node_name,
					       .node_uid = uid_of_node,
					       .on_change = on_certificate,
					       .on_event = on_certificate_event,
					       .ctx = k };
	k->sources = sources_new(k->client, on_source, k);
	k->trust = trust_bundles_new(k->client, on_trust, k);
	k->certificates = certificates_new(&c);
}

static void sync_all(struct kubelet *k)
{
	size_t at = 0, n = 0;
	struct pod **all = mem_alloc((k->pods.count + 1) * sizeof(*all));
	for (struct map_entry *e; (e = map_next(&k->pods, &at));)
		all[n++] = e->value;
	for (size_t i = 0; i < n; i++)
		pod_sync(all[i]);
	free(all);
}

static void on_services(void *ctx)
{
	sync_all(ctx);
}

static void on_pod(void *ctx, const struct object *old, const struct object *new)
{
	pod_on_change(ctx, old, new);
}

/* --- start --- */

static void on_pods_synced(void *ctx)
{
	struct kubelet *k = ctx;
	if (k->pods_synced)
		return;
	k->pods_synced = true;
	orphans_remove(k);
	node_images_changed(k->node);
	pods_admit(k);
}

static void on_restored(void *ctx, const char *pod_uid, const char *netns_path)
{
	struct kubelet *k = ctx;
	(void)netns_path;
	map_put(&k->restored, str_from(pod_uid), k);
}

static void watch_pods(struct kubelet *k)
{
	auto_free char *selector = str_printf("spec.nodeName=%s", k->config.node_name);
	struct watch_handler h = {
		.resource = API_CORE_V1_PODS,
		.field_selector = str_from(selector),
		.on_change = on_pod,
		.on_synced = on_pods_synced,
		.ctx = k,
	};
	k->pod_watch = client_watch(k->client, &h);
}

static void on_cidrs(struct kubelet *k, const char *const *cidrs)
{
	auto_free char *state_dir = str_printf("%s/agent/network", k->config.data_dir);
	auto_free char *run_dir = str_printf("%s/netns", k->config.run_dir);
	auto_err err = { 0 };
	struct network_config c = {
		.state_dir = state_dir,
		.run_dir = run_dir,
		.pod_cidrs = cidrs,
		.cluster_cidrs = k->config.cluster_cidrs,
	};
	int r = network_new(&c, &k->network, &err);
	if (r == 0)
		r = runtime_restore(k->runtime, on_restored, k, &err);
	if (r < 0) {
		log_error("no pods on this node", LOG_S("error", err_text(&err)));
		node_event(k, true, "FailedToStart", err_text(&err));
		return;
	}
	node_network_ready(k->node);
	watch_pods(k);
}

static void begin(void *ctx)
{
	struct kubelet *k = ctx;
	if (k->stopping)
		return;
	k->http = http_client_new(k->loop);
	k->events = events_new(k->client, k->clock, k->config.node_name);
	start_sources(k);
	k->services = informer_new(k->client, API_CORE_V1_SERVICES, (struct str){ 0 },
				   (struct str){ 0 }, (struct str){ 0 });
	informer_hook_add(k->services, NULL, on_services, k);
	informer_start(k->services);
	k->eviction = eviction_new(k, &k->pressure);
	k->node = node_start(k, on_cidrs);
	auto_free char *storage = str_printf("%s/storage", k->config.data_dir);
	k->local_volumes = local_volumes_start(k->client, k->config.node_name, storage);
	node_event(k, false, "Starting", "Starting kubelet.");
}

static void kubelet_free(struct kubelet *k)
{
	server_free(k);
	runtime_free(k->runtime);
	network_free(k->network);
	list_free(k->host_ips);
	config_free(&k->config);
	free(k);
}

static void keep_back(struct machine *m, const struct pressure_thresholds *t)
{
	m->allocatable_bytes =
		(m->memory_bytes - pressure_limit(t, PRESSURE_MEMORY, m->memory_bytes)) / 1024 *
		1024;
	m->allocatable_disk_bytes =
		m->disk_bytes - pressure_limit(t, PRESSURE_NODEFS, m->disk_bytes);
}

static int start_parts(struct kubelet *k, struct err *err)
{
	auto_free char *root = str_printf("%s/agent", k->config.data_dir);
	auto_free char *pods = str_printf("%s/agent/kubelet/pods", k->config.data_dir);
	struct runtime_config c = {
		.loop = k->loop,
		.root_dir = root,
		.run_dir = k->config.run_dir,
		.cgroup_root = "kubepods",
		.on_exit = on_exit_of,
		.ctx = k,
	};
	int r = pressure_rules_parse(&k->config.eviction, &k->pressure, err);
	if (r == 0)
		r = dir_make(pods, 0750, err);
	if (r == 0)
		r = find_host_ips(k, err);
	if (r == 0)
		r = registries_check(k->config.registries, err);
	if (r == 0)
		r = runtime_new(&c, &k->runtime, err);
	if (r < 0)
		return r;
	k->images = runtime_images(k->runtime);
	image_store_registries(k->images, k->config.registries, k->config.mirrors_only);
	machine_read(k->config.data_dir, &k->machine);
	keep_back(&k->machine, &k->pressure.hard);
	return server_start(k, err);
}

int kubelet_start(const struct kubelet_config *c, struct kubelet **out, struct err *err)
{
	struct kubelet *k = NEW(struct kubelet);
	k->loop = c->loop;
	k->client = c->client;
	k->clock = clock_real();
	config_copy(&k->config, c);
	int r = start_parts(k, err);
	if (r < 0) {
		kubelet_free(k);
		return r;
	}
	*out = k;
	loop_call(k->loop, begin, k);
	return 0;
}

int kubelet_certificate_renewed(struct kubelet *k, struct err *err)
{
	return server_reload(k, err);
}

/* --- stop: pods keep running; what is under way ends with the loop --- */

static void stopped(struct kubelet *k)
{
	void (*done)(void *ctx) = k->stopped;
	void *ctx = k->stopped_ctx;
	runtime_leave(k->runtime);
	if (done)
		done(ctx);
}

static void end(void *ctx)
{
	struct kubelet *k = ctx;
	k->stopping = true;
	if (k->pod_watch)
		client_unwatch(k->client, k->pod_watch);
	k->pod_watch = NULL;
	local_volumes_stop(TAKE(k->local_volumes));
	server_stop(k);
	eviction_stop(k->eviction);
	if (k->node)
		node_stop(TAKE(k->node), stopped);
	else
		stopped(k);
}

void kubelet_stop(struct kubelet *k, void (*done)(void *ctx), void *ctx)
{
	k->stopped = done;
	k->stopped_ctx = ctx;
	loop_call(k->loop, end, k);
}

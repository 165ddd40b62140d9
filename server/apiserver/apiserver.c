/* SPDX-License-Identifier: Apache-2.0 */
/* Start in order: names and keys, store and cache, allocators, TLS and listener, then the bootstrap objects once the loops
 * run. Stop in the opposite order. */
#include "server/apiserver/apiserver.h"

#include <stdio.h>

#include "base/file.h"
#include "base/log.h"
#include "server/apiserver/authn/token_tracker.h"
#include "server/apiserver/authz/authz.h"
#include "server/apiserver/authz/policy_install.h"
#include "server/apiserver/bootstrap.h"
#include "server/apiserver/crd/keeper.h"
#include "server/apiserver/crd/registry.h"
#include "server/apiserver/http.h"
#include "server/apiserver/local/local_client.h"
#include "server/apiserver/local/local_reflector.h"
#include "server/apiserver/local/loop_state.h"
#include "server/apiserver/pages/openapi_documents.h"
#include "server/apiserver/pages/request_metrics.h"
#include "server/apiserver/pki/kubeconfig.h"
#include "server/apiserver/pki/names.h"
#include "server/apiserver/registry/ip_address.h"
#include "server/apiserver/registry/service_alloc.h"
#include "server/apiserver/registry/service_range.h"
#include "server/apiserver/server.h"
#include "server/apiserver/verbs.h"
#include "storage/etcd/log.h"

#define STOP_STREAMS_MS  2000
#define EVENT_TTL_S      3600
#define RENEWAL_EVERY_MS (6u * 3600 * 1000)

static const char *const alpn[] = { "h2", "http/1.1", NULL };

/* --- names and keys --- */

/* Of a list with commas; NULL: there is none. */
static char *first_of(const char *list)
{
	return list && *list ? str_dup(str_of(list, strcspn(list, ","))) : NULL;
}

static char *copy(const char *text)
{
	return text ? str_dup(str_from(text)) : NULL;
}

static char **copy_list(const char *const *list)
{
	size_t n = 0;
	while (list && list[n])
		n++;
	char **out = mem_zalloc((n + 1) * sizeof(*out));
	for (size_t i = 0; i < n; i++)
		out[i] = copy(list[i]);
	return out;
}

static void free_list(char **list)
{
	for (size_t i = 0; list && list[i]; i++)
		free(list[i]);
	free(list);
}

static void names_collect(struct apiserver *s, struct name_list *names, struct arena *a)
{
	names_add_service(names, a, s->cluster_domain, s->service_cidr);
	names_add_local(names, a);
	name_list_add(names, a, s->advertise_address);
	for (size_t i = 0; s->tls_sans[i]; i++)
		name_list_add(names, a, s->tls_sans[i]);
}

static struct tls_server_config tls_config(const struct apiserver *s)
{
	const struct pki_pair *pair = &s->pki.leaf[LEAF_SERVING];
	return (struct tls_server_config){ .cert_pem = buf_view(&pair->cert),
					   .key_pem = buf_view(&pair->key),
					   .client_ca_pem = buf_view(&s->client_authorities),
					   .alpn = alpn };
}

static int kubeconfigs_write(struct apiserver *s, struct err *err)
{
	const struct pki_pair *admin = &s->pki.leaf[LEAF_ADMIN];
	struct str ca = buf_view(&s->pki.ca[CA_SERVER].pem);
	auto_free char *url = str_printf("https://127.0.0.1:%d", s->port);
	auto_free char *own = str_printf("%s/server/cred/admin.kubeconfig", s->data_dir);
	int r = kubeconfig_write(own, 0600, url, ca, admin, err);
	return r < 0 || !s->kubeconfig_path
		       ? r
		       : kubeconfig_write(s->kubeconfig_path, s->kubeconfig_mode, url, ca, admin,
					  err);
}

static int keys_open(struct apiserver *s, struct err *err)
{
	auto_arena a = { 0 };
	struct name_list names = { 0 };
	auto_free char *issuer = str_printf("https://kubernetes.default.svc.%s", s->cluster_domain);
	names_collect(s, &names, &a);
	int r = pki_open(&s->pki, s->data_dir, names.items, clock_wall_s(s->clock), err);
	name_list_free(&names);
	if (r == 0)
		r = token_keys_new(buf_view(&s->pki.service_key), issuer, &s->tokens, err);
	s->token_cache = token_cache_new();
	buf_str(&s->client_authorities, buf_view(&s->pki.ca[CA_CLIENT].pem));
	buf_str(&s->client_authorities, buf_view(&s->pki.ca[CA_REQUEST_HEADER].pem));
	struct tls_server_config c = tls_config(s);
	return r < 0 ? r : tls_server_new(&c, &s->tls, err);
}

/* --- renewal while running --- */

static void renew(struct apiserver *s)
{
	auto_arena a = { 0 };
	auto_err err = { 0 };
	struct name_list names = { 0 };
	bool changed = false;
	names_collect(s, &names, &a);
	pthread_mutex_lock(&s->links.lock); /* readers of the client pair hold it, too */
	int r = pki_renew(&s->pki, names.items, clock_wall_s(s->clock), &changed, &err);
	pthread_mutex_unlock(&s->links.lock);
	name_list_free(&names);
	if (r == 0 && changed) {
		struct tls_server_config c = tls_config(s);
		r = tls_server_reload(s->tls, &c, &err);
		kubelet_links_renewed(&s->links);
		if (r == 0)
			r = kubeconfigs_write(s, &err);
		log_info("certificates renewed");
	}
	if (r == 0)
		r = node_files_renew(s, &err);
	if (r < 0)
		log_error("cannot renew certificates", LOG_S("error", err_text(&err)));
}

static void on_renewal(struct loop_timer *t)
{
	struct apiserver *s = CONTAINER_OF(t, struct apiserver, renewal);
	renew(s);
	loop_timer_start(t, RENEWAL_EVERY_MS);
}

/* --- store --- */

static int store_open(struct apiserver *s, int64_t compaction_ms, struct err *err)
{
	auto_free char *dir = str_printf("%s/server/db", s->data_dir),
		       *path = str_printf("%s/state.db", dir);
	struct log_config c = { .path = path, .compact_every_ms = compaction_ms };
	int r = s->store ? 0 : dir_make(dir, 0700, err);
	if (r == 0 && !s->store)
		r = log_open(&c, &s->store, err);
	if (r < 0)
		return err_wrap(err, r, "open the store");
	s->caches = cache_set_new(&(struct cache_limits){ 0 });
	for (size_t i = 0; i < api_builtin_count; i++) {
		const struct api_resource *res = api_builtin[i];
		if (res->verbs & API_LIST_VERB && (!res->storage || res->storage == res))
			cache_of(s->caches, res);
	}
	s->crds = crd_registry_new();
	s->crd_keeper = crd_keeper_new(s);
	s->token_tracker = token_tracker_new(
		apiserver_local_client(s, s->loops[0], "system:apiserver",
				       (const char *const[]){ "system:masters", NULL }));
	s->openapi = openapi_documents_new(s);
	cache_set_when_loaded(s->caches, crd_keeper_load, s->crd_keeper);
	r = cache_set_load(s->caches, s->store, err);
	if (r == 0)
		r = policy_install(s->store, s->caches, !s->api_only, clock_wall_s(s->clock), err);
	s->authorizer = authorizer_new(s->caches);
	return r;
}

/* --- health --- */

static bool is_bootstrapped(void *ctx)
{
	return atomic_load(&((struct apiserver *)ctx)->ready);
}

static bool store_writes(void *ctx)
{
	return !atomic_load(&((struct apiserver *)ctx)->store_fails);
}

static bool is_not_stopping(void *ctx)
{
	return !atomic_load(&((struct apiserver *)ctx)->stopping);
}

static void checks_add(struct apiserver *s)
{
	static const unsigned everywhere = HEALTH_HEALTHZ | HEALTH_LIVEZ | HEALTH_READYZ;
	health_init(&s->health);
	health_add(&s->health, "ping", everywhere, NULL, NULL);
	health_add(&s->health, "log", everywhere, NULL, NULL);
	health_add(&s->health, "etcd", everywhere, store_writes, s);
	health_add(&s->health, "etcd-readiness", HEALTH_READYZ, store_writes, s);
	health_add(&s->health, "informer-sync", HEALTH_READYZ, NULL, NULL);
	health_add(&s->health, "poststarthook/start-system-namespaces-controller", everywhere,
		   is_bootstrapped, s);
	health_add(&s->health, "poststarthook/bootstrap-controller", everywhere, is_bootstrapped,
		   s);
	health_add(&s->health, "poststarthook/scheduling/bootstrap-system-priority-classes",
		   everywhere, is_bootstrapped, s);
	health_add(&s->health, "shutdown", HEALTH_READYZ, is_not_stopping, s);
}

/* --- start --- */

/* By its first range: the family of the Service `kubernetes`, and so of the address behind it. */
static bool services_are_v6(const struct apiserver *s)
{
	return memchr(s->service_cidr, ':', strcspn(s->service_cidr, ",")) != NULL;
}

static void config_copy(struct apiserver *s, const struct apiserver_config *c)
{
	auto_arena a = { 0 };
	s->data_dir = copy(c->data_dir);
	s->service_cidr = copy(c->service_cidr ? c->service_cidr : "10.43.0.0/16");
	s->advertise_address =
		copy(c->advertise_address ? c->advertise_address
					  : names_default_address(&a, services_are_v6(s)));
	s->cluster_cidr = copy(c->cluster_cidr ? c->cluster_cidr : "10.42.0.0/16");
	s->cluster_dns = first_of(c->cluster_dns);
	s->cluster_dns_all = copy(c->cluster_dns ? c->cluster_dns : "");
	s->cluster_domain = copy(c->cluster_domain ? c->cluster_domain : "cluster.local");
	s->node_port_range =
		copy(c->service_node_port_range ? c->service_node_port_range : "30000-32767");
	s->kubeconfig_path = copy(c->write_kubeconfig);
	s->kubeconfig_mode = c->write_kubeconfig_mode
				     ? (mode_t)strtoul(c->write_kubeconfig_mode, NULL, 8)
				     : 0600;
	s->tls_sans = copy_list(c->tls_sans);
	s->port = c->port;
	s->api_only = c->api_only;
	s->store = c->store;
	s->event_ttl_s = c->event_ttl_s ? c->event_ttl_s : EVENT_TTL_S;
	s->loops = mem_alloc(c->nloops * sizeof(*s->loops));
	memcpy(s->loops, c->loops, c->nloops * sizeof(*s->loops));
	s->nloops = c->nloops;
	s->clock = clock_real();
	s->started_s = clock_wall_s(s->clock);
}

static void bootstrapped(struct apiserver *s)
{
	atomic_store(&s->ready, true);
	log_info("API server ready", LOG_I("port", s->port));
}

static int listener_open(struct apiserver *s, const struct apiserver_config *c, struct err *err)
{
	struct http_server_config hc = { .loops = s->loops,
					 .nloops = s->nloops,
					 .tls = s->tls,
					 .addresses = c->bind_addresses,
					 .port = c->port,
					 .handler = http_front,
					 .ctx = s };
	int r = http_server_start(&hc, &s->http, err);
	if (r < 0)
		return r;
	s->port = http_server_port(s->http);
	return kubeconfigs_write(s, err);
}

static int check_family(const struct apiserver *s, struct err *err)
{
	bool v6 = services_are_v6(s);
	if (v6 == (service_ip_family(s->advertise_address) == 6))
		return 0;
	return err_set(err, ERR_BAD_REQUEST,
		       "advertise-address: %s is not of IPv%d, as the first range of service-cidr "
		       "(%s) is; "
		       "pods would not reach the API",
		       s->advertise_address, v6 ? 6 : 4, s->service_cidr);
}

int apiserver_start(const struct apiserver_config *c, struct apiserver **out, struct err *err)
{
	struct apiserver *s = NEW(struct apiserver);
	config_copy(s, c);
	checks_add(s);
	kubelet_links_init(&s->links);
	quota_gates_init(&s->quota_gates);
	int r = service_ranges_init(&s->ranges, s->service_cidr, err);
	if (r == 0)
		r = check_family(s, err);
	if (r == 0)
		r = port_range_init(&s->ports, s->node_port_range, err);
	if (r == 0)
		r = keys_open(s, err);
	if (r == 0)
		r = store_open(s, c->compaction_ms, err);
	if (r == 0)
		r = listener_open(s, c, err);
	if (r < 0) {
		apiserver_free(s);
		return r;
	}
	service_ranges_read(s);
	service_alloc_load(s);
	ip_addresses_repair(s);
	request_metrics_collect(s);
	loop_timer_init(s->loops[0], &s->renewal, on_renewal);
	loop_timer_start(&s->renewal, RENEWAL_EVERY_MS);
	crd_keeper_start(s->crd_keeper);
	node_graph_follow(s->authorizer->node.graph, s->loops[0]);
	bootstrap_start(s, bootstrapped);
	*out = s;
	return 0;
}

/* --- for others --- */

struct client *apiserver_local_client(struct apiserver *s, struct loop *l, const char *user,
				      const char *const *groups)
{
	struct client *c = local_client_new(s, l, user, groups);
	struct local_client *own = CONTAINER_OF(c, struct local_client, client);
	pthread_mutex_lock(&s->links.lock);
	own->next = s->clients;
	s->clients = c;
	pthread_mutex_unlock(&s->links.lock);
	return c;
}

int apiserver_secret_token(struct apiserver *s, struct str ns, struct str account, struct str uid,
			   struct str secret, struct buf *out)
{
	const struct token_spec spec = {
		.ns = ns, .account = account, .account_uid = uid, .secret = { secret, STR("") }
	};
	return token_issue_legacy(s->tokens, &spec, out, NULL);
}

bool apiserver_ready(struct apiserver *s)
{
	return health_ok(&s->health, HEALTH_READYZ);
}

void apiserver_add_ready_check(struct apiserver *s, const char *name, bool (*fn)(void *ctx),
			       void *ctx)
{
	health_add(&s->health, name, HEALTH_READYZ | HEALTH_HEALTHZ, fn, ctx);
}

/* --- stop --- */

struct stop_one {
	struct apiserver *server;
	struct loop *loop;
};

static void loop_streams_end(void *ctx)
{
	struct stop_one *one = ctx;
	watches_end(one->server, one->loop);
	loop_http_close(one->loop);
	free(one);
}

static void store_closed(struct apiserver *s)
{
	s->store->ops->close(s->store);
	s->store = NULL;
	log_info("API server stopped");
	if (s->stopped)
		s->stopped(s->stopped_ctx);
}

static void listener_closed(void *ctx)
{
	struct apiserver *s = ctx;
	s->http = NULL;
	store_closed(s);
}

static void stop_on_loop(void *ctx)
{
	struct apiserver *s = ctx;
	for (size_t i = 0; i < s->nloops; i++) {
		struct stop_one *one = NEW(struct stop_one);
		*one = (struct stop_one){ s, s->loops[i] };
		loop_call(s->loops[i], loop_streams_end, one);
	}
	loop_timer_close(&s->renewal, NULL);
	crd_keeper_stop(s->crd_keeper);
	node_graph_unfollow(s->authorizer->node.graph);
	http_server_stop(s->http, STOP_STREAMS_MS, listener_closed, s);
}

void apiserver_stop(struct apiserver *s, void (*done)(void *ctx), void *ctx)
{
	s->stopped = done;
	s->stopped_ctx = ctx;
	atomic_store(&s->stopping, true);
	loop_call(s->loops[0], stop_on_loop, s);
}

static void clients_free(struct apiserver *s)
{
	while (s->clients) {
		struct client *c = s->clients;
		s->clients = CONTAINER_OF(c, struct local_client, client)->next;
		local_client_free(c);
	}
}

void apiserver_free(struct apiserver *s)
{
	if (!s)
		return;
	if (s->store)
		s->store->ops->close(s->store);
	authorizer_free(s->authorizer);
	if (s->caches)
		cache_set_free(s->caches);
	crd_keeper_free(s->crd_keeper);
	openapi_documents_free(s->openapi);
	crd_registry_free(s->crds);
	clients_free(s);
	for (size_t i = 0; i < s->nloops; i++)
		loop_state_free(s->loops[i]);
	tls_server_free(s->tls);
	if (s->insecure_tls)
		tls_client_free(s->insecure_tls);
	kubelet_links_free(&s->links);
	token_tracker_free(s->token_tracker);
	token_cache_free(s->token_cache);
	token_keys_free(s->tokens);
	buf_free(&s->client_authorities);
	pki_close(&s->pki);
	quota_gates_free(&s->quota_gates);
	service_ranges_free(&s->ranges);
	port_range_free(&s->ports);
	health_free(&s->health);
	node_files_free(s->node_files);
	free_list(s->tls_sans);
	free(s->data_dir);
	free(s->advertise_address);
	free(s->service_cidr);
	free(s->cluster_cidr);
	free(s->cluster_dns);
	free(s->cluster_dns_all);
	free(s->cluster_domain);
	free(s->node_port_range);
	free(s->kubeconfig_path);
	free(s->loops);
	free(s);
}

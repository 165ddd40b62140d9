/* SPDX-License-Identifier: Apache-2.0 */
/* allinone server: one process, a handful of loops.
 *
 *   main thread   API loop 0, signals, start and stop
 *   api-1…3       the other API loops (one per core, four at most)
 *   control       scheduler, controllers and the provisioner of volumes
 *   node, dns     the node of this machine (cmd/member.h; not with --disable-agent)
 *
 * Start: options → host checks → lock → API server → controllers, scheduler → node. Everything is built on the main thread before
 * the loops run. Stop (TERM, INT): the API server stops accepting and ends its watches, the others stop, the store is flushed;
 * pods keep running. */
#include <stdio.h>
#include <unistd.h>

#include "agent/kubelet/kubelet.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"
#include "cmd/command.h"
#include "cmd/host_check.h"
#include "cmd/member.h"
#include "cmd/process.h"
#include "cmd/server_options.h"
#include "generated/api_tables.h"
#include "server/apiserver/admission/node_labels.h"
#include "server/apiserver/apiserver.h"
#include "server/controllers/controllers.h"
#include "server/scheduler/scheduler.h"
#include "storage/local_path/local_path.h"

#define API_LOOPS_MAX 4
#define THREAD_STACK  (1u << 20)

struct server {
	struct server_options options;
	struct loop api[API_LOOPS_MAX], control;
	struct loop *api_list[API_LOOPS_MAX];
	size_t napi;
	struct process process;
	int64_t started_ms;
	struct apiserver *apiserver;
	struct buf root_ca, root_ca_key, client_ca, client_ca_key;
	char *manifests_dir;
	struct controllers *controllers;
	struct scheduler *scheduler;
	struct local_path *local_path;
	struct apiserver_node_files node_files;
	struct member *member; /* NULL with --disable-agent */
	struct flag_list role_labels;
};

static char *join(const struct flag_list *l)
{
	struct buf b = { 0 };
	for (size_t i = 0; i < l->n; i++)
		buf_printf(&b, "%s%s", i ? "," : "", l->items[i]);
	return buf_take(&b);
}

static const char *const *items(const struct flag_list *l)
{
	static const char *const none[] = { NULL };
	return l->n ? (const char *const *)l->items : none;
}

/* --- start --- */

static int make_loops(struct server *s, struct err *err)
{
	static const char *const names[API_LOOPS_MAX] = { "api-0", "api-1", "api-2", "api-3" };
	long cores = sysconf(_SC_NPROCESSORS_ONLN);
	s->napi = cores < 1 ? 1 : cores > API_LOOPS_MAX ? API_LOOPS_MAX : (size_t)cores;
	for (size_t i = 0; i < s->napi; i++) {
		int r = loop_init(&s->api[i], names[i], err);
		if (r < 0)
			return r;
		s->api_list[i] = &s->api[i];
	}
	return loop_init(&s->control, "control", err);
}

static int start_apiserver(struct server *s, struct err *err)
{
	struct server_options *o = &s->options;
	const char *any[] = { "0.0.0.0", "::", NULL }, *one[] = { o->bind_address, NULL };
	if (!file_exists("/proc/net/if_inet6"))
		any[1] = NULL;
	auto_free char *cluster_cidr = join(&o->cluster_cidr),
		       *service_cidr = join(&o->service_cidr), *dns = join(&o->cluster_dns);
	const struct apiserver_config config = {
		.data_dir = o->node.data_dir,
		.bind_addresses = o->bind_address ? one : any,
		.port = (int)o->https_listen_port,
		.advertise_address = o->advertise_address,
		.tls_sans = items(&o->tls_san),
		.cluster_cidr = cluster_cidr,
		.service_cidr = service_cidr,
		.cluster_dns = dns,
		.cluster_domain = o->cluster_domain,
		.service_node_port_range = o->service_node_port_range,
		.event_ttl_s = o->event_ttl_s,
		.compaction_ms = o->compaction_ms,
		.write_kubeconfig = o->write_kubeconfig,
		.write_kubeconfig_mode = o->write_kubeconfig_mode,
		.api_only = o->disable_controller_manager,
		.loops = s->api_list,
		.nloops = s->napi,
	};
	return apiserver_start(&config, &s->apiserver, err);
}

static struct client *controller_client(void *ctx, const char *name)
{
	struct server *s = ctx;
	static const char *const groups[] = { "system:serviceaccounts",
					      "system:serviceaccounts:kube-system", NULL };
	char user[128];
	snprintf(user, sizeof(user), "system:serviceaccount:kube-system:%s", name);
	return apiserver_local_client(s->apiserver, &s->control, user, groups);
}

static int account_token(void *ctx, const struct controllers_token *t, struct buf *out)
{
	struct server *s = ctx;
	return apiserver_secret_token(s->apiserver, t->ns, t->account, t->account_uid, t->secret,
				      out);
}

static int authorities_read(struct server *s, struct err *err)
{
	const struct {
		const char *name;
		struct buf *to;
	} files[] = { { "server-ca.crt", &s->root_ca },
		      { "server-ca.key", &s->root_ca_key },
		      { "client-ca.crt", &s->client_ca },
		      { "client-ca.key", &s->client_ca_key } };
	for (size_t i = 0; i < COUNT_OF(files); i++) {
		auto_free char *path =
			str_printf("%s/server/tls/%s", s->options.node.data_dir, files[i].name);
		int r = file_read(path, 1u << 20, files[i].to, err);
		if (r < 0)
			return r;
	}
	return 0;
}

static int start_controllers(struct server *s, struct err *err)
{
	int r = authorities_read(s, err);
	if (r < 0)
		return r;
	static const char *const masters[] = { "system:masters", NULL };
	s->manifests_dir = str_printf("%s/server/manifests", s->options.node.data_dir);
	const struct controllers_config config = {
		.manifests_dir = s->manifests_dir,
		.node_health = s->options.control.node_health,
		.node_zones = s->options.control.node_zones,
		.autoscaler = s->options.control.autoscaler,
		.signing_ms = s->options.control.signing_ms,
		.terminated_pods = s->options.control.terminated_pods,
		.no_load_balancers = s->options.disable.n > 0,
		.administrator =
			apiserver_local_client(s->apiserver, &s->control, "system:admin", masters),
		.client = apiserver_local_client(s->apiserver, &s->control,
						 "system:kube-controller-manager", NULL),
		.client_for = controller_client,
		.account_token = account_token,
		.ctx = s,
		.root_ca_pem = buf_view(&s->root_ca),
		.client_ca = { buf_view(&s->client_ca), buf_view(&s->client_ca_key) },
		.server_ca = { buf_view(&s->root_ca), buf_view(&s->root_ca_key) },
		.cluster_cidrs = items(&s->options.cluster_cidr),
		.service_cidrs = items(&s->options.service_cidr),
	};
	r = controllers_start(&config, &s->controllers, err);
	return r < 0 ? err_wrap(err, r, "controllers") : 0;
}

static int start_scheduler(struct server *s, struct err *err)
{
	struct client *client =
		apiserver_local_client(s->apiserver, &s->control, "system:kube-scheduler", NULL);
	int r = scheduler_start(client, &s->scheduler, err);
	return r < 0 ? err_wrap(err, r, "scheduler") : 0;
}

static int start_local_path(struct server *s, struct err *err)
{
	struct client *client = controller_client(s, "local-path-provisioner-service-account");
	int r = local_path_start(client, &s->local_path, err);
	return r < 0 ? err_wrap(err, r, "local-path provisioner") : 0;
}

static int start_control(struct server *s, struct err *err)
{
	int r = s->options.disable_controller_manager ? 0 : start_controllers(s, err);
	if (r == 0 && !s->options.disable_controller_manager)
		r = start_local_path(s, err);
	return r < 0 || s->options.disable_scheduler ? r : start_scheduler(s, err);
}

/* A node may not give itself labels of the reserved domains, such as its role: those the administrator gives it. */
static void labels_split(struct server *s)
{
	struct flag_list *all = &s->options.node.node_label;
	size_t kept = 0;
	for (size_t i = 0; i < all->n; i++) {
		struct str label = str_from(all->items[i]);
		if (node_label_is_forbidden(str_of(label.p, str_find(label, '='))))
			flag_list_add(&s->role_labels, label);
		else
			all->items[kept++] = all->items[i];
	}
	if (kept < all->n)
		all->items[kept] = NULL;
	all->n = kept;
	flag_list_add(&s->role_labels, STR("node-role.kubernetes.io/control-plane="));
}

static void role_labels_set(struct server *s)
{
	static const char *const groups[] = { "system:masters", NULL };
	auto_buf body = { 0 };
	struct client *admin = apiserver_local_client(s->apiserver, member_loop(s->member),
						      "system:admin", groups);
	buf_puts(&body, "{\"metadata\":{\"labels\":{");
	for (size_t i = 0; i < s->role_labels.n; i++) {
		struct str value = str_from(s->role_labels.items[i]), key;
		str_next(&value, '=', &key);
		buf_puts(&body, i ? "," : "");
		buf_json_string(&body, key);
		buf_putc(&body, ':');
		buf_json_string(&body, value);
	}
	buf_puts(&body, "}}}");
	const struct client_call call = { .verb = API_PATCH,
					  .resource = API_CORE_V1_NODES,
					  .name = str_from(s->options.node.node_name),
					  .content_type = STR("application/merge-patch+json"),
					  .body = buf_view(&body) };
	client_do(admin, &call);
}

static void on_node_ready(void *ctx)
{
	struct server *s = ctx;
	role_labels_set(s);
	log_info("node ready", LOG_S("node", s->options.node.node_name),
		 LOG_I("ms", clock_mono_ms(clock_real()) - s->started_ms));
}

/* Each part under the name that it has as a program of its own. */
static struct client *node_client(void *ctx, enum member_part part, struct loop *l)
{
	struct server *s = ctx;
	static const char *const node[] = { "system:nodes", NULL }, *const account[] = {
		"system:serviceaccounts", "system:serviceaccounts:kube-system", NULL
	};
	auto_free char *user = str_printf("system:node:%s", s->options.node.node_name);
	switch (part) {
	case MEMBER_KUBELET: return apiserver_local_client(s->apiserver, l, user, node);
	case MEMBER_NETWORK:
		return apiserver_local_client(s->apiserver, l, "system:kube-proxy", NULL);
	case MEMBER_DNS: break;
	}
	return apiserver_local_client(s->apiserver, l, "system:serviceaccount:kube-system:coredns",
				      account);
}

static void use_renewed(void *ctx)
{
	struct server *s = ctx;
	auto_err err = { 0 };
	if (kubelet_certificate_renewed(member_kubelet(s->member), &err) < 0)
		log_error("the renewed certificate is not used", LOG_S("error", err_text(&err)));
}

static void on_node_renewed(void *ctx)
{
	struct server *s = ctx;
	loop_call(member_loop(s->member), use_renewed, s);
}

static int start_node(struct server *s, struct err *err)
{
	const struct server_options *o = &s->options;
	const struct apiserver_node_renewal renewal = { on_node_renewed, s };
	int r = apiserver_issue_node(s->apiserver, o->node.node_name, &renewal, &s->node_files,
				     err);
	if (r < 0)
		return r;
	labels_split(s);
	const struct member_config config = {
		.options = &o->node,
		.cluster_cidrs = items(&o->cluster_cidr),
		.cluster_dns = items(&o->cluster_dns),
		.cluster_domain = o->cluster_domain,
		.serving_cert = s->node_files.serving_cert,
		.serving_key = s->node_files.serving_key,
		.client_ca = s->node_files.client_ca,
		.client_for = node_client,
		.on_ready = on_node_ready,
		.ctx = s,
	};
	r = member_new(&config, &s->member, err);
	return r < 0 ? r : member_start(s->member, err);
}

static int start(struct server *s, struct err *err)
{
	int r;
	if ((r = host_check(s->options.node.data_dir, !s->options.disable_agent, err)) < 0 ||
	    (r = process_lock(&s->process, "server", s->options.node.data_dir, err)) < 0 ||
	    (r = make_loops(s, err)) < 0 || (r = start_apiserver(s, err)) < 0 ||
	    (r = start_control(s, err)) < 0)
		return r;
	return s->options.disable_agent ? 0 : start_node(s, err);
}

/* --- stop --- */

static void end_main_loop(void *ctx)
{
	struct server *s = ctx;
	loop_stop(&s->api[0]);
}

/* Scheduler and controllers end with their loop. They are not freed: answers to what they asked may still wait for them there. */
static void stop_apiserver(void *ctx)
{
	struct server *s = ctx;
	loop_stop(&s->control);
	loop_join(&s->control);
	apiserver_stop(s->apiserver, end_main_loop, s);
}

static void node_stopped(void *ctx)
{
	struct server *s = ctx;
	loop_call(&s->api[0], stop_apiserver, s);
}

static void stop(void *ctx)
{
	struct server *s = ctx;
	if (s->member)
		member_stop(s->member, node_stopped, s);
	else
		stop_apiserver(s);
}

static int spawn_loops(struct server *s, struct err *err)
{
	int r = 0;
	for (size_t i = 1; r == 0 && i < s->napi; i++)
		r = loop_spawn(&s->api[i], THREAD_STACK, err);
	if (r == 0)
		r = loop_spawn(&s->control, THREAD_STACK, err);
	if (r == 0 && s->member)
		r = member_spawn(s->member, err);
	return r;
}

static int run(struct server *s, struct err *err)
{
	raise_file_limit();
	s->started_ms = clock_mono_ms(clock_real());
	int r = start(s, err);
	if (r < 0)
		return r;
	process_watch_signals(&s->process, &s->api[0], stop, s);
	r = spawn_loops(s, err);
	if (r < 0)
		return r;
	log_info("server started", LOG_I("port", s->options.https_listen_port),
		 LOG_S("data_dir", s->options.node.data_dir),
		 LOG_I("ms", clock_mono_ms(clock_real()) - s->started_ms));
	loop_run(&s->api[0]);
	for (size_t i = 1; i < s->napi; i++) {
		loop_stop(&s->api[i]);
		loop_join(&s->api[i]);
	}
	if (s->member)
		member_join(s->member);
	log_info("stopped");
	return 0;
}

int command_server(int argc, char **argv)
{
	struct server *s = NEW(struct server);
	auto_err err = { 0 };
	int r = flags_parse(&server_flag_table, argc, argv, &s->options, &err);
	if (r == 0)
		r = server_options_check(&s->options, &err);
	if (r == 0)
		r = run(s, &err);
	return r < 0 ? command_fail(&err)
		     : 0; /* the process ends: the system takes back what it holds */
}

/* SPDX-License-Identifier: Apache-2.0 */
/* allinone agent: a node of a cluster whose server is another machine. It joins (agent/join), then runs what `allinone server` runs
 * for its own node, over HTTPS; kubelet, service proxy and name server each under a name of its own.
 *
 *   main thread   joins first; then signals
 *   node, dns     cmd/member.h */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "agent/join/join.h"
#include "agent/join/renewal.h"
#include "agent/kubelet/kubelet.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"
#include "client/remote.h"
#include "cmd/agent_options.h"
#include "cmd/command.h"
#include "cmd/host_check.h"
#include "cmd/member.h"
#include "cmd/process.h"

#define PEM_MAX    (1u << 20)
#define PARTS      3
#define TOKEN_FLAG "--token"

struct agent {
	struct agent_options options;
	struct loop loop;
	struct process process;
	int64_t started_ms;
	struct join_files files;
	struct join_cluster cluster;
	struct member *member;
	struct client *clients[PARTS];
	struct renewal *renewal;
};

/* --- clients --- */

static const struct {
	enum order_kind pair;
	const char *agent, *user; /* NULL: the node */
} parts[PARTS] = {
	[MEMBER_KUBELET] = { ORDER_KUBELET, "kubelet", NULL },
	[MEMBER_NETWORK] = { ORDER_PROXY, "kube-proxy", ORDER_PROXY_USER },
	[MEMBER_DNS] = { ORDER_DNS, "coredns", ORDER_DNS_USER },
};

static int read_pair(struct agent *a, enum member_part part, struct buf *out, struct err *err)
{
	return file_read(a->files.pairs[parts[part].pair], PEM_MAX, out, err);
}

static int client_make(struct agent *a, enum member_part part, struct loop *l, struct err *err)
{
	auto_buf ca = { 0 }, pair = { 0 };
	auto_free char *node = str_printf("system:node:%s", a->options.node.node_name);
	int r = file_read(a->files.server_ca, PEM_MAX, &ca, err);
	if (r == 0)
		r = read_pair(a, part, &pair, err);
	if (r < 0)
		return r;
	const struct remote_config c = { .loop = l,
					 .host = a->options.host,
					 .port = a->options.port,
					 .ca_pem = buf_view(&ca),
					 .cert_pem = buf_view(&pair),
					 .key_pem = buf_view(&pair),
					 .user = parts[part].user ? parts[part].user : node,
					 .agent = parts[part].agent };
	r = remote_client_new(&c, &a->clients[part], err);
	explicit_bzero(pair.p, pair.n);
	return r;
}

static struct client *client_for(void *ctx, enum member_part part, struct loop *l)
{
	struct agent *a = ctx;
	auto_err err = { 0 };
	if (client_make(a, part, l, &err) < 0) { /* join_run() has just read the same files */
		log_error("cannot go on", LOG_S("error", err_text(&err)));
		_exit(1);
	}
	return a->clients[part];
}

/* --- renewal --- */

static void renew_client(struct agent *a, enum member_part part)
{
	auto_buf pair = { 0 };
	auto_err err = { 0 };
	if (read_pair(a, part, &pair, &err) < 0 ||
	    remote_client_renew(a->clients[part], buf_view(&pair), buf_view(&pair), &err) < 0)
		log_error("the renewed certificate is not used", LOG_S("error", err_text(&err)));
	if (pair.p)
		explicit_bzero(pair.p, pair.n);
}

static void renew_dns(void *ctx)
{
	renew_client(ctx, MEMBER_DNS);
}

static void renew_serving(struct agent *a)
{
	auto_err err = { 0 };
	if (kubelet_certificate_renewed(member_kubelet(a->member), &err) < 0)
		log_error("the renewed certificate is not used", LOG_S("error", err_text(&err)));
}

static void on_renewed(void *ctx, enum order_kind kind)
{
	struct agent *a = ctx;
	switch (kind) {
	case ORDER_KUBELET: renew_client(a, MEMBER_KUBELET); break;
	case ORDER_PROXY: renew_client(a, MEMBER_NETWORK); break;
	case ORDER_DNS: loop_call(a->clients[MEMBER_DNS]->loop, renew_dns, a); break;
	default: renew_serving(a);
	}
}

static void start_renewal(void *ctx)
{
	struct agent *a = ctx;
	const struct renewal_config c = { .client = a->clients[MEMBER_KUBELET],
					  .data_dir = a->options.node.data_dir,
					  .node_name = a->options.node.node_name,
					  .renewed = on_renewed,
					  .ctx = a };
	a->renewal = renewal_start(&c);
}

/* --- start --- */

static void on_node_ready(void *ctx)
{
	struct agent *a = ctx;
	log_info("node ready", LOG_S("node", a->options.node.node_name),
		 LOG_I("ms", clock_mono_ms(clock_real()) - a->started_ms));
}

static int join(struct agent *a, struct err *err)
{
	struct join_token token;
	char *text;
	int r = agent_options_token(&a->options, &text, err);
	if (r == 0 && text)
		r = join_token_parse(str_from(text), &token, err);
	if (r == 0) {
		const struct join_config c = { .host = a->options.host,
					       .port = a->options.port,
					       .token = text ? &token : NULL,
					       .data_dir = a->options.node.data_dir,
					       .node_name = a->options.node.node_name };
		r = join_run(&c, &a->cluster, err);
	}
	if (text)
		explicit_bzero(text, strlen(text));
	free(text);
	explicit_bzero(&token, sizeof(token));
	return r;
}

static int start_member(struct agent *a, struct err *err)
{
	const struct member_config c = {
		.options = &a->options.node,
		.cluster_cidrs = (const char *const *)a->cluster.cluster_cidrs,
		.cluster_dns = (const char *const *)a->cluster.cluster_dns,
		.cluster_domain = a->cluster.cluster_domain,
		.serving_cert = a->files.pairs[ORDER_SERVING],
		.serving_key = a->files.pairs[ORDER_SERVING],
		.client_ca = a->files.client_ca,
		.client_for = client_for,
		.on_ready = on_node_ready,
		.ctx = a,
	};
	int r = member_new(&c, &a->member, err);
	return r < 0 ? r : member_start(a->member, err);
}

/* --- stop --- */

static void member_stopped(void *ctx)
{
	struct agent *a = ctx;
	loop_stop(&a->loop);
}

static void stop_member(void *ctx)
{
	struct agent *a = ctx;
	renewal_stop(TAKE(a->renewal));
	member_stop(a->member, member_stopped, a);
}

static void stop(void *ctx)
{
	struct agent *a = ctx;
	loop_call(member_loop(a->member), stop_member, a);
}

static int run(struct agent *a, struct err *err)
{
	raise_file_limit();
	a->started_ms = clock_mono_ms(clock_real());
	join_files_of(a->options.node.data_dir, &a->files);
	int r;
	if ((r = host_check(a->options.node.data_dir, true, err)) < 0 ||
	    (r = process_lock(&a->process, "agent", a->options.node.data_dir, err)) < 0 ||
	    (r = join(a, err)) < 0 || (r = loop_init(&a->loop, "agent", err)) < 0 ||
	    (r = start_member(a, err)) < 0)
		return r;
	process_watch_signals(&a->process, &a->loop, stop, a);
	loop_call(member_loop(a->member), start_renewal, a);
	r = member_spawn(a->member, err);
	if (r < 0)
		return r;
	log_info("agent started", LOG_S("server", a->options.host),
		 LOG_S("node", a->options.node.node_name),
		 LOG_I("ms", clock_mono_ms(clock_real()) - a->started_ms));
	loop_run(&a->loop);
	member_join(a->member);
	log_info("stopped");
	return 0;
}

/* What was given on the command line shows in lists of processes, and the environment goes on to children: not the token. */
static void hide_token(int argc, char **argv)
{
	size_t n = strlen(TOKEN_FLAG);
	for (int i = 1; i < argc; i++) {
		if (!strncmp(argv[i], TOKEN_FLAG "=", n + 1))
			memset(argv[i] + n + 1, '*', strlen(argv[i] + n + 1));
		else if (!strcmp(argv[i], TOKEN_FLAG) && i + 1 < argc)
			memset(argv[i + 1], '*', strlen(argv[i + 1]));
	}
	char *variable = getenv("ALLINONE_TOKEN");
	if (variable)
		memset(variable, '*', strlen(variable));
	unsetenv("ALLINONE_TOKEN");
}

int command_agent(int argc, char **argv)
{
	struct agent *a = NEW(struct agent);
	auto_err err = { 0 };
	int r = flags_parse(&agent_flag_table, argc, argv, &a->options, &err);
	hide_token(argc, argv);
	if (r == 0)
		r = agent_options_check(&a->options, &err);
	if (r == 0)
		r = run(a, &err);
	return r < 0 ? command_fail(&err)
		     : 0; /* the process ends: the system takes back what it holds */
}

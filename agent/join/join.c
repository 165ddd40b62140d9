/* SPDX-License-Identifier: Apache-2.0 */
/*   nothing yet ─► authority ─► client certificate ─┐
 *   certificate from before ────────────────────────┴─► facts ─► the other certificates ─► done
 * Each step starts one request and its answer starts the next; a step that fails on the way is done again after a pause. */
#include "agent/join/join.h"

#include <time.h>

#include "agent/join/cluster.h"
#include "agent/join/order.h"
#include "agent/join/pair.h"
#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"
#include "client/remote.h"
#include "generated/api_tables.h"

#define PAUSE_MIN_MS 250
#define PAUSE_MAX_MS 8000
#define CA_MAX       (1u << 20)

struct join {
	const struct join_config *config;
	struct join_files files;
	struct loop loop;
	struct client *client;
	struct loop_timer again;
	void (*step)(struct join *j);
	uint64_t pause_ms;
	struct buf ca;
	struct join_cluster *cluster;
	enum order_kind missing; /* the certificate that is ordered */
	struct err why,
		last; /* of the end; of the last try, so that a repetition isn't told again */
};

/* --- steps --- */

static void end(struct join *j)
{
	loop_stop(&j->loop);
}

static void fail(struct join *j, enum err_reason reason, const char *text)
{
	err_set(&j->why, reason, "%s", text);
	end(j);
}

static void run_step(struct join *j, void (*step)(struct join *j))
{
	j->step = step;
	j->pause_ms = 0;
	step(j);
}

static void on_again(struct loop_timer *t)
{
	struct join *j = CONTAINER_OF(t, struct join, again);
	j->step(j);
}

static void try_again(struct join *j, const struct err *err)
{
	if (strcmp(err_text(&j->last), err_text(err)) != 0)
		log_warn("cannot join yet, will keep trying", LOG_S("server", j->config->host),
			 LOG_S("error", err_text(err)));
	err_clear(&j->last);
	err_copy(&j->last, err);
	j->pause_ms = j->pause_ms ? j->pause_ms * 2 : PAUSE_MIN_MS;
	if (j->pause_ms > PAUSE_MAX_MS)
		j->pause_ms = PAUSE_MAX_MS;
	loop_timer_start(&j->again, j->pause_ms);
}

static int client_make(struct join *j, struct str pair, const char *token, struct err *err)
{
	const struct remote_config c = { .loop = &j->loop,
					 .host = j->config->host,
					 .port = j->config->port,
					 .ca_pem = buf_view(&j->ca),
					 .cert_pem = pair,
					 .key_pem = pair,
					 .token = token,
					 .user = j->config->node_name,
					 .agent = "kubelet" };
	remote_client_free(TAKE(j->client));
	return remote_client_new(&c, &j->client, err);
}

static void get_config_map(struct join *j, const char *ns, const char *name,
			   void (*done)(void *ctx, const struct client_result *r))
{
	const struct client_call call = { .verb = API_GET,
					  .resource = API_CORE_V1_CONFIGMAPS,
					  .ns = str_from(ns),
					  .name = str_from(name),
					  .done = done,
					  .ctx = j };
	client_do(j->client, &call);
}

/* --- the end of the way: certificates to serve with, and for those who are not the kubelet --- */

static bool usable(const char *path, struct buf *pem)
{
	struct pair_life life;
	auto_err err = { 0 };
	int r = pair_read(path, pem, &life, &err);
	if (r < 0 && r != -ERR_NOT_FOUND)
		log_warn("a certificate is made anew", LOG_S("error", err_text(&err)));
	return r == 0 && life.to_s > time(NULL);
}

static void pairs_step(struct join *j);

static void on_pair(void *ctx, struct str cert, struct str key, const struct err *failed)
{
	struct join *j = ctx;
	if (failed)
		try_again(j, failed);
	else if (pair_write(j->files.pairs[j->missing], cert, key, &j->why) < 0)
		end(j);
	else
		pairs_step(j);
}

static void order_missing(struct join *j)
{
	order_start(j->client, j->missing, j->config->node_name, on_pair, j);
}

static void pairs_step(struct join *j)
{
	for (int kind = ORDER_KUBELET + 1; kind < ORDER_KINDS; kind++) {
		auto_buf pem = { 0 };
		bool there = usable(j->files.pairs[kind], &pem);
		if (pem.p)
			explicit_bzero(pem.p, pem.n);
		if (there)
			continue;
		j->missing = (enum order_kind)kind;
		run_step(j, order_missing);
		return;
	}
	end(j);
}

/* --- what a node has to know --- */

static void start_anew(struct join *j);

static void facts_missing(struct join *j, const struct client_result *r)
{
	auto_err err = { 0 };
	if (r->code == 401 && j->config->token)
		start_anew(j); /* the certificate is of another cluster */
	else if (r->code == 401)
		fail(j, ERR_UNAUTHORIZED,
		     "the server does not accept this node's certificate; give it a token of the "
		     "cluster (--token)");
	else if (r->code == 0 && cluster_facts_load(&j->files, j->cluster, &err) == 0)
		pairs_step(j); /* the server is away: go on with what was true */
	else
		try_again(j, r->err);
}

static void on_facts(void *ctx, const struct client_result *r)
{
	struct join *j = ctx;
	auto_buf client_ca = { 0 };
	auto_err err = { 0 };
	if (r->err) {
		facts_missing(j, r);
		return;
	}
	if (cluster_facts_read(r->body, j->cluster, &client_ca, &err) < 0 ||
	    cluster_facts_store(&j->files, r->body, buf_view(&client_ca), &err) < 0) {
		fail(j, ERR_INTERNAL, err_text(&err));
		return;
	}
	pairs_step(j);
}

static void get_facts(struct join *j)
{
	get_config_map(j, "kube-system", "allinone-node-config", on_facts);
}

static void facts_step(struct join *j, struct str pair)
{
	auto_err err = { 0 };
	if (client_make(j, pair, NULL, &err) < 0)
		fail(j, ERR_INTERNAL, err_text(&err));
	else
		run_step(j, get_facts);
}

/* --- a client certificate --- */

static void on_client_pair(void *ctx, struct str cert, struct str key, const struct err *failed)
{
	struct join *j = ctx;
	auto_buf pem = { 0 };
	struct pair_life life;
	auto_err err = { 0 };
	if (failed && failed->reason == ERR_UNAUTHORIZED) {
		fail(j, ERR_UNAUTHORIZED,
		     "the server refuses the token: it is wrong, expired or deleted (allinone "
		     "token "
		     "create on the server makes a new one)");
	} else if (failed && (failed->reason == ERR_FORBIDDEN)) {
		fail(j, ERR_FORBIDDEN, err_text(failed));
	} else if (failed) {
		try_again(j, failed);
	} else if (pair_write(j->files.pairs[ORDER_KUBELET], cert, key, &err) < 0 ||
		   pair_read(j->files.pairs[ORDER_KUBELET], &pem, &life, &err) < 0) {
		fail(j, ERR_INTERNAL, err_text(&err));
	} else {
		log_info("certificate of this node received", LOG_S("node", j->config->node_name));
		facts_step(j, buf_view(&pem));
	}
}

static void order_client(struct join *j)
{
	order_start(j->client, ORDER_KUBELET, j->config->node_name, on_client_pair, j);
}

/* --- the authority --- */

static int authority_keep(struct join *j, struct str body, struct err *err)
{
	buf_reset(&j->ca);
	int r = cluster_info_ca(body, &j->ca, err);
	if (r < 0)
		return r;
	if (!join_token_trusts(j->config->token, buf_view(&j->ca)))
		return err_set(err, ERR_FORBIDDEN,
			       "the server at %s:%d is not the one that the token is for: its CA "
			       "has another hash",
			       j->config->host, j->config->port);
	r = file_write_atomic(j->files.server_ca, j->ca.p, j->ca.n, 0644, err);
	return r < 0 ? r : client_make(j, STR(""), j->config->token->bearer, err);
}

static void on_cluster_info(void *ctx, const struct client_result *r)
{
	struct join *j = ctx;
	auto_err err = { 0 };
	if (r->err)
		try_again(j, r->err);
	else if (authority_keep(j, r->body, &err) < 0)
		fail(j, err.reason, err_text(&err));
	else
		run_step(j, order_client);
}

static void get_cluster_info(struct join *j)
{
	get_config_map(j, "kube-public", "cluster-info", on_cluster_info);
}

/* Nothing secret is said before the authority is known. */
static void start_anew(struct join *j)
{
	auto_err err = { 0 };
	for (size_t i = 0; i < ORDER_KINDS; i++)
		unlink(j->files.pairs[i]);
	unlink(j->files.cluster);
	buf_reset(&j->ca);
	if (client_make(j, STR(""), NULL, &err) < 0)
		fail(j, ERR_INTERNAL, err_text(&err));
	else
		run_step(j, get_cluster_info);
}

static void begin(void *ctx)
{
	struct join *j = ctx;
	const struct join_token *token = j->config->token;
	auto_buf pem = { 0 };
	bool known = file_read(j->files.server_ca, CA_MAX, &j->ca, NULL) == 0 &&
		     (!token || join_token_trusts(token, buf_view(&j->ca))) &&
		     usable(j->files.pairs[ORDER_KUBELET], &pem);
	if (known)
		facts_step(j, buf_view(&pem));
	else if (token)
		start_anew(j);
	else
		fail(j, ERR_BAD_REQUEST,
		     "this machine has no certificate of the cluster yet; give it a token "
		     "(--token-file, "
		     "ALLINONE_TOKEN or --token; allinone token create on the server makes one)");
}

int join_run(const struct join_config *c, struct join_cluster *out, struct err *err)
{
	struct join *j = NEW(struct join);
	auto_free char *dir = str_printf("%s/agent", c->data_dir);
	j->config = c;
	j->cluster = out;
	join_files_of(c->data_dir, &j->files);
	int r = dir_make(dir, 0700, err);
	if (r == 0)
		r = loop_init(&j->loop, "join", err);
	if (r == 0) {
		loop_timer_init(&j->loop, &j->again, on_again);
		loop_call(&j->loop, begin, j);
		loop_run(&j->loop);
		remote_client_free(j->client);
		loop_timer_close(&j->again, NULL);
		loop_close(&j->loop);
		if (j->why.reason) {
			r = -(int)j->why.reason;
			err_move(err, &j->why);
		}
	}
	err_clear(&j->last);
	buf_free(&j->ca);
	join_files_free(&j->files);
	free(j);
	return r;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/server/simulation/sim_world.h"

#include <stdio.h>

#include "base/file.h"
#include "base/list.h"
#include "base/log.h"
#include "base/mem.h"
#include "tests/unit/server/simulation/sim_time.h"
#include "tests/unit/unit.h"

#define TURNS_MAX 400000 /* at one moment: more is a hot loop */

static const char *const cidrs[] = { "10.42.0.0/16", NULL }, *const services[] = { "10.43.0.0/16",
										   NULL };

static void must(int r, struct err *err)
{
	if (r < 0)
		fail_msg("%s", err_text(err));
}

void sim_world_begin(struct sim_world *w, sim_commit_hook hook, void *ctx)
{
	*w = (struct sim_world){ .dir = "/tmp/allinone-sim-XXXXXX", .hook = hook, .hook_ctx = ctx };
	log_set_level(LOG_LEVEL_ERROR);
	assert_non_null(mkdtemp(w->dir));
	w->data = sim_data_new();
}

void sim_world_end(struct sim_world *w)
{
	sim_data_free(w->data);
	dir_remove(w->dir, NULL);
}

/* --- turning --- */

static struct loop *loop_made(const char *name)
{
	auto_err err = { 0 };
	struct loop *l = NEW(struct loop);
	must(loop_init(l, name, &err), &err);
	return l;
}

static bool has_work(const struct loop *l)
{
	return atomic_load(&l->inbox) || !list_empty(&l->later) || uv_backend_timeout(&l->uv) == 0;
}

static void turn(struct sim_world *w, struct loop *l)
{
	w->turns++;
	uv_run(&l->uv, UV_RUN_NOWAIT);
}

void sim_world_settle(struct sim_world *w)
{
	struct loop *const loops[] = { w->api, w->control };
	unsigned turns = 0;
	for (;;) {
		bool work[] = { has_work(loops[0]), has_work(loops[1]),
				sim_store_waiting(w->store) > 0 };
		unsigned n = (unsigned)work[0] + work[1] + work[2], which = 0;
		if (n == 0)
			return;
		for (unsigned skip = sim_draw(n); !work[which] || skip--;)
			which++;
		if (which < 2)
			turn(w, loops[which]);
		else
			sim_store_commit(w->store, 1 + sim_draw(64));
		if (++turns > TURNS_MAX)
			fail_msg("after %u turns there is still something to do at %lld ms", turns,
				 (long long)sim_now_us() / 1000);
	}
}

/* Milliseconds to the next timer, at most `max`. */
static int64_t next_timer(const struct loop *l, int64_t max)
{
	int ms = uv_backend_timeout(&l->uv);
	return ms < 0 || ms > max ? max : ms;
}

void sim_world_run(struct sim_world *w, int64_t ms)
{
	sim_world_settle(w);
	while (ms > 0) {
		int64_t step = next_timer(w->api, next_timer(w->control, ms));
		sim_time_pass((step ? step : 1) * 1000);
		ms -= step ? step : 1;
		uv_update_time(&w->api->uv);
		uv_update_time(&w->control->uv);
		sim_world_settle(w);
	}
}

/* --- lives --- */

struct client *sim_world_client(struct sim_world *w, const char *user, const char *group)
{
	return apiserver_local_client(w->server, w->api, user,
				      (const char *const[]){ group, NULL });
}

static struct client *controller_client(void *ctx, const char *name)
{
	static const char *const groups[] = { "system:serviceaccounts",
					      "system:serviceaccounts:kube-system", NULL };
	struct sim_world *w = ctx;
	char user[128];
	snprintf(user, sizeof(user), "system:serviceaccount:kube-system:%s", name);
	return apiserver_local_client(w->server, w->control, user, groups);
}

static int account_token(void *ctx, const struct controllers_token *t, struct buf *out)
{
	return apiserver_secret_token(((struct sim_world *)ctx)->server, t->ns, t->account,
				      t->account_uid, t->secret, out);
}

static void key_file(struct sim_world *w, const char *name, struct buf *to)
{
	auto_err err = { 0 };
	auto_free char *path = str_printf("%s/server/tls/%s", w->dir, name);
	buf_reset(to);
	must(file_read(path, 1u << 20, to, &err), &err);
}

static void start_control(struct sim_world *w)
{
	auto_err err = { 0 };
	key_file(w, "server-ca.crt", &w->ca);
	key_file(w, "server-ca.key", &w->ca_key);
	key_file(w, "client-ca.crt", &w->client_ca);
	key_file(w, "client-ca.key", &w->client_ca_key);
	const struct controllers_config c = {
		.node_health = node_health_defaults,
		.node_zones = node_zones_defaults,
		.terminated_pods = 12500,
		.signing_ms = (int64_t)365 * 24 * 3600 * 1000,
		.client = apiserver_local_client(w->server, w->control,
						 "system:kube-controller-manager", NULL),
		.client_for = controller_client,
		.account_token = account_token,
		.ctx = w,
		.root_ca_pem = buf_view(&w->ca),
		.client_ca = { buf_view(&w->client_ca), buf_view(&w->client_ca_key) },
		.server_ca = { buf_view(&w->ca), buf_view(&w->ca_key) },
		.cluster_cidrs = cidrs,
		.service_cidrs = services
	};
	must(controllers_start(&c, &w->controllers, &err), &err);
	must(scheduler_start(apiserver_local_client(w->server, w->control, "system:kube-scheduler",
						    NULL),
			     &w->scheduler, &err),
	     &err);
}

void sim_world_start(struct sim_world *w)
{
	auto_err err = { 0 };
	static const char *const addresses[] = { "127.0.0.1", NULL };
	w->ending = false;
	w->api = loop_made("api");
	w->control = loop_made("control");
	w->store = sim_store_new(w->data, w->hook, w->hook_ctx);
	const struct apiserver_config c = { .data_dir = w->dir,
					    .bind_addresses = addresses,
					    .cluster_cidr = cidrs[0],
					    .service_cidr = services[0],
					    .store = sim_store_interface(w->store),
					    .loops = &w->api,
					    .nloops = 1 };
	must(apiserver_start(&c, &w->server, &err), &err);
	start_control(w);
	w->admin = sim_world_client(w, "admin", "system:masters");
	for (int i = 0; i < 100 && !apiserver_ready(w->server); i++)
		sim_world_run(w, 100);
	assert_true(apiserver_ready(w->server));
}

static void stopped(void *ctx)
{
	*(bool *)ctx = true;
}

static void loop_end(struct loop *l)
{
	loop_close(l);
	free(l);
}

void sim_world_crash(struct sim_world *w)
{
	bool over = false;
	sim_store_commit(w->store, sim_draw((unsigned)sim_store_waiting(w->store) + 1));
	sim_store_cut(w->store);
	w->ending = true;
	sim_world_settle(w); /* so that nothing is in flight when its owner goes */
	scheduler_stop(w->scheduler);
	controllers_stop(w->controllers);
	sim_world_settle(w);
	apiserver_stop(w->server, stopped, &over);
	for (int i = 0; i < 100000 && !over; i++) {
		turn(w, w->api);
		turn(w, w->control);
		if (!over && !has_work(w->api) && !has_work(w->control))
			sim_time_pass(1000);
	}
	assert_true(over);
	w->store = NULL; /* its server closed it */
	apiserver_free(w->server);
	loop_end(w->control);
	loop_end(w->api);
	buf_free(&w->ca);
	buf_free(&w->ca_key);
	buf_free(&w->client_ca);
	buf_free(&w->client_ca_key);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/server/simulation/sim_user.h"

#include <stdio.h>

#include "api/object/meta.h"
#include "base/arena.h"
#include "base/mem.h"
#include "generated/api_tables.h"
#include "tests/unit/server/simulation/sim_time.h"

static void answered(void *ctx, const struct client_result *r)
{
	struct sim_user *u = ctx;
	bool expected = r->code < 400 || r->code == 404 || r->code == 409 || r->code == 429;
	if (expected || u->failed || u->world->ending)
		return;
	u->failed = r->code;
	fprintf(stderr, "# answer %d: %s\n", r->code, r->err ? err_text(r->err) : "");
}

static void ask(struct sim_user *u, enum api_verb verb, const struct api_resource *res,
		struct str ns, struct str name, const char *sub, struct str body)
{
	const struct client_call call = {
		.verb = verb,
		.resource = res,
		.ns = ns,
		.name = name,
		.subresource = str_from(sub),
		.content_type = verb == API_PATCH ? STR("application/merge-patch+json") : STR(""),
		.body = body,
		.done = answered,
		.ctx = u
	};
	client_do(u->world->admin, &call);
}

/* --- workloads --- */

static const char *const extras[] = {
	"",
	"",
	"\"topologySpreadConstraints\":[{\"maxSkew\":1,\"topologyKey\":\"topology.kubernetes.io/"
	"zone\","
	"\"whenUnsatisfiable\":\"ScheduleAnyway\",\"labelSelector\":{\"matchLabels\":{\"app\":"
	"\"%s\"}}}],",
	"\"affinity\":{\"podAntiAffinity\":{"
	"\"preferredDuringSchedulingIgnoredDuringExecution\":[{\"weight\":5,\"podAffinityTerm\":{"
	"\"topologyKey\":\"kubernetes.io/hostname\",\"labelSelector\":{\"matchLabels\":{\"app\":"
	"\"%s\"}}}}]}},",
	"\"affinity\":{\"podAntiAffinity\":{\"requiredDuringSchedulingIgnoredDuringExecution\":[{"
	"\"topologyKey\":\"kubernetes.io/hostname\",\"labelSelector\":{\"matchLabels\":{\"app\":"
	"\"%s\"}}}]}},",
	"\"priorityClassName\":\"system-cluster-critical\",",
};

static void template(struct buf *b, const char *app, const char *restart, bool plain)
{
	char text[512];
	unsigned which = plain ? 0 : sim_draw(COUNT_OF(extras));
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
	snprintf(text, sizeof(text), extras[which], app);
#pragma GCC diagnostic pop
	buf_printf(b,
		   "\"template\":{\"metadata\":{\"labels\":{\"app\":\"%s\"}},\"spec\":{%s"
		   "\"terminationGracePeriodSeconds\":5,\"restartPolicy\":\"%s\",\"containers\":[{"
		   "\"name\":\"c\",\"image\":\"i\"",
		   app, text, restart);
	if (!plain && sim_draw(6) == 0)
		buf_printf(b, ",\"ports\":[{\"containerPort\":80,\"hostPort\":1%s}]", app + 1);
	buf_printf(b, ",\"resources\":{\"requests\":{\"cpu\":\"%um\",\"memory\":\"%uMi\"}}}]}}",
		   plain ? 50 : 100 + 100 * sim_draw(8), plain ? 16 : 64 + 64 * sim_draw(16));
}

static void selector(struct buf *b, const char *app)
{
	buf_printf(b, "\"selector\":{\"matchLabels\":{\"app\":\"%s\"}},", app);
}

static void make_deployment(struct buf *b, const char *app)
{
	buf_printf(b, "\"replicas\":%u,", 1 + sim_draw(25));
	if (sim_draw(4) == 0)
		buf_puts(b, "\"strategy\":{\"type\":\"Recreate\"},");
	selector(b, app);
	template(b, app, "Always", false);
}

static void make_stateful_set(struct buf *b, const char *app)
{
	buf_printf(b, "\"replicas\":%u,\"serviceName\":\"%s\",", 1 + sim_draw(8), app);
	if (sim_draw(2))
		buf_puts(b, "\"podManagementPolicy\":\"Parallel\",");
	selector(b, app);
	template(b, app, "Always", false);
}

static void make_daemon_set(struct buf *b, const char *app)
{
	selector(b, app);
	template(b, app, "Always", true);
}

static void make_job(struct buf *b, const char *app)
{
	buf_printf(b, "\"completions\":%u,\"parallelism\":%u,\"backoffLimit\":%u,",
		   1 + sim_draw(12), 1 + sim_draw(6), sim_draw(5));
	if (sim_draw(2))
		buf_puts(b, "\"completionMode\":\"Indexed\",");
	if (sim_draw(4) == 0)
		buf_puts(b, "\"podReplacementPolicy\":\"Failed\",");
	template(b, app, "Never", false);
}

static void make_cron_job(struct buf *b, const char *app)
{
	static const char *const policies[] = { "Allow", "Forbid", "Replace" };
	buf_printf(b,
		   "\"schedule\":\"* * * * *\",\"concurrencyPolicy\":\"%s\",\"suspend\":false,"
		   "\"jobTemplate\":{\"spec\":{",
		   policies[sim_draw(3)]);
	make_job(b, app);
	buf_puts(b, "}}");
}

struct kind {
	const struct api_resource *resource;
	const char *kind;
	void (*make)(struct buf *b, const char *app);
	unsigned share; /* of those that are made */
	bool rolls, scales;
};

static const struct kind *kind_at(unsigned share)
{
	static struct kind kinds[5];
	kinds[0] = (struct kind){
		API_APPS_V1_DEPLOYMENTS, "Deployment", make_deployment, 8, true, true
	};
	kinds[1] = (struct kind){
		API_APPS_V1_STATEFULSETS, "StatefulSet", make_stateful_set, 4, true, true
	};
	kinds[2] = (struct kind){
		API_APPS_V1_DAEMONSETS, "DaemonSet", make_daemon_set, 1, true, false
	};
	kinds[3] = (struct kind){ API_BATCH_V1_JOBS, "Job", make_job, 6, false, false };
	kinds[4] =
		(struct kind){ API_BATCH_V1_CRONJOBS, "CronJob", make_cron_job, 1, false, false };
	for (size_t i = 0; i < COUNT_OF(kinds); i++) {
		if (share < kinds[i].share)
			return &kinds[i];
		share -= kinds[i].share;
	}
	return &kinds[0];
}

static const struct kind *kind_named(struct str name)
{
	for (unsigned i = 0; i < 20; i++)
		if (str_eqz(name, kind_at(i)->kind))
			return kind_at(i);
	return NULL;
}

static void make_budget(struct sim_user *u, const char *app)
{
	auto_buf b = { 0 };
	buf_printf(&b,
		   "{\"metadata\":{\"name\":\"%s\"},\"spec\":{\"minAvailable\":%u,\"selector\":{"
		   "\"matchLabels\":{\"app\":\"%s\"}}}}",
		   app, 1 + sim_draw(3), app);
	ask(u, API_CREATE, API_POLICY_V1_PODDISRUPTIONBUDGETS, STR("default"), STR(""), "",
	    buf_view(&b));
}

static unsigned count(const struct sim_user *u, bool (*fits)(const struct sim_object *o))
{
	size_t at = 0;
	unsigned n = 0;
	for (struct map_entry *e; (e = map_next(&u->model->objects, &at));)
		n += fits(e->value);
	return n;
}

static bool is_workload(const struct sim_object *o)
{
	return kind_named(o->kind) && !meta_controller(o->tree) && !meta_deletion(o->tree).n;
}

static void makes_workload(struct sim_user *u)
{
	auto_buf b = { 0 };
	char app[16];
	const struct kind *k = kind_at(sim_draw(20));
	if (count(u, is_workload) >= u->workloads_max)
		return;
	snprintf(app, sizeof(app), "w%u", u->made++);
	buf_printf(&b, "{\"metadata\":{\"name\":\"%s\"},\"spec\":{", app);
	k->make(&b, app);
	buf_puts(&b, "}}");
	ask(u, API_CREATE, k->resource, STR("default"), STR(""), "", buf_view(&b));
	if (k->scales && sim_draw(2))
		make_budget(u, app);
}

/* --- what is there already --- */

static const struct sim_object *some_object(const struct sim_user *u,
					    bool (*fits)(const struct sim_object *o))
{
	const struct sim_object *found = NULL;
	size_t at = 0;
	unsigned seen = 0;
	for (struct map_entry *e; (e = map_next(&u->model->objects, &at));)
		if (fits(e->value) && sim_draw(++seen) == 0)
			found = e->value;
	return found;
}

static bool is_pod(const struct sim_object *o)
{
	return o->pod && o->pod->node.n && !o->pod->deleting;
}

static void scales(struct sim_user *u)
{
	auto_buf b = { 0 };
	const struct sim_object *o = some_object(u, is_workload);
	if (!o || !kind_named(o->kind)->scales)
		return;
	buf_printf(&b, "{\"spec\":{\"replicas\":%u}}", sim_draw(20));
	ask(u, API_PATCH, kind_named(o->kind)->resource, o->ns, o->name, "", buf_view(&b));
}

static void rolls_out(struct sim_user *u)
{
	auto_buf b = { 0 };
	const struct sim_object *o = some_object(u, is_workload);
	if (!o || !kind_named(o->kind)->rolls)
		return;
	buf_printf(
		&b,
		"{\"spec\":{\"template\":{\"metadata\":{\"annotations\":{\"version\":\"%u\"}}}}}",
		sim_draw(4)); /* of few: it happens to be a rollback */
	ask(u, API_PATCH, kind_named(o->kind)->resource, o->ns, o->name, "", buf_view(&b));
}

static void deletes(struct sim_user *u, const struct sim_object *o, unsigned how)
{
	static const char *const policies[] = { "Background", "Foreground", "Orphan" };
	auto_buf b = { 0 };
	buf_printf(&b,
		   "{\"kind\":\"DeleteOptions\",\"apiVersion\":\"v1\",\"propagationPolicy\":"
		   "\"%s\"}",
		   policies[how]);
	ask(u, API_DELETE, kind_named(o->kind)->resource, o->ns, o->name, "", buf_view(&b));
}

static void deletes_one(struct sim_user *u)
{
	const struct sim_object *o = some_object(u, is_workload);
	if (o && count(u, is_workload) > u->workloads_max / 2)
		deletes(u, o, sim_draw(8) ? sim_draw(2) : 2);
}

static void deletes_pod(struct sim_user *u)
{
	const struct sim_object *o = some_object(u, is_pod);
	if (o)
		ask(u, API_DELETE, API_CORE_V1_PODS, o->ns, o->name, "", STR(""));
}

static void evict(struct sim_user *u, struct str ns, struct str name)
{
	auto_buf b = { 0 };
	buf_printf(&b,
		   "{\"apiVersion\":\"policy/v1\",\"kind\":\"Eviction\",\"metadata\":{\"name\":"
		   "\"%.*s\",\"namespace\":\"%.*s\"}}",
		   STR_ARG(name), STR_ARG(ns));
	ask(u, API_CREATE, API_CORE_V1_PODS, ns, name, "eviction", buf_view(&b));
}

void sim_user_evicts(struct sim_user *u)
{
	const struct sim_object *o = some_object(u, is_pod);
	if (o && !str_eqz(o->pod->owner_kind, "DaemonSet"))
		evict(u, o->ns, o->name);
}

#define AT_ONCE 16

void sim_user_evicts_all_of_one(struct sim_user *u)
{
	const struct sim_object *first = some_object(u, is_pod);
	auto_arena arena = { 0 };
	struct str names[AT_ONCE], ns;
	size_t at = 0, n = 0;
	if (!first || str_eqz(first->pod->owner_kind, "DaemonSet"))
		return;
	ns = arena_str(&arena, first->ns);
	for (struct map_entry *e; n < AT_ONCE && (e = map_next(&u->model->objects, &at));) {
		const struct sim_object *o = e->value;
		if (is_pod(o) && str_eq(o->ns, first->ns) && str_eq(o->pod->app, first->pod->app))
			names[n++] = arena_str(&arena, o->name);
	}
	for (size_t i = 0; i < n; i++)
		evict(u, ns, names[i]);
}

/* --- nodes --- */

static void node_set(struct sim_user *u, const struct sim_node *n, bool cordoned)
{
	ask(u, API_PATCH, API_CORE_V1_NODES, STR(""), str_from(n->name), "",
	    cordoned ? STR("{\"spec\":{\"unschedulable\":true}}")
		     : STR("{\"spec\":{\"unschedulable\":null}}"));
}

static void node_trouble(struct sim_user *u)
{
	struct sim_node *n = &u->nodes->all[sim_draw((unsigned)u->nodes->n)];
	switch (sim_draw(6)) {
	case 0: node_set(u, n, true); return;
	case 1: node_set(u, n, false); return;
	case 2:
		if (!n->up)
			ask(u, API_DELETE, API_CORE_V1_NODES, STR(""), str_from(n->name), "",
			    STR(""));
		return;
	case 3:
	case 4: sim_node_return(u->nodes, n); return;
	default: sim_node_vanish(u->nodes, n);
	}
}

void sim_user_repairs(struct sim_user *u)
{
	for (size_t i = 0; i < u->nodes->n; i++) {
		sim_node_return(u->nodes, &u->nodes->all[i]);
		node_set(u, &u->nodes->all[i], false);
	}
}

static const struct api_resource *to_clear(const struct sim_object *o)
{
	bool orphan = !meta_controller(o->tree);
	if (meta_deletion(o->tree).n)
		return NULL;
	if (o->pod && (orphan || (o->pod->terminal && str_eqz(o->pod->owner_kind, "StatefulSet"))))
		return API_CORE_V1_PODS;
	if (orphan && str_eqz(o->kind, "ReplicaSet"))
		return API_APPS_V1_REPLICASETS;
	if (orphan && str_eqz(o->kind, "ControllerRevision"))
		return API_APPS_V1_CONTROLLERREVISIONS;
	return NULL;
}

void sim_user_clears(struct sim_user *u)
{
	size_t at = 0;
	for (struct map_entry *e; (e = map_next(&u->model->objects, &at));) {
		const struct sim_object *o = e->value;
		const struct api_resource *of = to_clear(o);
		if (of)
			ask(u, API_DELETE, of, o->ns, o->name, "", STR(""));
	}
}

void sim_user_suspends(struct sim_user *u)
{
	size_t at = 0;
	for (struct map_entry *e; (e = map_next(&u->model->objects, &at));) {
		const struct sim_object *o = e->value;
		if (str_eqz(o->kind, "CronJob"))
			ask(u, API_PATCH, API_BATCH_V1_CRONJOBS, o->ns, o->name, "",
			    STR("{\"spec\":{\"suspend\":true}}"));
	}
}

/* --- all of it --- */

void sim_user_acts(struct sim_user *u)
{
	static void (*const acts[])(struct sim_user *) = {
		makes_workload, makes_workload, makes_workload, scales,      scales,
		rolls_out,      rolls_out,      deletes_one,    deletes_pod, sim_user_evicts,
		node_trouble,   node_trouble,   node_trouble,
	};
	acts[sim_draw(COUNT_OF(acts))](u);
}

void sim_user_deletes_all(struct sim_user *u)
{
	size_t at = 0;
	for (struct map_entry *e; (e = map_next(&u->model->objects, &at));)
		if (is_workload(e->value))
			deletes(u, e->value, sim_draw(2));
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/server/simulation/sim_nodes.h"

#include <stdio.h>

#include "api/object/meta.h"
#include "base/clock.h"
#include "base/mem.h"
#include "generated/api_tables.h"
#include "tests/unit/server/simulation/sim_time.h"

#define LEASE_US 40000000

struct kubelet_pod {
	char *ns, *name, *uid;
	struct str node; /* a node's own name */
	enum { POD_NEW, POD_RUNNING, POD_UNREADY, POD_ENDED } state;
	bool job, deleting;
	int64_t due_us;
};

static void ignore(void *ctx, const struct client_result *r)
{
	(void)ctx;
	(void)r;
}

static void tell(struct client *c, enum api_verb verb, const struct api_resource *res,
		 const char *ns, const char *name, const char *sub, struct buf *body)
{
	const struct client_call call = {
		.verb = verb,
		.resource = res,
		.ns = str_from(ns),
		.name = str_from(verb == API_CREATE ? "" : name),
		.subresource = str_from(sub),
		.content_type =
			verb == API_PATCH ? STR("application/strategic-merge-patch+json") : STR(""),
		.body = buf_view(body),
		.done = ignore
	};
	client_do(c, &call);
	buf_reset(body);
}

/* --- nodes --- */

static void conditions(const struct sim_node *n, struct buf *b)
{
	char now[TIME_TEXT_MAX];
	time_format(n->since_s, now);
	buf_printf(b,
		   "\"conditions\":[{\"type\":\"Ready\",\"status\":\"True\",\"reason\":"
		   "\"KubeletReady\",\"message\":\"\",\"lastTransitionTime\":\"%s\"}]",
		   now);
}

static void node_register(struct sim_node *n)
{
	auto_buf b = { 0 };
	buf_printf(&b,
		   "{\"metadata\":{\"name\":\"%s\",\"labels\":{\"kubernetes.io/hostname\":\"%s\","
		   "\"topology.kubernetes.io/zone\":\"z%u\"}},\"status\":{\"capacity\":{\"cpu\":"
		   "\"%d\",\"memory\":\"5Gi\",\"pods\":\"%d\"},\"allocatable\":{\"cpu\":\"%d\","
		   "\"memory\":\"5Gi\",\"pods\":\"%d\"},",
		   n->name, n->name, (unsigned)(n->name[strlen(n->name) - 1] - '0') % 3,
		   SIM_NODE_CPU, SIM_NODE_PODS, SIM_NODE_CPU, SIM_NODE_PODS);
	conditions(n, &b);
	buf_puts(&b, "}}");
	tell(n->client, API_CREATE, API_CORE_V1_NODES, "", n->name, "", &b);
}

/* Nothing is written unless somebody else has changed it. */
static void status_report(struct sim_node *n)
{
	auto_buf b = { 0 };
	buf_puts(&b, "{\"status\":{");
	conditions(n, &b);
	buf_puts(&b, "}}");
	tell(n->client, API_PATCH, API_CORE_V1_NODES, "", n->name, "status", &b);
}

static void lease_renew(struct sim_node *n)
{
	auto_buf b = { 0 };
	char now[TIME_TEXT_MAX];
	if (sim_now_us() < n->lease_us)
		return;
	time_format_micro(clock_wall_us(clock_real()), now);
	if (!n->registered) {
		buf_printf(&b,
			   "{\"metadata\":{\"name\":\"%s\"},\"spec\":{\"holderIdentity\":\"%s\"}}",
			   n->name, n->name);
		tell(n->client, API_CREATE, API_COORDINATION_V1_LEASES, "kube-node-lease", n->name,
		     "", &b);
	}
	n->registered = true;
	buf_printf(&b, "{\"spec\":{\"renewTime\":\"%s\"}}", now);
	tell(n->client, API_PATCH, API_COORDINATION_V1_LEASES, "kube-node-lease", n->name, "", &b);
	n->lease_us = sim_now_us() + LEASE_US;
	status_report(n);
}

void sim_node_vanish(struct sim_nodes *s, struct sim_node *n)
{
	(void)s;
	n->up = false;
}

void sim_node_return(struct sim_nodes *s, struct sim_node *n)
{
	(void)s;
	n->up = true;
	n->registered = false;
	n->lease_us = 0;
	n->since_s = clock_wall_s(clock_real());
	node_register(n);
}

static struct sim_node *node_named(struct sim_nodes *s, struct str name)
{
	for (size_t i = 0; i < s->n; i++)
		if (str_eqz(name, s->all[i].name))
			return &s->all[i];
	return NULL;
}

/* --- what a kubelet does to a pod --- */

static int64_t soon(unsigned max_ms)
{
	return sim_now_us() + (int64_t)sim_draw(max_ms) * 1000;
}

static void status_write(struct sim_node *n, struct kubelet_pod *p, const char *phase, bool ready)
{
	auto_buf b = { 0 };
	char now[TIME_TEXT_MAX];
	time_format(clock_wall_s(clock_real()), now);
	buf_printf(&b, "{\"metadata\":{\"uid\":\"%s\"},\"status\":{\"phase\":\"%s\",", p->uid,
		   phase);
	if (!strcmp(phase, "Failed") && !p->job && !p->deleting)
		buf_puts(&b, "\"reason\":\"Evicted\",\"message\":\"The node was low on memory.\",");
	buf_puts(&b, "\"conditions\":[");
	for (int i = 0; i < 2; i++)
		buf_printf(&b,
			   "%s{\"type\":\"%s\",\"status\":\"%s\",\"lastTransitionTime\":\"%s\"}",
			   i ? "," : "", i ? "Ready" : "ContainersReady", ready ? "True" : "False",
			   now);
	buf_puts(&b, "]}}");
	tell(n->client, API_PATCH, API_CORE_V1_PODS, p->ns, p->name, "status", &b);
}

static void pod_remove(struct sim_node *n, struct kubelet_pod *p)
{
	auto_buf b = { 0 };
	buf_printf(&b,
		   "{\"kind\":\"DeleteOptions\",\"apiVersion\":\"v1\",\"gracePeriodSeconds\":0,"
		   "\"preconditions\":{\"uid\":\"%s\"}}",
		   p->uid);
	tell(n->client, API_DELETE, API_CORE_V1_PODS, p->ns, p->name, "", &b);
	p->due_us = sim_now_us() + 5000000; /* and again, should the answer be lost */
}

static void pod_ends(struct sim_node *n, struct kubelet_pod *p, bool well)
{
	status_write(n, p, well ? "Succeeded" : "Failed", false);
	p->state = POD_ENDED;
	p->due_us = INT64_MAX;
}

static void running_goes_on(struct sim_nodes *s, struct sim_node *n, struct kubelet_pod *p)
{
	if (p->job) {
		pod_ends(n, p, sim_draw(8) != 0);
	} else if (s->trouble && sim_draw(8) == 0) {
		pod_ends(n, p, false);
	} else if (s->trouble && sim_draw(2)) {
		status_write(n, p, "Running", false);
		p->state = POD_UNREADY;
		p->due_us = soon(8000);
	} else {
		p->due_us = soon(200000);
	}
}

static void pod_step(struct sim_nodes *s, struct sim_node *n, struct kubelet_pod *p)
{
	if (p->deleting && p->state != POD_ENDED) {
		pod_ends(n, p, false);
		p->due_us = soon(1000);
	} else if (p->deleting) {
		pod_remove(n, p);
	} else if (p->state == POD_RUNNING) {
		running_goes_on(s, n, p);
	} else if (p->state != POD_ENDED) {
		status_write(n, p, "Running", true);
		p->state = POD_RUNNING;
		p->due_us = soon(p->job ? 20000 : 200000);
	}
}

void sim_nodes_step(struct sim_nodes *s)
{
	size_t at = 0;
	for (size_t i = 0; i < s->n; i++)
		if (s->all[i].up)
			lease_renew(&s->all[i]);
	for (struct map_entry *e; (e = map_next(&s->pods, &at));) {
		struct kubelet_pod *p = e->value;
		struct sim_node *n = node_named(s, p->node);
		if (n && n->up && p->due_us <= sim_now_us())
			pod_step(s, n, p);
	}
}

/* --- what kubelets are told --- */

static void pod_free(void *pod)
{
	struct kubelet_pod *p = pod;
	if (!p)
		return;
	free(p->ns);
	free(p->name);
	free(p->uid);
	free(p);
}

static bool says_ready(const json_t *pod)
{
	size_t i;
	const json_t *c;
	json_array_foreach (tree_get(pod, "status", "conditions", NULL), i, c)
		if (str_eqz(tree_get_str(c, "type", NULL), "Ready"))
			return str_eqz(tree_get_str(c, "status", NULL), "True");
	return false;
}

static void pod_seen(struct sim_nodes *s, const struct object *o, const json_t *tree)
{
	struct str node = tree_get_str(tree, "spec", "nodeName", NULL);
	struct str phase = tree_get_str(tree, "status", "phase", NULL);
	struct kubelet_pod *p = map_get(&s->pods, o->uid);
	struct sim_node *on = node_named(s, node);
	if (!on)
		return;
	if (!p) {
		p = NEW(struct kubelet_pod);
		*p = (struct kubelet_pod){
			.ns = str_dup(o->ns),
			.name = str_dup(o->name),
			.uid = str_dup(o->uid),
			.node = str_from(on->name),
			.job = str_eqz(tree_get_str(meta_controller(tree), "kind", NULL), "Job"),
			.due_us = soon(3000)
		};
		map_put(&s->pods, o->uid, p);
		if (str_eqz(phase, "Running"))
			p->state = POD_UNREADY;
	}
	if (str_eqz(phase, "Succeeded") || str_eqz(phase, "Failed"))
		p->state = POD_ENDED;
	if (p->state == POD_RUNNING && !says_ready(tree)) {
		p->state = POD_UNREADY; /* says a controller that has thought us lost */
		p->due_us = sim_now_us();
	}
	if (!p->deleting && o->deleting) {
		p->deleting = true;
		p->due_us = soon(4000);
	}
}

static void on_pod(void *ctx, const struct object *old, const struct object *new)
{
	struct sim_nodes *s = ctx;
	if (old && (!new || !str_eq(old->uid, new->uid)))
		pod_free(map_del(&s->pods, old->uid));
	if (!new)
		return;
	json_t *tree = object_tree(new, NULL);
	pod_seen(s, new, tree);
	json_decref(tree);
}

void sim_nodes_begin(struct sim_nodes *s, struct sim_world *w, size_t n)
{
	*s = (struct sim_nodes){ .world = w, .n = n };
	s->all = mem_zalloc(n * sizeof(*s->all));
	for (size_t i = 0; i < n; i++)
		snprintf(s->all[i].name, sizeof(s->all[i].name), "node-%zu", i);
}

void sim_nodes_end(struct sim_nodes *s)
{
	free(s->all);
}

void sim_nodes_attach(struct sim_nodes *s)
{
	for (size_t i = 0; i < s->n; i++) {
		char user[64];
		snprintf(user, sizeof(user), "system:node:%s", s->all[i].name);
		s->all[i].client = sim_world_client(s->world, user, "system:nodes");
	}
	s->watch =
		client_watch(s->world->admin, &(struct watch_handler){ .resource = API_CORE_V1_PODS,
								       .on_change = on_pod,
								       .ctx = s });
}

void sim_nodes_detach(struct sim_nodes *s)
{
	client_unwatch(s->world->admin, s->watch);
	map_free(&s->pods, pod_free);
	s->pods = (struct map){ 0 };
}

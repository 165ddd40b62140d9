/* SPDX-License-Identifier: Apache-2.0 */
/* start: create the Node (there already: its labels are set right) → watch it → pod CIDRs → network → Ready.
 * One timer of ten seconds renews the lease, looks at pressure, and sends the status when it changed or is five minutes old. */
#include "agent/kubelet/node/node.h"

#include <stdio.h>

#include "agent/kubelet/node/image_gc.h"
#include "agent/kubelet/node/lease.h"
#include "agent/kubelet/node/node_status.h"
#include "agent/kubelet/pod/pod.h"
#include "agent/kubelet/serve/log_rotate.h"
#include "agent/kubelet/volumes/local_volumes.h"
#include "api/decode.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/version.h"
#include "generated/api_tables.h"

#define STATUS_MAX_AGE_US (300 * 1000000ll)
#define RETRY_MS          1000

struct node {
	struct kubelet *k;
	void (*on_cidrs)(struct kubelet *k, const char *const *cidrs);
	struct loop_timer timer;
	struct lease lease;
	char uid[64];
	struct reflector *watch;
	struct arena arena; /* of object */
	struct core_v1_node object;
	struct node_view view;
	struct buf images;
	bool registered, has_cidrs, ready_told, images_stale;
	bool status_busy, stopping;
	char *status_sent;
	int64_t sent_us;
	int pending;
	void (*stopped)(struct kubelet *k);
};

static void sync_status(struct node *n);

static int64_t now_us(const struct node *n)
{
	return clock_wall_us(n->k->clock);
}

void node_event(struct kubelet *k, bool warning, const char *reason, const char *message)
{
	struct event_subject s = { .kind = "Node",
				   .name = str_from(k->config.node_name),
				   .uid = str_from(k->config.node_name) };
	(warning ? event_warning : event_normal)(k->events, &s, reason, "%s", message);
}

const char *node_uid(const struct node *n)
{
	return n->uid;
}

/* --- stop --- */

static void timer_closed(struct loop_timer *t)
{
	struct node *n = CONTAINER_OF(t, struct node, timer);
	void (*stopped)(struct kubelet *) = n->stopped;
	struct kubelet *k = n->k;
	buf_free(&n->images);
	arena_free(&n->arena);
	free(n->status_sent);
	free(n);
	stopped(k);
}

static void maybe_free(struct node *n)
{
	if (n->stopping && n->pending == 0 && !n->lease.busy)
		loop_timer_close(&n->timer, timer_closed);
}

static void lease_idle(struct lease *l)
{
	maybe_free(CONTAINER_OF(l, struct node, lease));
}

void node_stop(struct node *n, void (*done)(struct kubelet *k))
{
	n->stopping = true;
	n->stopped = done;
	n->lease.idle = lease_idle;
	loop_timer_stop(&n->timer);
	if (n->watch)
		client_unwatch(n->k->client, n->watch);
	n->watch = NULL;
	maybe_free(n);
}

static void call(struct node *n, struct client_call c)
{
	c.resource = API_CORE_V1_NODES;
	c.ctx = n;
	n->pending++;
	client_do(n->k->client, &c);
}

/* true: stopping, nothing more to do */
static bool answered(struct node *n)
{
	n->pending--;
	if (n->stopping)
		maybe_free(n);
	return n->stopping;
}

/* The first lease may come before its namespace is there. */
static void arm_timer(struct node *n)
{
	loop_timer_start(&n->timer, n->lease.exists ? LEASE_RENEW_MS : RETRY_MS);
}

/* --- registration --- */

static void add_label(struct buf *b, const char *key, struct str value)
{
	buf_printf(b, "%s\"%s\":", b->p[b->n - 1] == '{' ? "" : ",", key);
	buf_json_string(b, value);
}

static void write_labels(const struct node *n, struct buf *b)
{
	const struct kubelet_config *c = &n->k->config;
	const char *arch = n->k->machine.architecture;
	buf_puts(b, "\"labels\":{");
	add_label(b, "beta.kubernetes.io/arch", str_from(arch));
	add_label(b, "beta.kubernetes.io/os", STR("linux"));
	add_label(b, "kubernetes.io/arch", str_from(arch));
	add_label(b, "kubernetes.io/hostname", str_from(c->node_name));
	add_label(b, "kubernetes.io/os", STR("linux"));
	add_label(b, "node.kubernetes.io/instance-type", STR("allinone"));
	for (const char *const *l = c->node_labels; l && *l; l++) {
		struct str value = str_from(*l), key;
		str_next(&value, '=', &key);
		auto_free char *name = str_dup(key);
		add_label(b, name, value);
	}
	buf_puts(b, "},\"annotations\":{\"volumes.kubernetes.io/"
		    "controller-managed-attach-detach\":\"true\"");
	auto_free char *root = str_printf("%s/storage", c->data_dir);
	buf_puts(b, ",\"" LOCAL_VOLUMES_ANNOTATION "\":");
	buf_json_string(b, str_from(root));
	buf_putc(b, '}');
}

/* "key=value:Effect", "key:Effect" */
static void write_taints(const struct node *n, struct buf *b)
{
	const char *const *t = n->k->config.node_taints;
	buf_puts(b, "\"taints\":[");
	for (size_t i = 0; t && t[i]; i++) {
		struct str effect = str_from(t[i]), key, name;
		str_next(&effect, ':', &key);
		str_next(&key, '=', &name);
		buf_puts(b, i ? ",{\"key\":" : "{\"key\":");
		buf_json_string(b, name);
		if (key.n) {
			buf_puts(b, ",\"value\":");
			buf_json_string(b, key);
		}
		buf_puts(b, ",\"effect\":");
		buf_json_string(b, effect);
		buf_putc(b, '}');
	}
	buf_putc(b, ']');
}

static void write_cidrs(const struct node *n, struct buf *b)
{
	const char *const *c = n->k->config.pod_cidrs;
	if (!c || !c[0])
		return;
	buf_printf(b, ",\"podCIDR\":\"%s\",\"podCIDRs\":[", c[0]);
	for (size_t i = 0; c[i]; i++)
		buf_printf(b, "%s\"%s\"", i ? "," : "", c[i]);
	buf_putc(b, ']');
}

static void on_node(void *ctx, const struct object *old, const struct object *new);

static void start_watch(struct node *n)
{
	auto_free char *selector = str_printf("metadata.name=%s", n->k->config.node_name);
	struct watch_handler h = {
		.resource = API_CORE_V1_NODES,
		.field_selector = str_from(selector),
		.on_change = on_node,
		.ctx = n,
	};
	n->watch = client_watch(n->k->client, &h);
}

static void on_labelled(void *ctx, const struct client_result *r)
{
	struct node *n = ctx;
	if (answered(n))
		return;
	if (r->err)
		log_warn("the node's labels are not as they should be",
			 LOG_S("error", err_text(r->err)));
}

static void set_labels(struct node *n)
{
	auto_buf b = { 0 };
	buf_puts(&b, "{\"metadata\":{");
	write_labels(n, &b);
	buf_puts(&b, "}}");
	call(n, (struct client_call){ .verb = API_PATCH,
				      .name = str_from(n->k->config.node_name),
				      .body = buf_view(&b),
				      .content_type = STR("application/merge-patch+json"),
				      .done = on_labelled });
}

static void on_registered(void *ctx, const struct client_result *r)
{
	struct node *n = ctx;
	if (answered(n))
		return;
	if (r->err && r->err->reason != ERR_ALREADY_EXISTS) {
		log_warn("node not registered, will retry", LOG_S("error", err_text(r->err)));
		loop_timer_start(&n->timer, RETRY_MS);
		return;
	}
	if (r->err)
		set_labels(n);
	else
		log_info("node registered", LOG_S("node", n->k->config.node_name));
	n->registered = true;
	arm_timer(n);
	if (!n->watch)
		start_watch(n);
	sync_status(n);
}

static void send_node(struct node *n)
{
	auto_buf b = { 0 };
	buf_printf(&b, "{\"kind\":\"Node\",\"apiVersion\":\"v1\",\"metadata\":{\"name\":\"%s\",",
		   n->k->config.node_name);
	write_labels(n, &b);
	buf_puts(&b, "},\"spec\":{");
	write_taints(n, &b);
	write_cidrs(n, &b);
	buf_puts(&b, "},\"status\":");
	node_status_write(&n->view, now_us(n), false, &b);
	buf_putc(&b, '}');
	call(n, (struct client_call){
			.verb = API_CREATE, .body = buf_view(&b), .done = on_registered });
}

const struct core_v1_node *node_object(const struct node *n)
{
	return n->object.metadata.uid.n ? &n->object : NULL;
}

static int keep_object(struct node *n, struct str json)
{
	struct arena a = { 0 };
	struct core_v1_node fresh = { 0 };
	int r = struct_read_json(json, &a, api_struct_core_v1_node, &fresh, NULL);
	if (r < 0) {
		arena_free(&a);
		return r;
	}
	arena_free(&n->arena);
	n->arena = a;
	n->object = fresh;
	return 0;
}

static void on_asked(void *ctx, const struct client_result *r)
{
	struct node *n = ctx;
	if (answered(n))
		return;
	if (!r->err)
		keep_object(n, r->body);
	pods_admit(n->k);
}

void node_ask(struct node *n)
{
	call(n, (struct client_call){ .verb = API_GET,
				      .name = str_from(n->k->config.node_name),
				      .done = on_asked });
}

static void take_cidrs(struct node *n, const struct core_v1_node *o)
{
	const char *cidrs[3] = { NULL };
	if (n->has_cidrs || o->spec.pod_cidrs.n == 0)
		return;
	for (size_t i = 0; i < o->spec.pod_cidrs.n && i < 2; i++)
		cidrs[i] = o->spec.pod_cidrs.items[i].p;
	n->has_cidrs = true;
	n->on_cidrs(n->k, cidrs);
}

/* Says again what the Node does not show (any more). */
static void heal_status(struct node *n)
{
	if (n->status_busy || !n->status_sent || !node_object(n) ||
	    node_status_is_shown(&n->view, &n->object))
		return;
	free(n->status_sent);
	n->status_sent = NULL;
	lease_renew(&n->lease);
	sync_status(n);
}

static void on_node(void *ctx, const struct object *old, const struct object *new)
{
	struct node *n = ctx;
	(void)old;
	if (!new) { /* somebody deleted it: we are still here */
		free(n->status_sent);
		n->status_sent = NULL;
		n->lease.exists = false;
		if (!n->stopping)
			send_node(n);
		return;
	}
	if (keep_object(n, new->json) < 0)
		return;
	bool first = !n->uid[0];
	snprintf(n->uid, sizeof(n->uid), "%.*s", STR_ARG(n->object.metadata.uid));
	if (first)
		lease_renew(&n->lease);
	take_cidrs(n, &n->object);
	if (first)
		pods_admit(n->k);
	heal_status(n);
}

/* --- status --- */

static void status_event(const struct node *n, const char *event)
{
	auto_free char *message =
		str_printf("Node %s status is now: %s", n->k->config.node_name, event);
	node_event(n->k, false, event, message);
}

static void set_condition(struct node *n, enum node_condition c, bool value)
{
	if (n->view.conditions[c].value == value)
		return;
	n->view.conditions[c] = (struct node_condition_state){ value, now_us(n) };
}

static void take_pressure(struct node *n)
{
	static const char *const events[PRESSURE_CONDITIONS][2] = {
		[NODE_MEMORY_PRESSURE] = { "NodeHasSufficientMemory", "NodeHasInsufficientMemory" },
		[NODE_DISK_PRESSURE] = { "NodeHasNoDiskPressure", "NodeHasDiskPressure" },
		[NODE_PID_PRESSURE] = { "NodeHasSufficientPID", "NodeHasInsufficientPID" },
	};
	const bool *now = eviction_conditions(n->k->eviction);
	for (enum node_condition c = 0; c < PRESSURE_CONDITIONS; c++) {
		if (n->view.conditions[c].value == now[c])
			continue;
		set_condition(n, c, now[c]);
		status_event(n, events[c][now[c]]);
	}
}

static void look_around(struct node *n)
{
	eviction_look(n->k->eviction);
	take_pressure(n);
}

static void tell_ready(struct node *n)
{
	if (n->ready_told || !n->view.conditions[NODE_READY].value)
		return;
	n->ready_told = true;
	status_event(n, "NodeReady");
	if (n->k->config.on_ready)
		n->k->config.on_ready(n->k->config.ctx);
}

static void on_status(void *ctx, const struct client_result *r)
{
	struct node *n = ctx;
	n->status_busy = false;
	if (answered(n))
		return;
	if (r->err) {
		log_warn("node status not stored, will retry", LOG_S("error", err_text(r->err)));
		free(n->status_sent);
		n->status_sent = NULL;
		loop_timer_start(&n->timer, RETRY_MS);
		return;
	}
	tell_ready(n);
	sync_status(n);
}

static void send_status(struct node *n, struct buf *plain)
{
	auto_buf b = { 0 };
	buf_puts(&b, "{\"status\":");
	node_status_write(&n->view, now_us(n), true, &b);
	buf_putc(&b, '}');
	free(n->status_sent);
	n->status_sent = buf_take(plain);
	n->sent_us = now_us(n);
	n->status_busy = true;
	call(n, (struct client_call){ .verb = API_PATCH,
				      .name = str_from(n->k->config.node_name),
				      .subresource = STR("status"),
				      .content_type = STR("application/strategic-merge-patch+json"),
				      .body = buf_view(&b),
				      .done = on_status });
}

static void sync_status(struct node *n)
{
	auto_buf plain = { 0 };
	if (!n->registered || n->status_busy || n->stopping)
		return;
	bool old = now_us(n) - n->sent_us >= STATUS_MAX_AGE_US;
	if (n->images_stale || old) {
		buf_reset(&n->images);
		node_status_images(n->k->images, &n->images);
		n->view.images = buf_view(&n->images);
		n->images_stale = false;
	}
	if (old && n->k->pods_synced) /* before that nobody knows which images are used */
		image_gc(n->k);
	node_status_write(&n->view, 0, false, &plain);
	if (old || !n->status_sent || strcmp(plain.p, n->status_sent) != 0)
		send_status(n, &plain);
}

void node_network_ready(struct node *n)
{
	set_condition(n, NODE_READY, true);
	sync_status(n);
}

void node_pressure_changed(struct node *n)
{
	take_pressure(n);
	sync_status(n);
}

void node_images_changed(struct node *n)
{
	n->images_stale = true;
	sync_status(n);
}

/* --- the timer --- */

static void on_timer(struct loop_timer *t)
{
	struct node *n = CONTAINER_OF(t, struct node, timer);
	if (!n->registered) {
		send_node(n);
		return;
	}
	arm_timer(n);
	if (n->uid[0])
		lease_renew(&n->lease);
	look_around(n);
	usage_look(n->k);
	logs_rotate(n->k);
	heal_status(n);
	sync_status(n);
}

struct node *node_start(struct kubelet *k,
			void (*on_cidrs)(struct kubelet *k, const char *const *cidrs))
{
	struct node *n = NEW(struct node);
	n->k = k;
	n->on_cidrs = on_cidrs;
	n->lease = (struct lease){ .client = k->client,
				   .clock = k->clock,
				   .node_name = k->config.node_name,
				   .node_uid = n->uid };
	n->view = (struct node_view){
		.name = k->config.node_name,
		.ips = k->host_ips,
		.machine = &k->machine,
		.port = k->config.port,
		.max_pods = k->config.max_pods,
	};
	for (int i = 0; i < NODE_CONDITIONS; i++)
		n->view.conditions[i].since_us = now_us(n);
	n->images_stale = true;
	loop_timer_init(k->loop, &n->timer, on_timer);
	look_around(n);
	usage_look(k);
	send_node(n);
	return n;
}

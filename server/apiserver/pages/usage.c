/* SPDX-License-Identifier: Apache-2.0 */
/* metrics.k8s.io: what nodes and pods use, asked of the kubelets concerned when somebody wants to know; nothing is kept. Which pods and nodes
 * there are is taken from the cache, so a kubelet can't speak for others' pods. Follows metrics-server's answers. */
#include <stdio.h>

#include "api/object/meta.h"
#include "api/values/quantity.h"
#include "base/mem.h"
#include "server/apiserver/kubelet/kubelet_link.h"
#include "server/apiserver/local/loop_state.h"
#include "server/apiserver/lookup.h"
#include "server/apiserver/read/made.h"
#include "server/apiserver/read/selection.h"
#include "server/apiserver/respond.h"
#include "server/apiserver/subresources/subresources.h"

#define ANSWER_MAX      (64u << 20)
#define CONNECT_MS      2000
#define TIMEOUT_MS      5000
#define WINDOW_FALLBACK 10

struct node_answer {
	struct usage_request *owner;
	struct str name;
	struct buf text;
	int status;
	json_t *stats; /* NULL: no answer */
};
struct usage_request { /* in the request's arena, but for what usage_free() frees */
	struct api_request *r;
	bool pods;
	const struct api_resource *core;
	struct selection selection;
	const struct object **items; /* the core objects; references */
	size_t n, cap;
	struct str *nodes; /* of each item */
	struct node_answer *answers;
	size_t nanswers, waiting;
};

static void usage_free(struct usage_request *u)
{
	for (size_t i = 0; i < u->n; i++)
		object_unref(u->items[i]);
	for (size_t i = 0; i < u->nanswers; i++) {
		buf_free(&u->answers[i].text);
		json_decref(u->answers[i].stats);
	}
	free(u->items);
	selection_free(&u->selection);
}

/* --- answers --- */

static const struct node_answer *answer_of(const struct usage_request *u, struct str node)
{
	for (size_t i = 0; i < u->nanswers; i++)
		if (str_eq(u->answers[i].name, node))
			return &u->answers[i];
	return NULL;
}

static void write_labels(const struct object *o, struct buf *b)
{
	if (!o->nlabels)
		return;
	buf_puts(b, ",\"labels\":{");
	for (size_t i = 0; i < o->nlabels; i++) {
		buf_puts(b, i ? "," : "");
		buf_json_string(b, o->labels[i].key);
		buf_putc(b, ':');
		buf_json_string(b, o->labels[i].value);
	}
	buf_putc(b, '}');
}

/* As upstream's quantities are written: nano cores with suffix n, memory in Ki. */
static void write_amounts(const json_t *stats, struct buf *b)
{
	json_int_t nano = tree_int(tree_get(stats, "cpu", "usageNanoCores", NULL), 0);
	json_int_t bytes = tree_int(tree_get(stats, "memory", "workingSetBytes", NULL), 0);
	buf_printf(b, "\"usage\":{\"cpu\":\"%lld%s\",\"memory\":\"%lldKi\"}", (long long)nano,
		   nano ? "n" : "", (long long)(bytes / 1024));
}

static void write_head(const struct usage_request *u, const struct object *o, const json_t *stats,
		       struct buf *b)
{
	char now[TIME_TEXT_MAX];
	time_format(clock_wall_s(u->r->server->clock), now);
	buf_printf(b,
		   "{\"kind\":\"%s\",\"apiVersion\":\"metrics.k8s.io/"
		   "v1beta1\",\"metadata\":{\"name\":",
		   u->r->resource->kind);
	buf_json_string(b, o->name);
	if (u->pods) {
		buf_puts(b, ",\"namespace\":");
		buf_json_string(b, o->ns);
	}
	buf_printf(b, ",\"creationTimestamp\":\"%s\"", now);
	write_labels(o, b);
	struct str at = tree_get_str(stats, "cpu", "time", NULL);
	buf_printf(b, "},\"timestamp\":\"%.*s\",\"window\":\"%ds\",", STR_ARG(at), WINDOW_FALLBACK);
}

static const json_t *stats_of_pod(const struct node_answer *a, const struct object *o)
{
	size_t i;
	json_t *pod;
	json_array_foreach (json_object_get(a->stats, "pods"), i, pod)
		if (str_eq(tree_get_str(pod, "podRef", "uid", NULL), o->uid))
			return json_array_size(json_object_get(pod, "containers")) ? pod : NULL;
	return NULL;
}

/* False: nothing is known of it. */
static bool write_item(const struct usage_request *u, size_t at, struct buf *b)
{
	const struct object *o = u->items[at];
	const struct node_answer *a = answer_of(u, u->nodes[at]);
	const json_t *stats = !a || !a->stats ? NULL
			      : u->pods       ? stats_of_pod(a, o)
					      : json_object_get(a->stats, "node");
	if (!stats)
		return false;
	write_head(u, o, stats, b);
	if (!u->pods) {
		write_amounts(stats, b);
		buf_putc(b, '}');
		return true;
	}
	const json_t *list = json_object_get(stats, "containers");
	buf_puts(b, "\"containers\":[");
	for (size_t i = 0; i < json_array_size(list); i++) {
		const json_t *c = json_array_get(list, i);
		buf_puts(b, i ? ",{\"name\":" : "{\"name\":");
		buf_json_string(b, tree_get_str(c, "name", NULL));
		buf_putc(b, ',');
		write_amounts(c, b);
		buf_putc(b, '}');
	}
	buf_puts(b, "]}");
	return true;
}

static void answer(struct usage_request *u)
{
	struct api_request *r = request_ref(u->r);
	struct made made = { 0 };
	for (size_t i = 0; i < u->n; i++) {
		auto_buf one = { 0 };
		if (write_item(u, i, &one))
			made_add(r, &made, u->items[i]->ns, u->items[i]->name, buf_view(&one));
	}
	made_respond(r, &made);
	usage_free(u);
	request_unref(r);
}

/* --- asking the kubelets --- */

static void on_response(struct http_call *call, const struct http_response *response)
{
	struct node_answer *a = http_call_ctx(call);
	a->status = response->status;
}

static void on_data(struct http_call *call, const char *p, size_t n)
{
	struct node_answer *a = http_call_ctx(call);
	if (a->text.n + n > ANSWER_MAX)
		http_call_cancel(call);
	else
		buf_add(&a->text, p, n);
}

static void on_done(struct http_call *call, const struct err *err)
{
	struct node_answer *a = http_call_ctx(call);
	struct usage_request *u = a->owner;
	if (!err && a->status == 200)
		a->stats = json_loadb(a->text.p ? a->text.p : "", a->text.n, 0, NULL);
	buf_free(&a->text);
	if (--u->waiting == 0)
		answer(u);
}

static void ask(struct node_answer *a)
{
	static const struct http_call_ops ops = { .response = on_response,
						  .data = on_data,
						  .done = on_done };
	struct api_request *r = a->owner->r;
	struct kubelet_address k;
	if (kubelet_find(r->server, a->name, &r->arena, &k, NULL) < 0)
		return;
	struct http_call_spec spec = { .tls = k.tls,
				       .host = k.host,
				       .port = k.port,
				       .method = STR("GET"),
				       .target = STR("/stats/summary"),
				       .authority = str_from(k.host),
				       .connect_timeout_ms = CONNECT_MS,
				       .timeout_ms = TIMEOUT_MS,
				       .ops = &ops,
				       .ctx = a };
	a->owner->waiting++;
	http_call_start(loop_http_client(r->loop), &spec);
}

static void ask_all(struct usage_request *u)
{
	u->answers = ARENA_ARRAY(&u->r->arena, struct node_answer, u->n + 1);
	for (size_t i = 0; i < u->n; i++)
		if (u->nodes[i].n && !answer_of(u, u->nodes[i]))
			u->answers[u->nanswers++] =
				(struct node_answer){ .owner = u, .name = u->nodes[i] };
	u->waiting = 1;
	for (size_t i = 0; i < u->nanswers; i++)
		ask(&u->answers[i]);
	if (--u->waiting == 0)
		answer(u);
}

/* --- which ones --- */

static bool take(void *ctx, const struct object *o)
{
	struct usage_request *u = ctx;
	if (!selection_match(&u->selection, o))
		return true;
	u->items = mem_array_grow(u->items, &u->cap, u->n + 1, sizeof(struct object *));
	u->items[u->n++] = object_ref(o);
	return true;
}

static void find_nodes(struct usage_request *u)
{
	u->nodes = ARENA_ARRAY(&u->r->arena, struct str, u->n + 1);
	for (size_t i = 0; i < u->n; i++) {
		json_t *tree = u->pods ? object_tree(u->items[i], NULL) : NULL;
		struct str node =
			u->pods ? tree_get_str(tree, "spec", "nodeName", NULL) : u->items[i]->name;
		u->nodes[i] = arena_str(&u->r->arena, node);
		json_decref(tree);
	}
}

void sub_usage(struct api_request *r)
{
	auto_err err = { 0 };
	struct usage_request *u = ARENA_NEW(&r->arena, struct usage_request);
	u->r = r;
	u->pods = !strcmp(r->resource->plural, "pods");
	u->core = api_resource_find(STR(""), STR("v1"), str_from(r->resource->plural));
	if (respond_negotiate(r, true, false, &err) < 0 ||
	    selection_parse(u->core, r->opt.label_selector, r->opt.field_selector, &u->selection,
			    &err) < 0) {
		respond_err(r, &err);
		return;
	}
	if (r->media.format == MEDIA_PROTOBUF)
		r->media.format = MEDIA_JSON;
	if (r->verb == API_GET) {
		struct object *o = lookup_object(r, u->core, lookup_ns(r), r->name);
		if (o)
			take(u, o);
		object_unref(o);
	} else {
		struct cache_view view;
		cache_view_now(server_cache(r->server, u->core), &view);
		cache_view_each(&view, lookup_key(r, u->core, lookup_ns(r), STR("")), STR(""), take,
				u);
		cache_view_close(&view);
	}
	find_nodes(u);
	ask_all(u);
}

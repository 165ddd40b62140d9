/* SPDX-License-Identifier: Apache-2.0 */
/* HorizontalPodAutoscalers: each looks at its target and its metrics every --horizontal-pod-autoscaler-sync-period, and at once when
 * its spec changes. Key: the autoscaler. One look is a `struct turn`, which lives from call to call:
 *
 *	GET scale → the metrics, all at once → plan (autoscaler_plan.h) → PUT scale, again while it conflicts → PUT status → events
 *
 * A turn that fails is not hurried: its reason stands in the conditions, and the next look comes in its time. */
#include "api/crd/crd.h"
#include "api/object/meta.h"
#include "api/selector/selector.h"
#include "base/list.h"
#include "base/mem.h"
#include "client/events.h"
#include "server/controllers/autoscaling/autoscaler_plan.h"
#include "server/controllers/autoscaling/metrics_apis.h"
#include "server/controllers/kinds.h"

#define WRITES_MAX 5 /* of a scale that others write, too */

struct autoscaler { /* what is remembered of one, as long as it is there */
	struct scaling_memory memory;
	struct selector *selector; /* of its target's pods; NULL: not known yet */
};
struct state {
	struct event_recorder *events;
	struct map autoscalers; /* key → struct autoscaler */
	struct list turns;
};
struct turn {
	struct list link;
	struct controller *controller;
	struct autoscaler *self;
	struct str key;
	const struct object *object; /* a reference */
	struct autoscaling_v2_horizontal_pod_autoscaler hpa;
	const struct api_resource *target; /* a reference */
	json_t *scale;
	struct pod_views pods;
	struct metric_question *questions;
	struct metric_answer *answers;
	size_t waiting;
	int writes;
	struct autoscaler_view view;
	struct autoscaler_plan plan;
	struct arena arena;
};

static void turn_free(struct turn *t)
{
	list_del(&t->link);
	object_unref(t->object);
	api_resource_unref(t->target);
	json_decref(t->scale);
	free(t->pods.items);
	arena_free(&t->arena);
	free(t);
}

static void turn_end(struct turn *t)
{
	struct controller *c = t->controller;
	work_queue_add_after(c->queue, t->key, c->config->autoscaler.sync_ms);
	controller_done(c, t->key, false);
	turn_free(t);
}

static void autoscaler_free(void *autoscaler)
{
	struct autoscaler *a = autoscaler;
	scaling_memory_free(&a->memory);
	selector_free(a->selector);
	free(a);
}

/* --- the end: events and the status --- */

static void tell_news(struct turn *t)
{
	struct state *s = t->controller->state;
	for (size_t i = 0; i < t->plan.nnews; i++)
		event_record(s->events, t->object, t->plan.news[i].type, t->plan.news[i].reason,
			     NULL, "%s", t->plan.news[i].message);
}

static void on_status(void *ctx, const struct client_result *r)
{
	struct turn *t = ctx;
	struct state *s = t->controller->state;
	if (r->err)
		event_record(s->events, t->object, EVENT_WARNING, "FailedUpdateStatus", NULL, "%s",
			     err_text(r->err));
	turn_end(t);
}

static void finish(struct turn *t)
{
	const struct api_struct *desc = api_struct_autoscaling_v2_horizontal_pod_autoscaler_status;
	auto_buf old = { 0 }, now = { 0 }, body = { 0 };
	struct autoscaling_v2_horizontal_pod_autoscaler whole = t->hpa;
	tell_news(t);
	struct_write_json(desc, &t->hpa.status, &old);
	struct_write_json(desc, &t->plan.status, &now);
	if (str_eq(buf_view(&old), buf_view(&now))) {
		turn_end(t);
		return;
	}
	whole.status = t->plan.status;
	struct_write_json(api_struct_autoscaling_v2_horizontal_pod_autoscaler, &whole, &body);
	const struct client_call put = { .verb = API_UPDATE,
					 .resource = API_AUTOSCALING_V2_HORIZONTALPODAUTOSCALERS,
					 .ns = t->object->ns,
					 .name = t->object->name,
					 .subresource = STR("status"),
					 .body = buf_view(&body),
					 .done = on_status,
					 .ctx = t };
	client_do(t->controller->client, &put);
}

static void give_up(struct turn *t, const char *failure)
{
	t->view.now_us = clock_wall_us(clock_real());
	autoscaler_no_scale(&t->view, failure, &t->plan);
	finish(t);
}

/* --- the scale --- */

static void call_scale(struct turn *t, enum api_verb verb, struct str body,
		       void (*done)(void *ctx, const struct client_result *r))
{
	const struct client_call call = { .verb = verb,
					  .resource = t->target,
					  .ns = t->object->ns,
					  .name = t->hpa.spec.scale_target_ref.name,
					  .subresource = STR("scale"),
					  .body = body,
					  .done = done,
					  .ctx = t };
	client_do(t->controller->client, &call);
}

static void read_scale(struct turn *t, struct str body)
{
	json_decref(t->scale);
	t->scale = json_loadb(body.p, body.n, 0, NULL);
}

static void write_scale(struct turn *t);

static void on_scale_again(void *ctx, const struct client_result *r)
{
	struct turn *t = ctx;
	if (!r->err)
		read_scale(t, r->body);
	write_scale(t);
}

static void on_scale_written(void *ctx, const struct client_result *r)
{
	struct turn *t = ctx;
	if (r->err && r->err->reason == ERR_CONFLICT && ++t->writes < WRITES_MAX) {
		call_scale(t, API_GET, STR(""), on_scale_again);
		return;
	}
	autoscaler_rescaled(&t->view, &t->plan,
			    r->err ? arena_strdup(&t->arena, str_from(err_text(r->err))) : NULL);
	finish(t);
}

static void write_scale(struct turn *t)
{
	json_t *spec = json_object_get(t->scale, "spec");
	json_object_set_new(spec, "replicas", json_integer(t->plan.replicas));
	auto_free char *text = json_dumps(t->scale, JSON_COMPACT);
	call_scale(t, API_UPDATE, str_from(text), on_scale_written);
}

/* --- metrics --- */

static bool add_pod(void *ctx, const struct object *o)
{
	struct turn *t = ctx;
	if (selector_match_labels(t->self->selector, o->labels, o->nlabels))
		pod_views_add(&t->pods, o);
	return true;
}

static void plan(struct turn *t)
{
	t->view.now_us = clock_wall_us(clock_real());
	if (t->self->selector)
		informer_each(controller_informer(t->controller, API_CORE_V1_PODS), t->object->ns,
			      add_pod, t);
	autoscaler_plan(&t->view, &t->plan);
	if (t->plan.rescale)
		write_scale(t);
	else
		finish(t);
}

static void on_answer(void *ctx)
{
	struct turn *t = ctx;
	if (--t->waiting == 0)
		plan(t);
}

static void ask_metrics(struct turn *t)
{
	size_t n = t->hpa.spec.metrics.n;
	t->waiting = 1;
	for (size_t i = 0; i < n; i++) {
		t->questions[i] = (struct metric_question){ .controller = t->controller,
							    .spec = &t->hpa.spec.metrics.items[i],
							    .ns = t->object->ns,
							    .selector = t->view.selector,
							    .arena = &t->arena,
							    .answer = &t->answers[i],
							    .done = on_answer,
							    .ctx = t };
		t->waiting++;
		metric_ask(&t->questions[i]);
	}
	on_answer(t);
}

/* --- who else selects these pods --- */

struct rivalry {
	struct turn *turn;
	struct buf names; /* "[default/web default/other]" */
	size_t n;
};

static void add_rival(struct rivalry *x, struct str key)
{
	buf_printf(&x->names, "%s%.*s", x->n++ ? " " : "[", STR_ARG(key));
}

static bool look_for_rival(void *ctx, const struct object *pod)
{
	struct rivalry *x = ctx;
	struct state *s = x->turn->controller->state;
	size_t at = 0;
	if (!selector_match_labels(x->turn->self->selector, pod->labels, pod->nlabels))
		return true;
	for (struct map_entry *e; (e = map_next(&s->autoscalers, &at));) {
		struct autoscaler *a = e->value;
		struct str ns, name;
		controller_key_split(e->key, &ns, &name);
		if (a == x->turn->self || !a->selector || !str_eq(ns, pod->ns) ||
		    !selector_match_labels(a->selector, pod->labels, pod->nlabels))
			continue;
		add_rival(x, x->turn->key);
		add_rival(x, e->key);
		buf_putc(&x->names, ']');
		return false;
	}
	return true;
}

static void find_rivals(struct turn *t)
{
	struct rivalry x = { .turn = t };
	informer_each(controller_informer(t->controller, API_CORE_V1_PODS), t->object->ns,
		      look_for_rival, &x);
	t->view.rivals = x.n ? arena_strdup(&t->arena, buf_view(&x.names)) : NULL;
	buf_free(&x.names);
}

/* --- the begin --- */

static void take_selector(struct turn *t)
{
	auto_err err = { 0 };
	struct selector *s = NULL;
	if (!t->view.selector.n)
		return;
	if (selector_parse_labels(t->view.selector, &s, &err) < 0) {
		t->view.bad_selector = arena_strdup(&t->arena, str_from(err_text(&err)));
		return;
	}
	selector_free(t->self->selector);
	t->self->selector = s;
}

static void on_scale(void *ctx, const struct client_result *r)
{
	struct turn *t = ctx;
	if (r->err) {
		give_up(t, arena_strdup(&t->arena, str_from(err_text(r->err))));
		return;
	}
	read_scale(t, r->body);
	t->view.current = (int32_t)tree_int(tree_get(t->scale, "spec", "replicas", NULL), 0);
	t->view.counted = (int32_t)tree_int(tree_get(t->scale, "status", "replicas", NULL), 0);
	t->view.selector = arena_str(&t->arena, tree_get_str(t->scale, "status", "selector", NULL));
	bool asks = autoscaler_needs_metrics(&t->hpa, t->view.current);
	if (asks) {
		take_selector(t);
		if (t->self->selector)
			find_rivals(t);
	}
	if (asks && t->view.selector.n && !t->view.bad_selector && !t->view.rivals)
		ask_metrics(t);
	else
		plan(t);
}

static void ask_scale(struct turn *t)
{
	const struct autoscaling_v2_cross_version_object_reference *ref =
		&t->hpa.spec.scale_target_ref;
	struct str group, version;
	kind_group(ref->api_version, &group, &version);
	if (memchr(version.p ? version.p : "", '/', version.n)) {
		give_up(t, arena_printf(&t->arena, "unexpected GroupVersion string: %.*s",
					STR_ARG(ref->api_version)));
		return;
	}
	t->target = kind_resource_any(t->controller->config->client, ref->api_version, ref->kind);
	if (!t->target)
		give_up(t, arena_printf(&t->arena, "no matches for kind \"%.*s\" in group \"%.*s\"",
					STR_ARG(ref->kind), STR_ARG(group)));
	else if (!kind_has_scale(t->target))
		give_up(t, "the server could not find the requested resource");
	else
		call_scale(t, API_GET, STR(""), on_scale);
}

static struct autoscaler *remembered(struct state *s, struct str key)
{
	struct autoscaler *a = map_get(&s->autoscalers, key);
	if (!a) {
		a = NEW(struct autoscaler);
		map_put(&s->autoscalers, key, a);
	}
	return a;
}

static bool turn_start(struct controller *c, struct str key, const struct object *o)
{
	struct state *s = c->state;
	struct turn *t = NEW(struct turn);
	list_add_tail(&s->turns, &t->link);
	t->controller = c;
	t->object = object_ref(o);
	t->key = arena_str(&t->arena, key);
	t->pods.arena = &t->arena;
	if (object_decode(o, &t->arena, api_struct_autoscaling_v2_horizontal_pod_autoscaler,
			  &t->hpa, NULL) < 0) {
		turn_free(t);
		return false;
	}
	t->self = remembered(s, key);
	t->questions = ARENA_ARRAY(&t->arena, struct metric_question, t->hpa.spec.metrics.n + 1);
	t->answers = ARENA_ARRAY(&t->arena, struct metric_answer, t->hpa.spec.metrics.n + 1);
	t->view = (struct autoscaler_view){ .hpa = &t->hpa,
					    .pods = &t->pods,
					    .answers = t->answers,
					    .config = &c->config->autoscaler,
					    .memory = &t->self->memory,
					    .arena = &t->arena };
	ask_scale(t);
	return true;
}

static void work(void *ctx, struct str key)
{
	struct controller *c = ctx;
	struct state *s = c->state;
	struct str ns, name;
	controller_key_split(key, &ns, &name);
	const struct object *o =
		informer_get(controller_informer(c, API_AUTOSCALING_V2_HORIZONTALPODAUTOSCALERS),
			     ns, name);
	bool ready = informer_synced(controller_informer(c, API_CORE_V1_PODS));
	struct autoscaler *gone = o ? NULL : map_del(&s->autoscalers, key);
	if (gone)
		autoscaler_free(gone);
	if (!o || !ready || !turn_start(c, key, o))
		controller_done(c, key, o && !ready);
}

static int64_t generation_of(const struct object *o)
{
	auto_arena arena = { 0 };
	struct meta_v1_partial_object_metadata meta = { 0 };
	object_decode(o, &arena, api_struct_meta_v1_partial_object_metadata, &meta, NULL);
	return meta.metadata.generation;
}

static void on_autoscaler(void *ctx, const struct object *old, const struct object *new)
{
	if (!old || !new || generation_of(old) != generation_of(new))
		controller_wake(ctx, new ? new : old);
}

static int start(struct controller *c, struct err *err)
{
	struct state *s = NEW(struct state);
	(void)err;
	list_init(&s->turns);
	c->state = s;
	s->events = event_recorder_new(c->client, clock_real(), c->component);
	controller_queue_start(c, work);
	metrics_apis_start(c);
	controller_informer(c, API_CORE_V1_PODS);
	informer_hook_add(controller_informer(c, API_AUTOSCALING_V2_HORIZONTALPODAUTOSCALERS),
			  on_autoscaler, NULL, c);
	return 0;
}

static void stop(struct controller *c)
{
	struct state *s = c->state;
	LIST_EACH_SAFE(&s->turns, it)
	turn_free(LIST_ITEM(it, struct turn, link));
	map_free(&s->autoscalers, autoscaler_free);
	event_recorder_free(s->events);
	free(s);
}

const struct controller_row controller_autoscaler = {
	.name = "horizontal-pod-autoscaler-controller",
	.start = start,
	.stop = stop,
	.account = "horizontal-pod-autoscaler",
	.component = "horizontal-pod-autoscaler",
};

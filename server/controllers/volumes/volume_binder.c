/* SPDX-License-Identifier: Apache-2.0 */
/* Binds claims to volumes. Keys: "ns/name" of a claim, "name" of a volume. What is to be written is decided in volume_plan.c, one
 * write at a time; it is written over the version that was looked at, so a step that comes too late changes nothing. */
#include <jansson.h>

#include "base/clock.h"
#include "base/mem.h"
#include "client/events.h"
#include "server/controllers/controller.h"
#include "server/controllers/volumes/volume_step.h"

struct state {
	struct event_recorder *events;
	struct informer *claims, *volumes, *classes, *pods;
	int by_claim; /* index of volumes */
};
struct look { /* one turn */
	struct state *s;
	struct arena arena;
};

/* --- the view --- */

static const claim_struct *read_claim(struct look *l, const struct object *o)
{
	claim_struct *c = ARENA_NEW(&l->arena, claim_struct);

	return object_decode(o, &l->arena, api_struct_core_v1_persistent_volume_claim, c, NULL) < 0
		       ? NULL
		       : c;
}

static const volume_struct *read_volume(struct look *l, const struct object *o)
{
	volume_struct *v = ARENA_NEW(&l->arena, volume_struct);

	return object_decode(o, &l->arena, api_struct_core_v1_persistent_volume, v, NULL) < 0 ? NULL
											      : v;
}

static const claim_struct *find_claim(void *ctx, struct str ns, struct str name)
{
	struct look *l = ctx;
	const struct object *o = informer_get(l->s->claims, ns, name);

	return o ? read_claim(l, o) : NULL;
}

static const volume_struct *find_volume(void *ctx, struct str name)
{
	struct look *l = ctx;
	const struct object *o = informer_get(l->s->volumes, STR(""), name);

	return o ? read_volume(l, o) : NULL;
}

static const struct storage_v1_storage_class *find_class(void *ctx, struct str name)
{
	struct look *l = ctx;
	const struct object *o = informer_get(l->s->classes, STR(""), name);
	struct storage_v1_storage_class *c = ARENA_NEW(&l->arena, struct storage_v1_storage_class);

	return !o || object_decode(o, &l->arena, api_struct_storage_v1_storage_class, c, NULL) < 0
		       ? NULL
		       : c;
}

struct default_search {
	struct look *look;
	struct str name;
	int64_t since_us;
};

/* The newest of those that say that they are the default. */
static bool consider_class(void *ctx, const struct object *o)
{
	struct default_search *s = ctx;
	const struct storage_v1_storage_class *c = find_class(s->look, o->name);
	const struct str *is = c ? annotation_get(&c->metadata, ANN_DEFAULT_CLASS) : NULL;

	if (is && str_eqz(*is, "true") &&
	    (!s->name.n || c->metadata.creation_timestamp.us > s->since_us ||
	     (c->metadata.creation_timestamp.us == s->since_us &&
	      str_cmp(c->metadata.name, s->name) < 0))) {
		s->name = c->metadata.name;
		s->since_us = c->metadata.creation_timestamp.us;
	}
	return true;
}

static struct str default_class(void *ctx)
{
	struct default_search s = { .look = ctx };

	informer_each(s.look->s->classes, STR(""), consider_class, &s);
	return s.name;
}

struct candidates {
	struct look *look;
	const claim_struct *claim;
	void (*fn)(void *arg, const volume_struct *v);
	void *arg;
};

/* Most volumes are bound: their text tells it before they are decoded. */
static bool offer(void *ctx, const struct object *o)
{
	struct candidates *x = ctx;
	const volume_struct *v;

	if (str_contains(o->json, STR("\"claimRef\":")) &&
	    !str_contains(o->json, x->claim->metadata.name))
		return true;
	v = read_volume(x->look, o);
	if (v)
		x->fn(x->arg, v);
	return true;
}

static void each_candidate(void *ctx, const claim_struct *c,
			   void (*fn)(void *arg, const volume_struct *v), void *arg)
{
	struct candidates x = { ctx, c, fn, arg };

	informer_each(x.look->s->volumes, STR(""), offer, &x);
}

struct waiting {
	struct look *look;
	const claim_struct *claim;
	struct buf names;
	size_t n;
};

static bool claims_it(const struct core_v1_pod *pod, struct str claim)
{
	for (size_t i = 0; i < pod->spec.volumes.n; i++) {
		const struct core_v1_volume *v = &pod->spec.volumes.items[i];

		if (v->persistent_volume_claim &&
		    str_eq(v->persistent_volume_claim->claim_name, claim))
			return true;
		if (v->ephemeral && str_ends(claim, v->name) &&
		    str_starts(claim, pod->metadata.name) &&
		    claim.n == pod->metadata.name.n + 1 + v->name.n)
			return true;
	}
	return false;
}

static bool note_waiting(void *ctx, const struct object *o)
{
	struct waiting *w = ctx;
	struct core_v1_pod pod = { 0 };

	if (!str_contains(o->json, w->claim->metadata.name) &&
	    !str_contains(o->json, STR("\"ephemeral\":")))
		return true;
	if (object_decode(o, &w->look->arena, api_struct_core_v1_pod, &pod, NULL) == 0 &&
	    !pod.spec.node_name.n && !str_eqz(pod.status.phase, "Succeeded") &&
	    !str_eqz(pod.status.phase, "Failed") && claims_it(&pod, w->claim->metadata.name)) {
		buf_printf(&w->names, "%s%.*s", w->n++ ? "," : "", STR_ARG(o->name));
	}
	return true;
}

static size_t waiting_pods(void *ctx, const claim_struct *c, struct str *names)
{
	struct waiting w = { .look = ctx, .claim = c };

	informer_each(w.look->s->pods, c->metadata.namespace, note_waiting, &w);
	*names = arena_str(&w.look->arena, buf_view(&w.names));
	buf_free(&w.names);
	return w.n;
}

/* --- the deed --- */

static bool is_about_volume(enum volume_act act)
{
	return act == VOLUME_RESERVE || act == VOLUME_PHASE || act == VOLUME_RELEASE_CLAIM;
}

static const struct object *object_of(struct state *s, const struct volume_step *step,
				      bool of_volume)
{
	return of_volume ? informer_get(s->volumes, STR(""), step->volume->metadata.name)
			 : informer_get(s->claims, step->claim->metadata.namespace,
					step->claim->metadata.name);
}

static void carry_out(struct controller *c, struct str key, const struct volume_step *step)
{
	const struct object *o = object_of(c->state, step, is_about_volume(step->act));
	bool status = step->act == VOLUME_PHASE || step->act == VOLUME_CLAIM_PHASE;
	json_t *tree = object_tree(o, NULL);
	auto_free char *body = NULL;

	volume_step_write(step, tree);
	body = json_dumps(tree, JSON_COMPACT);
	json_decref(tree);
	const struct controller_write write = {
		.verb = API_UPDATE,
		.resource = o->resource,
		.ns = o->ns,
		.name = o->name,
		.subresource = status ? STR("status") : STR(""),
		.body = str_from(body),
		.harmless = ERR_NOT_FOUND,
	};
	controller_write(c, key, &write);
}

static void work(void *ctx, struct str key)
{
	struct controller *c = ctx;
	struct state *s = c->state;
	struct look l = { .s = s };
	const struct volume_view view = { find_claim,     find_volume,  find_class, default_class,
					  each_candidate, waiting_pods, &l };
	struct str ns, name;
	struct volume_step step = { 0 };
	const claim_struct *claim;
	const volume_struct *volume;

	controller_key_split(key, &ns, &name);
	if (ns.n && (claim = find_claim(&l, ns, name)))
		claim_plan(&view, claim, &l.arena, &step);
	else if (!ns.n && (volume = find_volume(&l, name)))
		volume_plan(&view, volume, &l.arena, &step);
	if (step.event_reason)
		event_record(s->events, object_of(s, &step, step.about_volume), step.event_type,
			     step.event_reason, NULL, "%.*s", STR_ARG(step.event_text));
	if (step.act == VOLUME_NOTHING)
		controller_done(c, key, false);
	else
		carry_out(c, key, &step);
	arena_free(&l.arena);
}

/* --- events --- */

static bool wake_pending(void *ctx, const struct object *o)
{
	if (str_contains(o->json, STR("\"phase\":\"Bound\"")))
		return true;
	return controller_wake(ctx, o);
}

static void on_volume(void *ctx, const struct object *old, const struct object *new)
{
	struct controller *c = ctx;
	struct state *s = c->state;
	struct look l = { .s = s };
	const volume_struct *v = read_volume(&l, new ? new : old);

	work_queue_add(c->queue, new ? new->name : old->name);
	if (v && v->spec.claim_ref) {
		auto_buf key = { 0 };

		buf_printf(&key, "%.*s/%.*s", STR_ARG(v->spec.claim_ref->namespace),
			   STR_ARG(v->spec.claim_ref->name));
		work_queue_add(c->queue, buf_view(&key));
	} else if (v && new) {
		informer_each(s->claims, STR(""), wake_pending, c);
	}
	arena_free(&l.arena);
}

/* Index of volumes: the name in spec.claimRef, straight from the text. */
static size_t claim_named(const struct object *o, struct str *out, size_t max)
{
	static const char ref[] = "\"claimRef\":{", name[] = "\"name\":\"";
	const char *end = o->json.p + o->json.n, *at, *close;

	(void)max;
	at = memmem(o->json.p, o->json.n, ref, sizeof(ref) - 1);
	close = at ? memchr(at, '}', (size_t)(end - at)) : NULL;
	at = close ? memmem(at, (size_t)(close - at), name, sizeof(name) - 1) : NULL;
	if (!at)
		return 0;
	at += sizeof(name) - 1;
	out[0] = str_of(at, str_find(str_of(at, (size_t)(close - at)), '"'));
	return 1;
}

static bool wake_volume(void *ctx, const struct object *o)
{
	work_queue_add(((struct controller *)ctx)->queue, o->name);
	return true;
}

static void on_claim(void *ctx, const struct object *old, const struct object *new)
{
	struct controller *c = ctx;
	struct state *s = c->state;
	const struct object *o = new ? new : old;
	auto_buf key = { 0 };

	controller_key(o, &key);
	if (new)
		work_queue_add(c->queue, buf_view(&key));
	informer_each_indexed(s->volumes, s->by_claim, o->name, wake_volume, c);
}

static void on_class(void *ctx, const struct object *old, const struct object *new)
{
	struct controller *c = ctx;

	(void)old;
	if (new)
		informer_each(((struct state *)c->state)->claims, STR(""), wake_pending, c);
}

static int start(struct controller *c, struct err *err)
{
	struct state *s = NEW(struct state);

	(void)err;
	c->state = s;
	controller_queue_start(c, work);
	s->events = event_recorder_new(c->client, clock_real(), "persistentvolume-controller");
	s->claims = controller_informer(c, API_CORE_V1_PERSISTENTVOLUMECLAIMS);
	s->volumes = controller_informer(c, API_CORE_V1_PERSISTENTVOLUMES);
	s->classes = controller_informer(c, API_STORAGE_V1_STORAGECLASSES);
	s->pods = controller_informer(c, API_CORE_V1_PODS);
	s->by_claim = informer_index_add(s->volumes, claim_named);
	informer_hook_add(s->claims, on_claim, NULL, c);
	informer_hook_add(s->volumes, on_volume, NULL, c);
	informer_hook_add(s->classes, on_class, NULL, c);
	return 0;
}

static void stop(struct controller *c)
{
	struct state *s = c->state;

	event_recorder_free(s->events);
	free(s);
}

const struct controller_row controller_volume_binder = { "persistent-volume-binder", start, stop };

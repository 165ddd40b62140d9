/* SPDX-License-Identifier: Apache-2.0 */
#include "server/controllers/workload.h"

#include "base/mem.h"

/* The owner that the reference means, if it is one of ours and still the same. */
static const struct object *resolve(const struct workload *w, struct str ns,
				    const struct owner *ref)
{
	const struct object *o = str_eqz(ref->kind, w->resource->kind)
					 ? informer_get(w->owners, ns, ref->name)
					 : NULL;

	return o && str_eq(o->uid, ref->uid) ? o : NULL;
}

static void on_owner(void *ctx, const struct object *old, const struct object *new)
{
	struct workload *w = ctx;

	if (!new) {
		auto_buf key = { 0 };

		controller_key(old, &key);
		expectations_forget(&w->expected, buf_view(&key));
		free(map_del(&w->failures, buf_view(&key)));
	}
	controller_wake(w->controller, new ? new : old);
}

static void note_seen(struct workload *w, const struct object *owner, const struct object *old,
		      const struct object *new)
{
	auto_buf key = { 0 };

	controller_key(owner, &key);
	if (!old)
		expect_created(&w->expected, buf_view(&key), -1, 0);
	if (!new || new->deleting)
		expectation_deletion_seen(&w->expected, buf_view(&key), (new ? new : old)->uid);
}

static void on_child(void *ctx, const struct object *old, const struct object *new)
{
	struct workload *w = ctx;
	const struct object *now = new ? new : old, *owner = NULL;
	struct owner ref, old_ref;

	if (owner_controller(now, &ref)) {
		owner = resolve(w, now->ns, &ref);
		if (owner) {
			note_seen(w, owner, old, new);
			controller_wake(w->controller, owner);
		}
	} else if (new && !new->deleting) { /* somebody may want to adopt it */
		informer_each(w->owners, new->ns, controller_wake, w->controller);
	}
	if (old && new &&owner_controller(old, &old_ref)) {
		const struct object *former = resolve(w, old->ns, &old_ref);

		if (former && former != owner)
			controller_wake(w->controller, former);
	}
}

struct workload *workload_start(struct controller *c, const struct api_resource *owners,
				const struct api_resource *children,
				void (*work)(void *controller, struct str key))
{
	struct workload *w = NEW(struct workload);

	c->state = w;
	w->controller = c;
	w->resource = owners;
	w->owners = controller_informer(c, owners);
	w->children = controller_informer(c, children);
	w->by_owner = informer_index_add(w->children, owner_index_controller);
	w->events = event_recorder_new(c->client, clock_real(), c->component);
	controller_queue_start(c, work);
	informer_hook_add(w->owners, on_owner, NULL, w);
	informer_hook_add(w->children, on_child, NULL, w);
	return w;
}

void workload_stop(struct controller *c)
{
	struct workload *w = c->state;

	if (!w)
		return;
	expectations_free(&w->expected);
	map_free(&w->failures, free);
	event_recorder_free(w->events);
	free(w);
}

const struct object *workload_owner(const struct workload *w, struct str key)
{
	struct str ns, name;

	controller_key_split(key, &ns, &name);
	return informer_get(w->owners, ns, name);
}

struct claiming {
	const struct workload_claim *claim;
	struct round *round;
	void (*fn)(void *ctx, const struct object *o);
	void *ctx;
};

static bool take_owned(void *ctx, const struct object *o)
{
	struct claiming *k = ctx;

	if (!k->claim->selector || label_selector_matches(k->claim->selector, o))
		k->fn(k->ctx, o);
	else if (k->round && !k->claim->owner->deleting)
		pod_release(k->round, k->claim->owner, o);
	return true;
}

/* It counts from now on, lest one be made in its place. */
static void adopt(struct claiming *k, const struct object *o)
{
	pod_adopt(k->round, k->claim->owner, o, k->claim->finalizer);
	k->fn(k->ctx, o);
}

static bool adopt_orphan(void *ctx, const struct object *o)
{
	struct claiming *k = ctx;
	struct owner ref;

	if (!o->deleting && label_selector_matches(k->claim->selector, o) &&
	    !owner_controller(o, &ref))
		adopt(k, o);
	return true;
}

void workload_children(const struct workload_claim *claim, struct round *round,
		       void (*fn)(void *ctx, const struct object *o), void *ctx)
{
	struct claiming k = { claim, round, fn, ctx };

	informer_each_indexed(claim->workload->children, claim->workload->by_owner,
			      claim->owner->uid, take_owned, &k);
	if (round && claim->selector && !claim->owner->deleting &&
	    !label_selector_is_empty(claim->selector))
		informer_each(claim->workload->children, claim->owner->ns, adopt_orphan, &k);
}

void workload_add_view(void *views, const struct object *o)
{
	pod_views_add(views, o);
}

struct pod_owner workload_pod_owner(struct workload *w, const struct object *owner, struct str key)
{
	return (struct pod_owner){ .controller = w->controller,
				   .expected = &w->expected,
				   .events = w->events,
				   .object = owner,
				   .key = key,
				   .failures = &w->failures };
}

const char *workload_failure(const struct workload *w, struct str key)
{
	return map_get(&w->failures, key);
}

bool workload_caught_up(struct workload *w, struct str key)
{
	return expectations_met(&w->expected, key, clock_mono_ms(clock_real()));
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Keeps the status of ResourceQuotas: what is used in their namespace. Key: the quota. Admission counts for itself; this is
 * what puts it right again when objects go. Custom resources are counted as long as their definitions are there. */
#include "api/registry.h"
#include "base/list.h"
#include "base/mem.h"
#include "server/controllers/limits/quota_plan.h"
#include "server/controllers/round.h"

struct custom { /* as customs.h lends them */
	struct list link;
	const struct api_resource *resource;
	struct informer *informer;
};
struct counting {
	struct list customs;
};

struct turn {
	struct controller *controller;
	const struct object *object;
	struct core_v1_resource_quota quota;
	struct arena arena;
	struct quota_usage usage;
};

static bool is_counted(const struct api_resource *r)
{
	const uint32_t needed = API_LIST_VERB | API_WATCH | API_CREATE;

	return r->namespaced && r->storage == r && (r->verbs & needed) == needed &&
	       strcmp(r->plural, "events") != 0 && strcmp(r->plural, "leases") != 0;
}

static struct informer *quotas(struct controller *c)
{
	return controller_informer(c, API_CORE_V1_RESOURCEQUOTAS);
}

static bool is_over(const struct object *pod)
{
	for (size_t i = 0; i < pod->resource->nselectable; i++)
		if (!strcmp(pod->resource->selectable[i].label, "status.phase"))
			return str_eqz(pod->fields[i], "Succeeded") ||
			       str_eqz(pod->fields[i], "Failed");
	return false;
}

static void on_quota(void *ctx, const struct object *old, const struct object *new)
{
	(void)old;
	if (new)
		controller_wake(ctx, new);
}

static void on_object(void *ctx, const struct object *old, const struct object *new)
{
	struct controller *c = ctx;
	const struct object *o = new ? new : old;
	bool matters = !old || !new;

	if (!informer_count(quotas(c)))
		return;
	if (o->resource == API_CORE_V1_PODS)
		matters |= old && new &&is_over(old) != is_over(new);
	else
		matters |= o->resource == API_CORE_V1_SERVICES ||
			   o->resource == API_CORE_V1_PERSISTENTVOLUMECLAIMS;
	if (matters)
		informer_each(quotas(c), o->ns, controller_wake, c);
}

static bool add(void *ctx, const struct object *o)
{
	struct turn *t = ctx;

	quota_usage_add(&t->usage, o);
	return true;
}

/* False: not known yet. */
static bool sum_kind(struct turn *t, const struct api_resource *r, struct informer *in)
{
	if (!quota_concerns(&t->quota, r))
		return true;
	if (!informer_synced(in))
		return false;
	informer_each(in, t->object->ns, add, t);
	return true;
}

static bool sum_up(struct turn *t)
{
	struct controller *c = t->controller;
	struct counting *s = c->state;

	quota_usage_init(&t->usage, &t->quota, clock_wall_us(clock_real()), &t->arena);
	for (size_t i = 0; i < api_builtin_count; i++)
		if (is_counted(api_builtin[i]) &&
		    !sum_kind(t, api_builtin[i], controller_informer(c, api_builtin[i])))
			return false;
	LIST_EACH(&s->customs, it)
	{
		struct custom *k = LIST_ITEM(it, struct custom, link);

		if (!sum_kind(t, k->resource, k->informer))
			return false;
	}
	return true;
}

static void write_status(struct turn *t, struct str key)
{
	struct core_v1_resource_quota changed = t->quota;
	struct round *r = round_new(t->controller, key);
	const struct status_write w = { api_struct_core_v1_resource_quota,
					api_struct_core_v1_resource_quota_status, &t->quota.status,
					&changed.status, &changed };

	quota_usage_write(&t->usage, &t->arena, &changed.status);
	round_status(r, t->object, &w);
	round_close(r, false, 0);
}

static void work(void *ctx, struct str key)
{
	struct controller *c = ctx;
	struct turn t = { .controller = c };
	struct str ns, name;
	bool there;

	controller_key_split(key, &ns, &name);
	t.object = informer_get(quotas(c), ns, name);
	there = t.object && object_decode(t.object, &t.arena, api_struct_core_v1_resource_quota,
					  &t.quota, NULL) == 0;
	if (there && sum_up(&t))
		write_status(&t, key);
	else
		controller_done(c, key, there);
	arena_free(&t.arena);
}

/* --- custom resources --- */

static void on_custom_synced(void *ctx)
{
	struct controller *c = ctx;

	informer_each(quotas(c), STR(""), controller_wake, c);
}

static void on_come(void *ctx, const struct api_resource *r, struct informer *informer)
{
	struct controller *c = ctx;
	struct counting *s = c->state;
	struct custom *k;

	if (!r->namespaced)
		return;
	k = NEW(struct custom);
	*k = (struct custom){ .resource = r, .informer = informer };
	list_add_tail(&s->customs, &k->link);
	informer_hook_add(informer, on_object, on_custom_synced, c);
}

static void custom_free(struct custom *k)
{
	list_del(&k->link);
	free(k);
}

static void on_go(void *ctx, const struct api_resource *r)
{
	struct controller *c = ctx;
	struct counting *s = c->state;

	LIST_EACH_SAFE(&s->customs, it)
	{
		struct custom *k = LIST_ITEM(it, struct custom, link);

		if (k->resource == r)
			custom_free(k);
	}
}

static int start(struct controller *c, struct err *err)
{
	struct counting *s = NEW(struct counting);

	(void)err;
	list_init(&s->customs);
	c->state = s;
	controller_queue_start(c, work);
	informer_hook_add(quotas(c), on_quota, NULL, c);
	controller_customs(c, &(struct customs_user){ on_come, on_go, c });
	for (size_t i = 0; i < api_builtin_count; i++)
		if (is_counted(api_builtin[i]))
			informer_hook_add(controller_informer(c, api_builtin[i]), on_object, NULL,
					  c);
	return 0;
}

static void stop(struct controller *c)
{
	struct counting *s = c->state;

	LIST_EACH_SAFE(&s->customs, it)
	custom_free(LIST_ITEM(it, struct custom, link));
	free(s);
}

const struct controller_row controller_resource_quota = { "resourcequota-controller", start, stop };
